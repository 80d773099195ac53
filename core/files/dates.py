"""Days as spreadsheets write them: the order of day and month is one for a whole file.

A spreadsheet writes 2 January 1990 as ``02/01/1990`` or ``1/2/1990``, whatever it was in the file
before; days that it cannot count (before 1900) stay as they were. So a file has ISO days and at
most one order beside them.
"""

import datetime as dt
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.files.report import UnusableFileError
from core.values import ANY_YEAR, parse_date

ISO, DAY_FIRST, MONTH_FIRST = "iso", "dmy", "mdy"
DATE_FORMATS = (ISO, DAY_FIRST, MONTH_FIRST)
# The time that a spreadsheet gives a day: midnight, in English, Spanish or on 24 hours.
MIDNIGHT = re.compile(
    r"[ T\u00a0\u202f]+(?:0?0:00(?::00(?:[.,]0+)?)?|12:00(?::00)?\s?a\.?\s?m\.?)$", re.IGNORECASE
)
PARTS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
SHORT = re.compile(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2}")
NUMBER = re.compile(r"[0-9]{4,6}([.,]0+)?")
CLOCK = re.compile(r".*[0-9][ T].*[0-9]:[0-9]{2}")
MONTHS = 12


def without_midnight(cell: str) -> str:
    """Return a day without the time that a spreadsheet gave it."""
    return MIDNIGHT.sub("", cell) if ":" in cell else cell


def iso_day(cell: str, order: str) -> str:
    """Return the cell as YYYY-MM-DD where it is a day in this order, else as it is."""
    text = without_midnight(cell)
    parts = PARTS.fullmatch(text)
    if parts is None:
        return text if len(text) < len(cell) and is_iso(text) else cell
    first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
    if order == ISO and first != second:
        return cell
    day, month = (second, first) if order == MONTH_FIRST else (first, second)
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return cell


def is_iso(text: str) -> bool:
    """Tell whether a text is a day as YYYY-MM-DD."""
    try:
        parse_date(text, years=ANY_YEAR)
    except ValueError:
        return False
    return True


def day_fault(cell: str) -> tuple[str, str] | None:
    """Return code and message of a cell that is nearly a day; None for any other text."""
    text = without_midnight(cell)
    if SHORT.fullmatch(text):
        return "two_digit_year", _("Write the year with four digits.")
    if PARTS.fullmatch(text):
        return "no_such_day", _("In the order of day and month of this file there is no such day.")
    if NUMBER.fullmatch(text):
        message = _("This is the number of a day in a spreadsheet; format the column as a date.")
        return "day_number", message
    if CLOCK.match(cell):
        return "time_of_day", _("A day is needed, without a time.")
    return None


@dataclass
class Orders:
    """Which orders of day and month a column has shown, each with the first row that did."""

    column: str
    day_first: int = 0
    month_first: int = 0
    either: int = 0

    def look(self, cell: str, row: int) -> None:
        """Look at one more cell."""
        parts = PARTS.fullmatch(without_midnight(cell))
        if parts is None:
            return
        first, second = int(parts[1]), int(parts[3])
        if first > MONTHS >= second:
            self.day_first = self.day_first or row
        elif second > MONTHS >= first:
            self.month_first = self.month_first or row
        elif first != second:
            self.either = self.either or row


def order_of(columns: list[Orders]) -> str:
    """Return the one order of all columns of a file.

    Raises:
        UnusableFileError: it shows in no row, or rows contradict each other.
    """
    day = next((one for one in columns if one.day_first), None)
    month = next((one for one in columns if one.month_first), None)
    if day and month:
        message = _("Row %(day)d has the day first, row %(month)d the month; one of them is wrong.")
        message %= {"day": day.day_first, "month": month.month_first}
        later = max((day.day_first, day.column), (month.month_first, month.column))
        raise UnusableFileError("mixed_dates", message, *later)
    if day or month:
        return DAY_FIRST if day else MONTH_FIRST
    unclear = next((one for one in columns if one.either), None)
    if unclear:
        message = _("Whether day or month comes first shows in no row: say date_format=dmy or mdy.")
        raise UnusableFileError("ambiguous_date", message, unclear.either, unclear.column)
    return ISO
