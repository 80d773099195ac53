"""One spelling of a day, a moment, a key and a UUID; any other text is a ValueError."""

import datetime as dt
import uuid

import pytest

from core import values

ODD = ["", " ", "\x00", "\ud800", "\u0661", "9" * 5001, str(10**4000) + "0" * 1000, "-", "none"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1900-01-01", dt.date(1900, 1, 1)),
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("2200-12-31", dt.date(2200, 12, 31)),
    ],
)
def test_days(text, day):
    assert values.parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        *ODD,
        *["0000-01-01", "0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31", "10000-01-01"],
        *["2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "20240101", "2024-W01-1"],
        *[" 2024-01-01", "2024-01-01\n", "2024-01-01T00:00", "2024\u201001\u201001", "2_24-01-01"],
        "\uff12\uff10\uff12\uff14-01-01",
    ],
)
def test_what_is_no_day(text):
    with pytest.raises(ValueError, match=r"date|month|day|year"):
        values.parse_date(text)


def test_days_of_other_years_are_read_where_they_are_asked_for():
    assert values.parse_date("0001-01-01", years=values.ANY_YEAR) == dt.date.min
    assert values.parse_date("9999-12-31", years=values.ANY_YEAR) == dt.date.max
    with pytest.raises(ValueError, match="year"):
        values.parse_date("0000-01-01", years=values.ANY_YEAR)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-12-31T23:59:59Z", "2024-12-31T23:59:59+00:00"),
        ("2024-01-01t10:00:00.5z", "2024-01-01T10:00:00.500000+00:00"),
        ("2024-01-01 10:00+0200", "2024-01-01T08:00:00+00:00"),
        ("2024-01-01T10:00:00.000001-05:00", "2024-01-01T15:00:00.000001+00:00"),
        ("2024-01-01T10:00", "2024-01-01T15:00:00+00:00"),  # of TIME_ZONE, America/Bogota
        ("2024-01-02T10:00+16:00", "2024-01-01T18:00:00+00:00"),
        ("1900-01-01T00:00+23:59", "1899-12-31T00:01:00+00:00"),
        ("2200-12-31T23:59-23:59", "2201-01-01T23:58:00+00:00"),
    ],
)
def test_moments_are_in_utc_whatever_their_offset(text, moment):
    assert values.parse_time(text).isoformat() == moment


@pytest.mark.parametrize(
    "text",
    [
        *ODD,
        *["2024-01-01", "0000-01-01T00:00Z", "0001-01-01T00:00:00+14:00", "1899-12-31T23:59Z"],
        *["9999-12-31T23:59:59-14:00", "2201-01-01T00:00Z", "2024-02-30T00:00Z", "20240101T0000Z"],
        *["2024-01-01T25:00Z", "2024-01-01T10:00+24:00", "2024-01-01T10:00+99:99", "now"],
        *["2024-01-01T10:00:00,5Z", "2024-01-01T10:00 +02:00", "2024-01-01T10:00Z\n", "1704067200"],
        "2024-01-01T\uff11\uff10:00Z",
    ],
)
def test_what_is_no_moment(text):
    with pytest.raises(ValueError, match=r"time|year|month|day|hour|minute|offset|timedelta"):
        values.parse_time(text)


@pytest.mark.parametrize(("text", "key"), [("1", 1), ("90", 90), (str(2**63 - 1), 2**63 - 1)])
def test_keys(text, key):
    assert values.parse_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        *ODD,
        *["0", "00", "01", "-1", "+1", " 1", "1 ", "1\n", "1_0", "1.0", "1e3", "0x1", "true"],
        *["\u00b2", "\uff11", "\u0661", "1\u0661", "1\x00", str(2**63), "9" * 19, "9" * 20],
    ],
)
def test_what_is_no_key(text):
    with pytest.raises(ValueError, match="not a key"):
        values.parse_key(text)


def test_uuids():
    one = uuid.UUID("8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11")
    assert values.parse_uuid(str(one)) == values.parse_uuid(str(one).upper()) == one


@pytest.mark.parametrize(
    "text",
    [
        *ODD,
        "8f14e45fceea467fa8e58f7d3a9c0b11",
        "{8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11}",
        "urn:uuid:8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11",
        "8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11\n",
        "8f14e45f-ceea-467f-a8e5-8f7d3a9c0b1\uff11",
        "8f14e45-fceea-467f-a8e5-8f7d3a9c0b11",
    ],
)
def test_what_is_no_uuid(text):
    with pytest.raises(ValueError, match="not a UUID"):
        values.parse_uuid(text)
