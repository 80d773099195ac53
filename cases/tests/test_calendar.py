"""Working time: by examples, and against a model that looks at each minute."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.errors import NoWorkingTime
from cases.services import calendar as working_time
from cases.services.calendar import Calendar, built_in

BOGOTA = ZoneInfo("America/Bogota")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE = dt.timedelta(minutes=1)
ALL_DAY = [["00:00", "24:00"]]
LUNCH = Calendar(BOGOTA, [[["07:00", "12:00"], ["13:00", "19:00"]]] * 6 + [[]], "CO")


def at(text, zone=BOGOTA):
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        # A27: what is left of a Saturday, and then Monday
        ("2026-11-28T18:30", 120, "2026-11-30T08:30"),
        # A28: the Monday is a holiday
        ("2026-10-10T18:30", 120, "2026-10-13T08:30"),
        ("2026-11-27T10:00", 60, "2026-11-27T11:00"),
        # until the end of the day, which is not yet the next morning
        ("2026-11-27T18:00", 60, "2026-11-27T19:00"),
        ("2026-11-27T18:00", 61, "2026-11-28T07:01"),
        ("2026-11-27T03:00", 1, "2026-11-27T07:01"),
        ("2026-11-29T12:00", 1, "2026-11-30T07:01"),
        ("2026-11-29T12:00", 0, "2026-11-29T12:00"),
        ("2026-11-28T18:30:20", 120, "2026-11-30T08:30:20"),
        # twelve hours a day: a year's end with three holidays
        ("2026-12-24T07:00", 12 * 60 * 10, "2027-01-06T19:00"),
    ],
)
def test_so_many_minutes_later(start, minutes, end):
    assert built_in().add(at(start), minutes) == at(end)


def test_a30_a_lunch_break_counts_nothing():
    assert LUNCH.add(at("2026-11-27T11:30"), 60) == at("2026-11-27T13:30")
    assert LUNCH.between(at("2026-11-27T11:30"), at("2026-11-27T13:30")) == 60
    assert LUNCH.between(at("2026-11-27T12:10"), at("2026-11-27T12:50")) == 0
    assert not LUNCH.is_open(at("2026-11-27T12:30"))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Columbus Day, moved to Monday", dt.date(2026, 10, 12)),
        ("Christmas", dt.date(2026, 12, 25)),
        ("Our Lady of Chiquinquirá, moved to Monday", dt.date(2026, 7, 13)),
        ("Good Friday", dt.date(2026, 4, 3)),
    ],
)
def test_holidays_are_free(name, day):
    assert built_in().spans(day) == [], name
    assert built_in().spans(day + dt.timedelta(days=1)) != [] or day.weekday() == 5


def test_an_exception_wins_over_holiday_and_weekday():
    christmas, monday = dt.date(2026, 12, 25), dt.date(2026, 11, 30)
    calendar = Calendar(
        BOGOTA, built_in().hours, "CO", {christmas: [["09:00", "10:00"]], monday: []}
    )
    assert calendar.between(at("2026-12-25T00:00"), at("2026-12-26T00:00")) == 60
    assert calendar.add(at("2026-11-28T18:30"), 120) == at("2026-12-01T08:30")


def test_minutes_between_are_whole_ones():
    calendar = built_in()
    assert calendar.between(at("2026-11-27T10:00:30"), at("2026-11-27T10:02:29")) == 1
    assert calendar.between(at("2026-11-27T11:00"), at("2026-11-27T10:00")) == 0
    assert calendar.between(at("2026-11-28T18:30"), at("2026-11-30T08:30")) == 120


def test_days_with_working_time_are_counted_to_their_end():
    # from a Wednesday: Thursday, Friday, Saturday, Monday, Tuesday
    assert built_in().days_later(at("2026-11-25T10:00"), 5) == at("2026-12-01T19:00")


def test_a_calendar_without_hours_refuses_and_does_not_look_for_ever(monkeypatch):
    looked_at = []
    spans = Calendar.spans
    monkeypatch.setattr(
        Calendar, "spans", lambda self, day: looked_at.append(day) or spans(self, day)
    )
    empty = Calendar(BOGOTA, [[]] * 7)
    with pytest.raises(NoWorkingTime):
        empty.add(at("2026-11-27T10:00"), 1)
    with pytest.raises(NoWorkingTime):
        empty.days_later(at("2026-11-27T10:00"), 1)
    assert empty.between(at("2026-11-27T10:00"), at("2046-11-27T10:00")) == 0
    assert len(looked_at) <= 3 * working_time.MAX_DAYS
    assert empty.add(at("2026-11-27T10:00"), 0) == at("2026-11-27T10:00")


def test_when_clocks_go_forward_the_hour_that_is_left_out_is_none():
    calendar = Calendar(NEW_YORK, [[["01:30", "03:30"]]] * 7)
    first, last = at("2026-03-08T00:00", NEW_YORK), at("2026-03-08T12:00", NEW_YORK)
    assert calendar.between(first, last) == 60
    assert calendar.add(first, 45) == at("2026-03-08T03:15", NEW_YORK)


def test_when_clocks_go_back_the_hour_that_is_repeated_counts_twice():
    calendar = Calendar(NEW_YORK, [[["01:00", "02:00"]]] * 7)
    first, last = at("2026-11-01T00:00", NEW_YORK), at("2026-11-01T12:00", NEW_YORK)
    assert calendar.between(first, last) == 120
    half = Calendar(NEW_YORK, [[["00:30", "01:30"]]] * 7)
    assert half.between(first, last) == 90
    assert half.add(first, 70) == at("2026-11-01T06:10", dt.UTC)  # 01:10 for the second time


# -- against a model -----------------------------------------------------------------------------
def is_working(calendar, moment):
    """Look at the clock on the wall, as the module's docstring says."""
    local = moment.astimezone(calendar.zone)
    text = f"{local:%H:%M}"
    hours = calendar.exceptions.get(local.date())
    if hours is None:
        holiday = local.date() in working_time.holidays_of(calendar.country, local.year)
        hours = [] if holiday else calendar.hours[local.weekday()]
    return any(start <= text < end for start, end in hours)


