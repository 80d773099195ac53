"""The brief's CSV files, in and out: a space after each comma, columns known by name.

Reading holds one line in memory and tells what is wrong, row by row. Writing gives what reading
takes, so that an export imports as nothing new; a cell that a spreadsheet would run as a formula
gets an apostrophe in front (OWASP ASVS 1.2.10), which reading takes off again.
"""

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from clinic.constants import IMPORT_MAX_BYTES, IMPORT_MAX_LINE, IMPORT_SHOWN_ERRORS

FORMULA = re.compile(r"'*[=+\-@]")
QUOTED = re.compile(r"[,\"\r\n]|^\s|\s$")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one row; row 1 is the header, row 0 the file as such."""

    file: str
    row: int
    column: str
    code: str
    reason: str


@dataclass
class Report:
    """All that was found: each told to ``tell`` at once, the first ones kept for an answer."""

    tell: Callable[[Finding], None] | None = None
    count: int = 0
    kept: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Take one finding in."""
        self.count += 1
        if len(self.kept) < IMPORT_SHOWN_ERRORS:
            self.kept.append(finding)
        if self.tell is not None:
            self.tell(finding)

    def errors(self) -> list[dict[str, Any]]:
        """Return the kept findings as members of a problem document."""
        return [
            {**asdict(one), "field": one.column or one.file, "detail": one.reason}
            for one in self.kept
        ]


class UnusableFileError(Exception):
    """The file cannot be read on from this row."""

    def __init__(self, code: str, reason: str, row: int = 0) -> None:
        super().__init__(reason)
        self.code, self.reason, self.row = code, reason, row


class Sheet:
    """One file of the import; can be read from its start again and again."""

    def __init__(self, name: str, stream: IO[bytes], columns: tuple[str, ...]) -> None:
        self.name = name
        self.stream = stream
        self.columns = columns
        self.stream.seek(0, os.SEEK_END)
        self.size = self.stream.tell()
        self.read = 0

    def lines(self) -> Iterator[str]:
        """Yield the file's lines as text, each bounded."""
        self.stream.seek(0)
        self.read = 0
        number = 0
        while raw := self.stream.readline(IMPORT_MAX_LINE + 1):
            number += 1
            if len(raw) > IMPORT_MAX_LINE:
                raise UnusableFileError("line_too_long", _("This line is too long."), number)
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                reason = _("This is no UTF-8 text. Save the file as “CSV UTF-8”.")
                raise UnusableFileError("wrong_encoding", reason, number) from None
            self.read += len(raw)
            yield text.removeprefix("\ufeff") if number == 1 else text

    def order_of(self, header: list[str]) -> list[int]:
        """Return where each column stands in the file."""
        names = [name.strip() for name in header]
        if sorted(names) != sorted(self.columns):
            reason = _("The header must have the columns %(wanted)s; it has %(found)s.") % {
                "wanted": ", ".join(self.columns),
                "found": ", ".join(names)[:200] or "—",
            }
            if len(names) == 1 and names[0].count(";") >= len(self.columns) - 1:
                reason = _("The columns are separated by semicolons; separate them by commas.")
            raise UnusableFileError("wrong_header", reason, 1)
        return [names.index(column) for column in self.columns]

    def cells(self) -> Iterator[tuple[int, list[str] | None]]:
        """Yield row number and cells in the order of ``columns``; None for a row of other length.

        Raises:
            UnusableFileError: the file as such, or the rest of it, cannot be read.
        """
        if self.size > IMPORT_MAX_BYTES:
            reason = _("The file has more than %(limit)d MB; split it.")
            raise UnusableFileError("too_large", reason % {"limit": IMPORT_MAX_BYTES >> 20})
        reader = csv.reader(self.lines(), skipinitialspace=True, strict=True)
        before = 0
        try:
            order = self.order_of(next(reader, []))
            before = reader.line_num
            for row in reader:
                number, before = before + 1, reader.line_num
                if len(row) == len(order):
                    yield number, [row[index].strip() for index in order]
                elif any(cell.strip() for cell in row):
                    yield number, None
        except csv.Error as error:
            # Where the row begins: an open quote swallows all the rows that follow.
            reason = _("The quotes of this row are not in order (%(error)s).") % {"error": error}
            raise UnusableFileError("malformed", reason, before + 1) from None

    def rows(self, report: Report) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows that have the right number of cells; report the others."""
        try:
            for number, cells in self.cells():
                if cells is not None:
                    yield number, [plain(cell) for cell in cells]
                    continue
                reason = _("%(wanted)d cells are needed; quote a text that has a comma.")
                reason %= {"wanted": len(self.columns)}
                report.add(Finding(self.name, number, "", "wrong_cell_count", reason))
        except UnusableFileError as error:
            report.add(Finding(self.name, error.row, "", error.code, error.reason))


def plain(cell: str) -> str:
    """Return a cell's text without the apostrophe that :func:`inert` puts before formulas."""
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell) else cell


def inert(text: str) -> str:
    """Return a text as no spreadsheet runs it."""
    return f"'{text}" if FORMULA.match(text) else text


def line_of(values: Iterable[Any]) -> str:
    """Return one line of a file, as the brief writes it."""
    cells = []
    for value in values:
        text = inert(str(value))
        cells.append('"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text)
    return ", ".join(cells) + "\n"
