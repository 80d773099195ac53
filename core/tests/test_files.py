"""CSV in and out: bounded, reported row by row, and nothing that a spreadsheet runs."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from core.files import (
    MAX_LINE_CHARACTERS,
    Counts,
    Problem,
    Report,
    Sheet,
    batches,
    cell,
    csv_lines,
    open_csv,
    watched,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2026, 3, 1, 2, tzinfo=UTC), "2026-02-28T21:00:00-05:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (None, ""),
        (False, "False"),
        (12.5, "12.5"),
        (-3, "-3"),
        ("=1+1", "'=1+1"),
        ("+4", "'+4"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
    ],
)
def test_a_cell(value, shown):
    assert cell(value) == shown


def test_lines_are_quoted():
    assert "".join(csv_lines(["a", "b"], [['x "y"', "1,2"], ["l\nm", ""]])) == (
        'a,b\r\n"x ""y""","1,2"\r\n"l\nm",\r\n'
    )


# -- in -------------------------------------------------------------------------------------------
SHEET = Sheet(("id", "name"))


def read(content, **options):
    report = Report()
    stream = BytesIO(content if isinstance(content, bytes) else content.encode())
    rows = list(open_csv(stream, SHEET, report, **options))
    return rows, [(one.row, one.code) for one in report.kept]


def test_rows_come_in_the_order_of_the_columns():
    text = '\ufeffName, ID\r\n Ana , 1\r\n\r\n \r\n"Eva\nPaz", \'=2\r\nZoe,3'
    assert read(text) == ([(2, ["1", "Ana"]), (5, ["=2", "Eva\nPaz"]), (7, ["3", "Zoe"])], [])


@pytest.mark.parametrize(
    ("content", "rows", "problems"),
    [
        (b"", 0, [(1, "wrong_header")]),
        (b"id\n1", 0, [(1, "wrong_header")]),
        (b"id,name,name\n1,a,b", 0, [(1, "wrong_header")]),
        (b"id,name\n1\n2,a\n3,b,c\n", 1, [(2, "wrong_cell_count"), (4, "wrong_cell_count")]),
        (b"id,name\n1,\xff\n2,a\n", 0, [(2, "wrong_encoding")]),
        (b"id,name\n1,\xed\xa0\x80\n", 0, [(2, "wrong_encoding")]),
        (b'id,name\n1,a\n2,"b\nc\n', 1, [(3, "malformed")]),
        (b"id,name\n1,\x00\n", 1, []),
    ],
)
def test_what_is_wrong_with_a_file_is_reported_with_its_row(content, rows, problems):
    found, reported = read(content)
    assert (len(found), reported) == (rows, problems)


def test_a_line_is_bounded_and_the_process_keeps_its_limit_of_a_cell():
    before = csv.field_size_limit()
    head = b"id,name\n1,"
    assert read(head + b"x" * (MAX_LINE_CHARACTERS - 3) + b"\n")[1] == []
    assert read(head + b"x" * (MAX_LINE_CHARACTERS - 2) + b"\n")[1] == [(2, "line_too_long")]
    assert read(head + b'"' + b"x\n" * 70_000 + b'"\n2,b\n') == ([], [(2, "malformed")])
    assert csv.field_size_limit() == before


def test_a_file_is_bounded_and_read_from_its_start():
    assert read("id,name\n1,a", max_bytes=10) == ([], [(0, "too_large")])
    stream = BytesIO(b"id,name\n1,a")
    stream.read()
    assert list(open_csv(stream, SHEET, Report(), max_bytes=11)) == [(2, ["1", "a"])]


def test_the_header_of_a_secret_file_is_not_quoted():
    for is_secret, quoted in ((False, True), (True, False)):
        report = Report()
        list(open_csv(BytesIO(b"id,secret\n"), replace(SHEET, is_secret=is_secret), report))
        (problem,) = report.kept
        assert ("secret" in problem.message) is quoted
        assert "id" in problem.message


def test_batches_and_progress(monkeypatch):
    monkeypatch.setattr("core.files.reading.BATCH_ROWS", 2)
    stream, reported = BytesIO(b"id,name\n1,a\n2,b\n3,c\n"), []
    rows = open_csv(stream, SHEET, Report())
    sizes = [len(batch) for batch in watched(batches(rows), stream, reported.append)]
    assert (sizes, reported) == ([2, 1], [20, 0])


def test_a_report_passes_all_on_and_keeps_the_first():
    reported = []
    report = Report(tell=reported.append)
    for row in range(150):
        report.add(Problem(row, "", "bad", "Bad."))
    assert (report.count, len(reported), len(report.errors())) == (150, 150, 100)
    assert Report().errors() == []


def test_one_problem_of_a_row_names_all_its_columns():
    faults = [("a", "blank", "Empty."), ("", "x", "Odd."), ("b", "long", "Long.")]
    problem = Problem.of(7, faults, file="patients", id="9")
    assert (problem.row, problem.column, problem.code, problem.id) == (7, "a; b", "blank", "9")
    assert str(problem) == "patients, row 7, a; b: Empty.; Odd.; Long."
    assert problem.as_error() == {
        "file": "patients",
        "row": 7,
        "column": "a; b",
        "code": "blank",
        "reason": "Empty.; Odd.; Long.",
        "field": "a; b",
        "detail": "Empty.; Odd.; Long.",
    }
    assert str(Problem(1, "", "x", "Odd.")) == "row 1: Odd."


def test_counts():
    counts = Counts(created=1, unchanged=2)
    assert (counts.rows, str(counts)) == (3, "1 created, 0 updated, 2 unchanged")
