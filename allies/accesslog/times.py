"""When it was asked: the ways in which logs write a time."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from functools import lru_cache

from django.utils import timezone

MAX_TIME_BYTES = 64
MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS = {MONTH_NAMES[4 * number - 4 : 4 * number - 1]: number for number in range(1, 13)}
CLOCK = r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})((?:[.,][0-9]+)?)"
# 10/Oct/2023 13:55:36 and 10/Oct/2023:13:55:36 +0000, blanks taken out before.
OFFSET = r"(z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?"
CLF = re.compile(rf"([0-9]{{1,2}})/([a-z]{{3}})[a-z]*/([0-9]{{4}}):?{CLOCK}{OFFSET}")
# The same as nearly every line has it: read without a detour.
EXACT = re.compile(
    rb"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4})[: ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb"(?: ([+-][0-9]{2})([0-9]{2}))?"
)
EXACT_MONTHS = {name.capitalize().encode(): number for name, number in MONTHS.items()}
# Oct 10 13:55:36 (no year), Tue Oct 10 13:55:36 2023, Oct 10 2023 13:55:36
SYSLOG = re.compile(
    rf"(?:[a-z]{{3}},? )?([a-z]{{3}}) +([0-9]{{1,2}}) (?:([0-9]{{4}}) )?{CLOCK}"
    r"(?: (?:utc |gmt )?([0-9]{4}))?"
)
# 2023/10/10 - 13:55:36
ISO = re.compile(rf"([0-9]{{4}})[-/]([0-9]{{2}})[-/]([0-9]{{2}})(?:t| - | )?{CLOCK} ?{OFFSET}")
# Seconds, milliseconds, microseconds and nanoseconds since 1970 have 9 to 10 digits and then some.
EPOCH = re.compile(r"([0-9]{9,10})(?:\.?([0-9]{1,9}))?")
WHOLE = {9: 1, 10: 1, 12: 1_000, 13: 1_000, 15: 1_000_000, 16: 1_000_000, 18: 10**9, 19: 10**9}
# A file's own time is a little before its last line's when clocks differ.
TOMORROW = timedelta(days=1)


@lru_cache(maxsize=4_096)
def read_time(  # noqa: C901, PLR0911 - one branch and return per form of a time
    text: bytes, zone: tzinfo, newest: datetime | None = None
) -> datetime | None:
    """Return the moment that a timestamp names; one without a zone is in ``zone``.

    One without a year is the last such day until ``newest`` (today), the day on which the log was
    written last. A time of day alone is no moment.
    """
    if len(text) > MAX_TIME_BYTES:
        return None
    exact = EXACT.fullmatch(text)
    if exact is not None:
        return exact_time(exact, zone)
    shown = text.decode("ascii", "replace").strip().lower()
    try:
        if shown.replace(".", "", 1).isdigit():
            return epoch(shown)
        match = CLF.fullmatch("".join(shown.split()))
        if match:
            day, month, year, *clock, offset = match.groups()
            return moment(zone, year, MONTHS[month], day, *clock, offset=offset)
        match = ISO.fullmatch(shown)
        if match:
            year, month, day, *clock, offset = match.groups()
            return moment(zone, year, month, day, *clock, offset=offset)
        match = SYSLOG.fullmatch(shown)
        if match:
            month, day, before, *clock, behind = match.groups()
            year = before or behind
            if year:
                return moment(zone, year, MONTHS[month], day, *clock)
            return latest(zone, MONTHS[month], day, *clock, newest=newest or timezone.now())
        value = datetime.fromisoformat(shown.upper().replace(",", "."))
    except (ValueError, KeyError, OverflowError, OSError):
        return None
    return value if value.tzinfo else value.replace(tzinfo=zone)


def exact_time(match: re.Match[bytes], zone: tzinfo) -> datetime | None:
    """Return the moment of a time in the common log format, or None when there is no such day."""
    day, month, year, hour, minute, second, hours, minutes = match.groups()
    try:
        where = zone if hours is None else offset_of(hours, minutes)
        return datetime(
            int(year), EXACT_MONTHS[month], int(day), int(hour), int(minute), int(second),
            tzinfo=where,
        )  # fmt: skip
    except (ValueError, KeyError):
        return None


@lru_cache(maxsize=64)
def offset_of(hours: bytes, minutes: bytes) -> tzinfo:
    """Return the zone of an offset such as -0500, or raise ValueError."""
    shift = timedelta(hours=abs(int(hours)), minutes=int(minutes))
    return fixed_zone(-shift if hours.startswith(b"-") else shift)


def epoch(shown: str) -> datetime | None:
    """Return the moment of seconds since 1970, or of thousandths and so on, by the digits."""
    if "." not in shown:
        unit = WHOLE.get(len(shown))
        if unit is None:
            return None
        whole, rest = divmod(int(shown), unit)
        return datetime.fromtimestamp(whole, UTC) + timedelta(microseconds=rest * 1_000_000 // unit)
    whole_digits, _, fraction = shown.partition(".")
    if len(whole_digits) > 10:  # noqa: PLR2004 - 1696946136123.4: milliseconds with a fraction
        return epoch(whole_digits)
    if len(whole_digits) < 9:  # noqa: PLR2004 - before 1973: a duration rather
        return None
    return datetime.fromtimestamp(int(whole_digits), UTC) + timedelta(
        microseconds=int(f"{fraction:0<6.6}")
    )


def moment(  # noqa: PLR0917 - the parts of a time, in their order
    zone: tzinfo, year: str, month: str | int, day: str, hour: str, minute: str, second: str,
    fraction: str, *, offset: str | None = None,
) -> datetime:  # fmt: skip
    """Return the moment of these parts, or raise ValueError."""
    zoned = "" if not offset else "+00:00" if offset in {"z", "utc", "gmt"} else offset
    clock = f"{int(hour):02}:{minute}:{second}{fraction.replace(',', '.')}"
    value = datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}{zoned}")
    return value if value.tzinfo else value.replace(tzinfo=zone)


def latest(zone: tzinfo, month: int, day: str, *clock: str, newest: datetime) -> datetime:
    """Return the last day of this name that is not after the log's own; 29 February, too."""
    for year in range(newest.year + 1, newest.year - 9, -1):
        try:
            value = moment(zone, str(year), month, day, *clock)
        except ValueError:
            continue
        if value <= newest + TOMORROW:
            return value
    raise ValueError(month, day)


# --- Where a line has it ---------------------------------------------------------------------
BRACKETS = re.compile(rb"\[([^\]\"\[]{8,60})\]")
# The first text that looks like a date with a time, whatever stands around it.
DATED = re.compile(
    rb"(?<![\w.:/-])("
    rb"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?:[T ]| - )[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
    rb"(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
    rb"|[0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4}[: ][0-9]{2}:[0-9]{2}:[0-9]{2}(?: ?[+-][0-9]{4})?"
    rb"|[A-Z][a-z]{2} +[0-9]{1,2} (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
    rb"(?: [0-9]{4})?"
    rb"|[0-9]{10}(?:\.[0-9]{1,9}|[0-9]{3}|[0-9]{6})?"
    rb")(?![\w:/])"
)


def time_in(text: bytes) -> tuple[bytes, int, int]:
    """Return the first timestamp of a text, and where it starts and ends; or nothing."""
    for match in BRACKETS.finditer(text):
        if read_time(match[1], UTC) is not None:
            return match[1], match.start(), match.end()
    for match in DATED.finditer(text):
        if read_time(match[1], UTC) is not None:
            return match[1], match.start(), match.end()
    return b"", -1, -1
