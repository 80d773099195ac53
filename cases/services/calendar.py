"""Working time: when it is so many working minutes later, and how many lie between two moments.

A moment is working time when its time of day, on the clocks of the calendar's zone, lies within the
hours of its day. So what a change of the clocks leaves out is no working time, and an hour that it
repeats counts twice.

Nothing here loops for ever: hours are looked for on :data:`MAX_DAYS` days.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from cases.errors import NoWorkingTime
from cases.models import WorkCalendar
from cases.models.rules import default_hours

MAX_DAYS = 3660
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
# No zone is further away from UTC, or moves its clocks by more.
MARGIN = dt.timedelta(hours=16)

type_hours = Sequence[Sequence[str]]
type_span = tuple[dt.datetime, dt.datetime]


@lru_cache(maxsize=256)
def holidays_of(country: str, year: int) -> frozenset[dt.date]:
    """Return the days of a year on which a country does not work."""
    return frozenset(holidays.country_holidays(country, years=year)) if country else frozenset()


def time_of(text: str) -> dt.timedelta:
    """Return a time of day, "00:00" to "24:00", as what has passed of the day."""
    hours, _, minutes = text.partition(":")
    return dt.timedelta(hours=int(hours), minutes=int(minutes))


def change_of_clocks(zone: ZoneInfo, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    """Return the moment between two, in UTC, from which the zone has the offset of the later."""
    after = high.astimezone(zone).utcoffset()
    while high - low > dt.timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


@dataclass(frozen=True, slots=True)
class Calendar:
    """When support works. See :class:`cases.models.WorkCalendar`."""

    zone: ZoneInfo
    hours: Sequence[type_hours]
    country: str = ""
    exceptions: Mapping[dt.date, type_hours] = field(default_factory=dict)

    def hours_of(self, day: dt.date) -> type_hours:
        """Return the hours of a day: an exception's, none of a holiday, or the weekday's."""
        if (own := self.exceptions.get(day)) is not None:
            return own
        return () if day in holidays_of(self.country, day.year) else self.hours[day.weekday()]

    def spans(self, day: dt.date) -> list[type_span]:
        """Return what is working time of a day, in UTC and in order."""
        if not (hours := self.hours_of(day)):
            return []
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        low, high = midnight - MARGIN, midnight + DAY + MARGIN
        before = low.astimezone(self.zone).utcoffset() or dt.timedelta()
        after = high.astimezone(self.zone).utcoffset() or dt.timedelta()
        if before == after:
            return [
                (midnight + time_of(a) - before, midnight + time_of(b) - before) for a, b in hours
            ]
        change = change_of_clocks(self.zone, low, high)
        found = []
        for start, end in hours:
            first, last = midnight + time_of(start), midnight + time_of(end)
            found.append((first - before, min(last - before, change)))
            found.append((max(first - after, change), last - after))
        return sorted(span for span in found if span[0] < span[1])

    def from_on(self, moment: dt.datetime) -> Iterator[type_span]:
        """Yield the working time from a moment on, for :data:`MAX_DAYS` days."""
        today = moment.astimezone(self.zone).date()
        moment = moment.astimezone(dt.UTC)  # elsewhere a sum would be that of a clock on a wall
        for number in range(MAX_DAYS):
            for start, end in self.spans(today + number * DAY):
                if end > moment:
                    yield max(start, moment), end

    def add(self, start: dt.datetime, minutes: int) -> dt.datetime:
        """Return the moment until which so many working minutes pass.

        Raises:
            NoWorkingTime: there are not so many in the next years.
        """
        left = minutes * MINUTE
        if not left:
            return start
        for begin, end in self.from_on(start):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise NoWorkingTime

    def between(self, start: dt.datetime, end: dt.datetime) -> int:
        """Return how many whole working minutes lie between two moments; 0 if none do.

        After :data:`MAX_DAYS` days it counts no further.
        """
        total = dt.timedelta()
        for begin, until in self.from_on(start):
            if begin >= end:
                break
            total += min(until, end) - begin
        return total // MINUTE

    def is_open(self, moment: dt.datetime) -> bool:
        """Tell whether a moment is working time."""
        day = moment.astimezone(self.zone).date()
        return any(start <= moment < end for start, end in self.spans(day))

    def days_later(self, start: dt.datetime, days: int) -> dt.datetime:
        """Return the end of the last of so many days with working time that follow a moment's day.

        Raises:
            NoWorkingTime: there are not so many in the next years.
        """
        today = start.astimezone(self.zone).date()
        for number in range(1, MAX_DAYS):
            if spans := self.spans(today + number * DAY):
                days -= 1
                if not days:
                    return spans[-1][1]
        raise NoWorkingTime


def built_in() -> Calendar:
    """Return the calendar that holds where none is stored: Colombia's, Monday to Saturday."""
    return Calendar(ZoneInfo("America/Bogota"), default_hours(), "CO")


def calendar_of(stored: WorkCalendar | None) -> Calendar:
    """Return a stored calendar with its exceptions, or the built-in one."""
    if stored is None:
        return built_in()
    own = dict(stored.exceptions.values_list("day", "intervals"))
    return Calendar(ZoneInfo(stored.time_zone), stored.hours, stored.country, own)
