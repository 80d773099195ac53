"""By what the cells of a line are separated, and which column of a file is which."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.files.report import UnusableFileError
from core.text import search_key

DELIMITERS = (",", ";", "\t", "|")
# The line by which Excel is told the separator, also after another program filled up its cells.
HINT = re.compile(r'"?sep=(.)"?([,;\t|]*)[\r\n]*', re.IGNORECASE)
INVISIBLE = re.compile("[\ufeff\u200b-\u200f\u2060\u00ad]")
GAPS = re.compile(r"[\s_-]+")
MAX_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file must have.

    ``columns``: the names of its header. ``aliases``: what they may be called beside that, as
    :func:`plain_name` has it. ``optional``: those whose cells may be missing at a row's end.
    ``dates`` and ``decimals``: those whose cells spreadsheets write in the manner of a country.
    ``is_secret``: no message may quote the file.
    """

    columns: tuple[str, ...]
    aliases: Mapping[str, str] | None = None
    optional: frozenset[str] = frozenset()
    dates: tuple[str, ...] = ()
    decimals: tuple[str, ...] = ()
    is_secret: bool = False

    def name_of(self, title: str) -> str:
        """Return which column a cell of a header names; of none, what it says."""
        name = plain_name(title)
        return (self.aliases or {}).get(name, name)


def plain_name(title: str) -> str:
    """Return a column's title in lower case, without accents, with one underscore per gap."""
    return GAPS.sub("_", search_key(INVISIBLE.sub("", title))).strip("_")


def hint_of(line: str) -> str:
    """Return the separator that a hint names, or nothing when the line is none."""
    found = HINT.fullmatch(line)
    return found[1] if found and found[1] in DELIMITERS else ""


def is_blank(line: str) -> bool:
    """Tell whether a line has no more than separators."""
    return not line.strip().strip("".join(DELIMITERS) + ' "\ufeff\u00a0')


def find_delimiter(line: str, sheet: Sheet) -> str:
    """Return the separator by which the header has most of the sheet's columns."""

    def matches(delimiter: str) -> tuple[int, int]:
        try:
            titles = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            titles = []
        names = {sheet.name_of(title) for title in titles}
        return len(names.intersection(sheet.columns)), line.count(delimiter)

    return max(DELIMITERS, key=matches)


def places_of(header: Iterable[str], sheet: Sheet, row: int) -> list[int]:
    """Return where each column of a sheet stands in a file with this header.

    Raises:
        UnusableFileError: a column is missing, unknown or there twice.
    """
    titles = [INVISIBLE.sub("", title).strip() for title in header]
    names = [sheet.name_of(title) for title in titles]
    if sorted(filter(None, names)) != sorted(sheet.columns):
        raise UnusableFileError("wrong_header", _header_fault(titles, names, sheet), row)
    return [names.index(column) for column in sheet.columns]


def _header_fault(titles: list[str], names: list[str], sheet: Sheet) -> str:
    """Return what is said of a header, which may be missing, so that a row is in its place."""
    known = [name for name in names if name in sheet.columns]
    repeated = next((name for name in known if known.count(name) > 1), None)
    if sheet.is_secret or (titles and not known):
        return _("The first line must be: %(wanted)s") % {"wanted": ",".join(sheet.columns)}
    if repeated:
        return _("The header has the column %(name)s more than once.") % {"name": repeated}
    return _("The header must have the columns %(wanted)s; it has %(found)s.") % {
        "wanted": ", ".join(sheet.columns),
        "found": ", ".join(filter(None, titles))[:MAX_SHOWN_CHARACTERS] or "—",
    }


def empty_file(sheet: Sheet) -> UnusableFileError:
    """Return what is said of a file without a header."""
    message = " ".join((_("The file is empty."), _header_fault([], [], sheet)))
    return UnusableFileError("wrong_header", message, 1)
