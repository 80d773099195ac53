"""Values that a text spells in one way only: a day, a moment, a row's key, a UUID; and days.

Python, Django and SQLite each read more spellings than these ("1_0", "20240101", full-width digits,
a URN), and two spellings of one thing are two things for whoever compares or logs them. What parses
raises ValueError for any other text, of whatever length; the caller says what follows from that.
"""

import datetime as dt
import re
import uuid

from django.utils import timezone
from django.utils.dateparse import parse_datetime

# What a filter can ask for: every database compares these years, also after a change of zone.
YEARS = range(1900, 2201)
YEARS_PATTERN = "^(19[0-9]{2}|2[01][0-9]{2}|2200)-[0-9]{2}-[0-9]{2}$"  # for the contract
ANY_YEAR = range(dt.MINYEAR, dt.MAXYEAR + 1)
# PostgreSQL takes no offset from UTC beyond this one.
MAX_OFFSET = dt.timedelta(hours=15, minutes=59)
INT32_MAX = 2**31 - 1
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
KEY = re.compile(r"[1-9][0-9]{0,18}")
UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def parse_date(text: str, *, years: range = YEARS) -> dt.date:
    """Return the day that ``text`` spells as YYYY-MM-DD, in one of ``years``.

    Raises:
        ValueError: it spells none.
    """
    date = dt.date.fromisoformat(text) if DATE.fullmatch(text) else None
    if date is None or date.year not in years:
        raise ValueError("not a date")
    return date


def parse_time(text: str) -> dt.datetime:
    """Return the moment, in UTC, that ``text`` spells: a day, T, and a time of day.

    Seconds and offset may be missing; without an offset it is a time of TIME_ZONE.

    Raises:
        ValueError: it spells none, or one out of ``YEARS``.
    """
    moment = parse_datetime(text.upper()) if TIME.fullmatch(text) else None
    if moment is None or moment.year not in YEARS:
        raise ValueError("not a time")
    return in_time_zone(moment).astimezone(dt.UTC)


def in_time_zone(moment: dt.datetime) -> dt.datetime:
    """Return a moment with its zone: TIME_ZONE where it says none."""
    if timezone.is_naive(moment):
        return timezone.make_aware(moment, timezone.get_default_timezone())
    return moment


def business_time(moment: dt.datetime | None = None) -> dt.datetime:
    """Return a moment, now by default, as the clocks of TIME_ZONE show it.

    Staff choose the zone in which the admin shows them times; what is reckoned, stored or sent
    goes by this one, whoever looks.
    """
    return timezone.localtime(moment, timezone.get_default_timezone())


def business_day(moment: dt.datetime | None = None) -> dt.date:
    """Return the day of a moment, today by default, in TIME_ZONE: see :func:`business_time`."""
    return business_time(moment).date()


def start_of_business_day(day: dt.date) -> dt.datetime:
    """Return when a day begins in TIME_ZONE."""
    return in_time_zone(dt.datetime.combine(day, dt.time.min))


def parse_key(text: str) -> int:
    """Return the key of a row, a whole number from 1 to 2**63 - 1, without leading zeros.

    Raises:
        ValueError: it spells none.
    """
    key = int(text) if KEY.fullmatch(text) else 0
    if not 0 < key <= INT64_MAX:
        raise ValueError("not a key")
    return key


def parse_uuid(text: str) -> uuid.UUID:
    """Return the UUID that ``text`` spells in five groups with hyphens, in any case.

    Raises:
        ValueError: it spells none.
    """
    if not UUID.fullmatch(text):
        raise ValueError("not a UUID")
    return uuid.UUID(text)