def naive_add(calendar, start, minutes):
    moment = start
    while minutes:
        minutes -= is_working(calendar, moment)
        moment += MINUTE
    return moment


def naive_between(calendar, start, end):
    span = (end - start) // MINUTE
    return sum(is_working(calendar, start + number * MINUTE) for number in range(span))


times = st.lists(
    st.sampled_from(["00:00", "00:30", "01:15", "02:00", "03:00", "07:00", "12:00", "13:00",
                     "23:30", "24:00"]),
    unique=True, max_size=6,
).map(sorted)  # fmt: skip
hours_of_a_day = times.map(
    lambda found: [list(pair) for pair in zip(found[::2], found[1::2], strict=False)]
)
# Around a change of the clocks in both directions, and a holiday of each country.
days = st.sampled_from(
    [dt.date(2026, 3, 7), dt.date(2026, 10, 31), dt.date(2026, 12, 24), dt.date(2026, 10, 11),
     dt.date(2026, 3, 28), dt.date(2026, 10, 24)]
)  # fmt: skip
zones = st.sampled_from(
    [BOGOTA, NEW_YORK, ZoneInfo("Europe/Madrid"), ZoneInfo("Australia/Lord_Howe"),
     ZoneInfo("America/Santiago"), ZoneInfo("Asia/Kathmandu")]
)  # fmt: skip


@st.composite
def calendars(draw):
    week = draw(st.lists(hours_of_a_day, min_size=7, max_size=7))
    exceptions = draw(st.dictionaries(days, hours_of_a_day, max_size=2))
    return Calendar(draw(zones), week, draw(st.sampled_from(["", "CO", "US"])), exceptions)


@st.composite
def moments(draw):
    day = draw(days)
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    return midnight + MINUTE * draw(st.integers(0, 3 * 24 * 60))


@settings(max_examples=60, deadline=None)
@given(calendars(), moments(), st.integers(0, 3 * 24 * 60))
def test_minutes_between_are_those_that_a_clock_shows(calendar, start, span):
    end = start + span * MINUTE
    assert calendar.between(start, end) == naive_between(calendar, start, end)


@settings(max_examples=60, deadline=None)
@given(calendars(), moments(), st.integers(0, 600))
def test_so_many_minutes_later_is_where_a_clock_shows_them(calendar, start, minutes):
    if not any(calendar.hours):
        return
    end = calendar.add(start, minutes)
    assert end == naive_add(calendar, start, minutes)
    assert calendar.between(start, end) == minutes


@settings(max_examples=60, deadline=None)
@given(calendars(), moments(), st.integers(0, 500), st.integers(0, 500))
def test_to_add_twice_is_to_add_both(calendar, start, first, second):
    if not any(calendar.hours):
        return
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@settings(max_examples=100, deadline=None)
@given(calendars(), moments())
def test_a_moment_is_working_time_when_the_clock_says_so(calendar, moment):
    assert calendar.is_open(moment) == is_working(calendar, moment)
