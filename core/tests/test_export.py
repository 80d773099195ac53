"""CSV for people: their time, and nothing that a spreadsheet runs."""

from datetime import UTC, date, datetime

import pytest

from core.admin.export import csv_lines, inert


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (datetime(2026, 3, 1, 2, tzinfo=UTC), "2026-02-28T21:00:00-05:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (None, ""),
        (False, "False"),
        (12.5, "12.5"),
        (-3, "'-3"),
        ("=1+1", "'=1+1"),
        ("+4", "'+4"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a=1", "a=1"),
    ],
)
def test_a_cell(value, cell):
    assert inert(value) == cell


def test_lines_are_quoted():
    assert "".join(csv_lines(["a", "b"], [['x "y"', "1,2"], ["l\nm", ""]])) == (
        'a,b\r\n"x ""y""","1,2"\r\n"l\nm",\r\n'
    )
