"""Rows of CSV files as spreadsheets write them, one at a time and bounded by the line."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from typing import IO, Any, Self, TypeVar, cast

from django.utils.translation import gettext as _

from core.files.dates import DATE_FORMATS, DAY_FIRST, ISO, MONTH_FIRST, Orders, iso_day, order_of
from core.files.dialects import (
    DELIMITERS,
    Sheet,
    empty_file,
    find_delimiter,
    hint_of,
    is_blank,
    places_of,
)
from core.files.encodings import ENCODINGS, UTF8, Borrowed, find_encoding, size_of
from core.files.report import Problem, Report, UnusableFileError, type_progress
from core.text import undo_inert

BATCH_ROWS = 1000
MAX_LINE_CHARACTERS = 64 * 1024

DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
# What decoding makes of bytes that are none of its characters.
DAMAGED = {UTF8: re.compile("[\udc80-\udcff]"), "": re.compile("\ufffd")}
DELIMITER_NAMES = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
T = TypeVar("T")
type_rows = Iterator[tuple[int, list[str]]]


@dataclass(slots=True)
class Layout:
    """How a file is written: what its caller says of it, and then what reading it found out.

    ``date_format`` is the order of day and month where it is not ISO's: dmy or mdy.
    """

    delimiter: str = ""
    encoding: str = ""
    date_format: str = ""

    @classmethod
    def given(cls, *, delimiter: str = "", encoding: str = "", date_format: str = "") -> Self:
        """Return the layout that a caller names; an empty choice is to be found out.

        Raises:
            ValueError: with the name of a choice that is unknown, and those that are known.
        """
        layout = cls(
            DELIMITER_NAMES.get(delimiter.lower(), delimiter),
            encoding.lower().replace("_", "-"),
            date_format.lower(),
        )
        known = {"delimiter": DELIMITERS, "encoding": ENCODINGS, "date_format": DATE_FORMATS}
        for name, choices in known.items():
            if (value := getattr(layout, name)) and value not in choices:
                raise ValueError(name, CHOICES[name])
        return layout

    def copy(self) -> Self:
        """Return the same for another file."""
        return type(self)(**asdict(self))

    def __str__(self) -> str:
        """Return what is not as usual: UTF-8, commas, ISO days."""
        said = [self.encoding] if self.encoding != UTF8 else []
        if self.delimiter != ",":
            said.append(_("separated by %s") % repr(self.delimiter))
        if self.date_format in {DAY_FIRST, MONTH_FIRST}:
            said.append(_("days as %s") % self.date_format)
        return ", ".join(said)


# What a caller may say for each of them.
CHOICES = {
    "delimiter": (*DELIMITER_NAMES, ",", ";", "|"),
    "encoding": (*ENCODINGS,),
    "date_format": DATE_FORMATS,
}


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


def read_lines(
    stream: IO[bytes], *, max_bytes: int | None = None, layout: Layout | None = None
) -> Iterator[str]:
    """Yield the lines of a text file from its start, line ends included, a byte order mark not.

    Lines end in LF, CR LF or CR. ``layout`` says the encoding, or learns it.

    Raises:
        UnusableFileError: the file has more than ``max_bytes``, a line of it more than
            ``MAX_LINE_CHARACTERS``, or bytes that are no text in its encoding.
    """
    if max_bytes is not None and size_of(stream) > max_bytes:
        message = _("The file has more than %(limit)d MB; split it.") % {"limit": max_bytes >> 20}
        raise UnusableFileError("too_large", message)
    layout = layout or Layout()
    layout.encoding = find_encoding(stream, layout.encoding)
    is_utf8 = layout.encoding == UTF8
    damaged = DAMAGED.get(layout.encoding, DAMAGED[""])
    stream.seek(0)
    text = io.TextIOWrapper(
        cast("IO[bytes]", Borrowed(stream)),
        ENCODINGS[layout.encoding],
        "surrogateescape" if is_utf8 else "replace",
        newline="",
    )
    number = 0
    while line := text.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise UnusableFileError("line_too_long", _("This line is too long."), number)
        if not line.isascii() and damaged.search(line):
            raise UnusableFileError("wrong_encoding", _not_in(layout.encoding), number)
        yield line


def _not_in(encoding: str) -> str:
    """Return what is said of bytes that are no text."""
    if encoding == UTF8:
        return _("This is no UTF-8 text. Save the file as “CSV UTF-8”.")
    message = _("This is no %(encoding)s text, or the file was cut off here.")
    return message % {"encoding": encoding}


def open_csv(
    stream: IO[bytes],
    sheet: Sheet,
    report: Report,
    *,
    file: str = "",
    max_bytes: int | None = None,
    layout: Layout | None = None,
) -> type_rows:
    """Yield the number and the cells, in the order of the sheet's columns, of each row of a file.

    Columns are known by name, in any case and order, and cells come without the blanks around them,
    days as YYYY-MM-DD and decimals with a point. A row is counted by the line that it begins in.
    ``layout`` says how the file is written, and learns what it does not say, so that a second
    reading finds nothing else. Lines that have no more than separators are no rows; rows of another
    length and a file that cannot be read on are reported.
    """
    layout = layout or Layout()
    try:
        if not layout.date_format:
            order = _find_order(stream, sheet, max_bytes, layout) if sheet.dates else ISO
            layout.date_format = order
        rows = Rows(sheet, layout, report, file)
        for number, cells in rows.of(read_lines(stream, max_bytes=max_bytes, layout=layout)):
            yield number, rows.neutral(cells)
    except UnusableFileError as error:
        report.unread.add(file)
        report.add(error.as_problem(file=file))


def _find_order(stream: IO[bytes], sheet: Sheet, max_bytes: int | None, layout: Layout) -> str:
    """Return the order of day and month, by all days of the file; a broken end tells nothing.

    Raises:
        UnusableFileError: it does not show.
    """
    places = {sheet.columns.index(column): Orders(column) for column in sheet.dates}
    lines = read_lines(stream, max_bytes=max_bytes, layout=layout)
    try:
        for row, cells in Rows(sheet, layout, Report()).of(lines):
            for place, orders in places.items():
                orders.look(cells[place], row)
    except UnusableFileError:
        # Whoever reads on comes to the same place, and reports it.
        with suppress(UnusableFileError):
            return order_of([*places.values()])
        return ISO
    return order_of([*places.values()])


class Rows:
    """Cells of lines, by the header of a file."""

    def __init__(self, sheet: Sheet, layout: Layout, report: Report, file: str = "") -> None:
        self.sheet = sheet
        self.layout = layout
        self.report = report
        self.file = file
        self.header: list[str] = []
        self.places: list[int] = []
        self.dates = [sheet.columns.index(name) for name in sheet.dates]
        self.decimals = [sheet.columns.index(name) for name in sheet.decimals]

    def of(self, lines: Iterator[str]) -> type_rows:
        """Yield the number and the cells of each row; report those of another length.

        Raises:
            UnusableFileError: there is no header, or quotes are not in order.
        """
        skipped = before = self.open(lines)
        reader = self.reader(lines)
        last = self.header[self.places[-1]].lower()
        is_plain = self.places == [*range(len(self.header))]
        try:
            for row in reader:
                number, before = before + 1, skipped + reader.line_num
                if is_plain and len(row) == len(self.places):
                    cells = [cell.strip() for cell in row]
                    fault = None
                else:
                    cells, fault = self.placed(row)
                if cells and cells[-1].lower() == last and self.is_header(cells):
                    message = _("The header stands here again: are these two files in one?")
                    fault = "repeated_header", message
                if fault:
                    self.report.add(Problem(number, "", *fault, self.file))
                elif any(cells):
                    yield number, [one_line_end(cell) if "\r" in cell else cell for cell in cells]
        except csv.Error as error:
            # Where the row begins: an open quote swallows all the rows that follow.
            raise UnusableFileError("malformed", quote_fault(str(error)), before + 1) from None

    def open(self, lines: Iterator[str]) -> int:
        """Read as far as the header; return its row.

        Raises:
            UnusableFileError: there is none.
        """
        hint = ""
        for number, line in enumerate(lines, 1):
            if hint_of(line):
                hint = hint or hint_of(line)
            elif not is_blank(line):
                delimiter = self.layout.delimiter or hint or find_delimiter(line, self.sheet)
                self.layout.delimiter = delimiter
                try:
                    self.header = next(self.reader([line]))
                except csv.Error as error:
                    message = quote_fault(str(error))
                    raise UnusableFileError("malformed", message, number) from None
                self.places = places_of(self.header, self.sheet, number)
                return number
        raise empty_file(self.sheet)

    def reader(self, lines: Iterable[str]) -> Any:
        """Return what takes lines to pieces."""
        delimiter = self.layout.delimiter
        return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)

    def placed(self, row: list[str]) -> tuple[list[str], tuple[str, str] | None]:
        """Return the cells of the sheet's columns, or what is wrong with a row of any length."""
        if not any(cell.strip() for cell in row):
            return [], None
        columns = self.sheet.columns
        missing = [
            name for name, place in zip(columns, self.places, strict=True) if place >= len(row)
        ]
        beyond = any(cell.strip() for cell in row[len(self.header) :])
        if beyond or not self.sheet.optional.issuperset(missing):
            message = _("%(wanted)d cells are needed; quote a text that has a comma.")
            return [], ("wrong_cell_count", message % {"wanted": len(columns)})
        others = set(range(len(row))).difference(self.places)
        if any(row[place].strip() for place in others):
            return [], ("untitled_cell", _("A cell has a text, and its column no title."))
        row += [""] * (len(self.header) - len(row))
        return [row[place].strip() for place in self.places], None

    def is_header(self, cells: list[str]) -> bool:
        """Tell whether a row is the header once more."""
        return tuple(self.sheet.name_of(cell) for cell in cells) == self.sheet.columns

    def neutral(self, cells: list[str]) -> list[str]:
        """Return cells as they are in no country and no spreadsheet."""
        cells = [undo_inert(cell) if cell[:1] == "'" else cell for cell in cells]
        for place in self.dates:
            cells[place] = iso_day(cells[place], self.layout.date_format)
        for place in self.decimals:
            if DECIMAL_COMMA.fullmatch(cells[place]):
                cells[place] = cells[place].replace(",", ".")
        return cells


def one_line_end(cell: str) -> str:
    """Return a cell whose lines end in a line feed alone."""
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def quote_fault(error: str) -> str:
    """Return what is said of quotes that are not in order, by the csv module's words."""
    if error == "unexpected end of data" or error.startswith("field larger"):
        return _("The quotes of this row are not in order: one that opens is not closed.")
    if "expected after" in error:
        return _(
            "The quotes of this row are not in order: a text goes on after the one that closes it. "
            "Write a quote within a text twice."
        )
    return _("The quotes of this row are not in order (%(error)s).") % {"error": error}
