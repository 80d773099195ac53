"""Rows from files and into files, in one vocabulary for every import and export.

An import reads its file twice, in batches: first every row is checked, and a bad one is a
:class:`Problem` of the :class:`Report`; then, when there is none, rows are written. Memory holds a
batch, whatever the size of the file.

Reading is bounded by the line, and the limit that the csv module has for a cell stays what it is
for the whole process. Writing gives cells that no spreadsheet runs (see :func:`core.text.inert`);
reading takes their apostrophes off again, so that what was exported imports as it was.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any, Self, TypeVar

from django.db import models
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.text import inert, undo_inert

BATCH_ROWS = 1000
CHUNK_ROWS = 2000  # fetched from the database at once
MAX_LINE_BYTES = 64 * 1024
MAX_KEPT_PROBLEMS = 100

type_progress = Callable[[int], object]
type_fault = tuple[str, str, str]  # column, code, message
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row; row 1 is the header, row 0 the file as such.

    ``file`` names the file where there are several, ``id`` the row as it calls itself.
    """

    row: int
    column: str
    code: str
    message: str
    file: str = ""
    id: str = ""

    @classmethod
    def of(cls, row: int, faults: list[type_fault], *, file: str = "", id: str = "") -> Self:  # noqa: A002 - the column's name
        """Return the one problem of a row that has ``faults``; its code is the first one's."""
        columns = "; ".join(column for column, _code, _message in faults if column)
        messages = "; ".join(message for _column, _code, message in faults)
        return cls(row, columns, faults[0][1], messages, file, id)

    def as_error(self) -> dict[str, Any]:
        """Return the problem as a member of a problem document's ``errors``."""
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "reason": self.message,
            "field": self.column or self.file,
            "detail": self.message,
        }

    def __str__(self) -> str:
        place = ", ".join(filter(None, (self.file, f"row {self.row}", self.column)))
        return f"{place}: {self.message}"


@dataclass
class Report:
    """All problems of an import: each passed to ``tell`` at once, the first ones kept."""

    tell: Callable[[Problem], object] | None = None
    count: int = 0
    kept: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Take one problem in."""
        self.count += 1
        if len(self.kept) < MAX_KEPT_PROBLEMS:
            self.kept.append(problem)
        if self.tell is not None:
            self.tell(problem)

    def errors(self) -> list[dict[str, Any]]:
        """Return the kept problems as members of a problem document."""
        return [problem.as_error() for problem in self.kept]


@dataclass
class Counts:
    """How many rows of a file did what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def rows(self) -> int:
        """Return how many rows that is."""
        return self.created + self.updated + self.unchanged

    def __str__(self) -> str:
        return f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"


# -- in -------------------------------------------------------------------------------------------
class UnusableFileError(Exception):
    """The file cannot be read on from this row; row 0 is the file as such."""

    def __init__(self, code: str, message: str, row: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.row = code, message, row

    def as_problem(self, *, file: str = "") -> Problem:
        """Return what a report says of it."""
        return Problem(self.row, "", self.code, self.message, file)


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield the rows in lists of ``BATCH_ROWS``."""
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def watched(parts: Iterable[T], stream: IO[bytes], progress: type_progress) -> Iterator[T]:
    """Yield parts of what is read from ``stream``; give ``progress`` how many bytes each took."""
    done = 0
    for part in parts:
        yield part
        progress(stream.tell() - done)
        done = stream.tell()


def read_lines(stream: IO[bytes], *, max_bytes: int | None = None) -> Iterator[str]:
    """Yield the lines of a UTF-8 file from its start, line ends included, a byte order mark not.

    Raises:
        UnusableFileError: the file has more than ``max_bytes``, a line of it more than
            ``MAX_LINE_BYTES``, or it is no UTF-8.
    """
    if max_bytes is not None and stream.seek(0, os.SEEK_END) > max_bytes:
        message = _("The file has more than %(limit)d MB; split it.") % {"limit": max_bytes >> 20}
        raise UnusableFileError("too_large", message)
    stream.seek(0)
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise UnusableFileError("line_too_long", _("This line is too long."), number)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            message = _("This is no UTF-8 text. Save the file as “CSV UTF-8”.")
            raise UnusableFileError("wrong_encoding", message, number) from None
        yield text.removeprefix("\ufeff") if number == 1 else text


def open_csv(
    stream: IO[bytes],
    columns: tuple[str, ...],
    report: Report,
    *,
    file: str = "",
    max_bytes: int | None = None,
    is_secret: bool = False,
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells, in the order of ``columns``, of each row of a CSV file.

    Columns are known by name, in any case and order, and cells come without the blanks around them.
    A row is counted by the line that it begins in. Rows of another length and a file that cannot
    be read on are reported; blank lines are no rows. Of a file that ``is_secret`` no
    message quotes the header, which may be missing, so that a row is in its place.
    """
    try:
        lines = read_lines(stream, max_bytes=max_bytes)
        for row, cells in _cells(lines, columns, is_secret=is_secret):
            if cells is not None:
                yield row, [undo_inert(cell) for cell in cells]
                continue
            message = _("%(wanted)d cells are needed; quote a text that has a comma.")
            message %= {"wanted": len(columns)}
            report.add(Problem(row, "", "wrong_cell_count", message, file))
    except UnusableFileError as error:
        report.add(error.as_problem(file=file))


def _cells(
    lines: Iterable[str], columns: tuple[str, ...], *, is_secret: bool
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield row number and cells in the order of ``columns``; None for a row of other length."""
    reader = csv.reader(lines, skipinitialspace=True, strict=True)
    before = 0
    try:
        order = _order_of(next(reader, []), columns, is_secret=is_secret)
        before = reader.line_num
        for row in reader:
            number, before = before + 1, reader.line_num
            if len(row) == len(order):
                yield number, [row[index].strip() for index in order]
            elif any(cell.strip() for cell in row):
                yield number, None
    except csv.Error as error:
        # Where the row begins: an open quote swallows all the rows that follow.
        message = _("The quotes of this row are not in order (%(error)s).") % {"error": error}
        raise UnusableFileError("malformed", message, before + 1) from None


def _order_of(header: list[str], columns: tuple[str, ...], *, is_secret: bool) -> list[int]:
    """Return where each column stands in the file."""
    found = [name.strip() for name in header]
    names = [name.lower() for name in found]
    if sorted(names) != sorted(columns):
        message = _("The header must have the columns %(wanted)s; it has %(found)s.") % {
            "wanted": ", ".join(columns),
            "found": ", ".join(found)[:200] or "—",
        }
        if is_secret:
            message = _("The first line must be: %(wanted)s") % {"wanted": ",".join(columns)}
        elif len(names) == 1 and names[0].count(";") >= len(columns) - 1:
            message = _("The columns are separated by semicolons; separate them by commas.")
        raise UnusableFileError("wrong_header", message, 1)
    return [names.index(column) for column in columns]


# -- out ------------------------------------------------------------------------------------------
class Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        """Return the line instead of storing it."""
        return value


def cell(value: Any) -> str:
    """Return a value as an inert cell: nothing for None, a moment in TIME_ZONE.

    A number is inert as it is, also a negative one: no spreadsheet makes more of it.
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return inert(value.isoformat() if hasattr(value, "isoformat") else str(value))


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield CSV lines (RFC 4180) of ``rows`` below ``header``."""
    writer = csv.writer(Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def download(lines: Iterable[str], filename: str) -> StreamingHttpResponse:
    """Return lines of CSV as a download that is made while it is sent."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def csv_response(
    queryset: models.QuerySet, names: tuple[str, ...], *, filename: str
) -> StreamingHttpResponse:
    """Return the queryset's named fields as a CSV download, without loading it at once."""
    rows = queryset.values_list(*names).iterator(chunk_size=CHUNK_ROWS)
    return download(csv_lines(names, rows), filename)
