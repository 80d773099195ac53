"""CSV as spreadsheets of Windows, Mac, Google and LibreOffice write it."""

import codecs
import csv
from contextlib import suppress
from io import BytesIO, StringIO

import pytest

from core.files import Layout, Report, Sheet, csv_lines, download, open_csv, read_lines
from core.files.encodings import ENCODINGS, find_encoding
from core.files.report import UnusableFileError

SHEET = Sheet(
    ("id", "name", "born", "lat"),
    aliases={"nombre": "name", "fecha_de_nacimiento": "born"},
    optional=frozenset({"lat"}),
    dates=("born",),
    decimals=("lat",),
)
PLAIN = "id,name,born,lat\n1,José,1990-01-02,4.5\n2,Ana,1990-01-30,-74.1\n"
ROWS = [["1", "José", "1990-01-02", "4.5"], ["2", "Ana", "1990-01-30", "-74.1"]]


def read(content, sheet=SHEET, **given):
    """Rows, problems and how the file was read; a second reading must find the same."""
    stream = BytesIO(content if isinstance(content, bytes) else content.encode())
    layout, report = Layout.given(**given), Report()
    rows = [cells for _row, cells in open_csv(stream, sheet, report, layout=layout)]
    found = layout.copy()
    again = Report()
    assert [cells for _row, cells in open_csv(stream, sheet, again, layout=layout)] == rows
    assert (again.kept, layout) == (report.kept, found)
    return rows, [(one.row, one.column, one.code) for one in report.kept], found


# -- what they write by themselves ----------------------------------------------------------------
EXCEL_ES = "id;name;born;lat\r\n1;José;2/01/1990;4,5\r\n2;Ana;30/01/1990;-74,1\r\n"
EXCEL_EN = "id,name,born,lat\r\n1,José,1/2/1990,4.5\r\n2,Ana,1/30/1990,-74.1\r\n"
CALC = 'id,name,born,lat\n1,José,1990-01-02,4.5\n2,Ana,1990-01-30,"-74,1"\n'


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (PLAIN, (",", "utf-8", "iso")),
        (EXCEL_ES, (";", "utf-8", "dmy")),
        (EXCEL_ES.encode("cp1252"), (";", "windows-1252", "dmy")),
        (EXCEL_ES.encode("mac-roman"), (";", "mac-roman", "dmy")),
        (EXCEL_ES.encode("cp850"), (";", "cp850", "dmy")),
        (codecs.BOM_UTF8 + EXCEL_ES.encode(), (";", "utf-8", "dmy")),
        ("sep=;\r\n" + EXCEL_ES, (";", "utf-8", "dmy")),
        ('"sep=;"\r\n\r\n' + EXCEL_ES, (";", "utf-8", "dmy")),
        (EXCEL_EN, (",", "utf-8", "mdy")),
        (EXCEL_EN.replace(",", "\t").encode("utf-16"), ("\t", "utf-16", "mdy")),
        (EXCEL_EN.replace(",", "\t").encode("utf-16-le"), ("\t", "utf-16-le", "mdy")),
        (codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), (",", "utf-16", "iso")),
        (PLAIN.encode("utf-16-be"), (",", "utf-16-be", "iso")),
        (CALC, (",", "utf-8", "iso")),
        (PLAIN.replace(",", "|"), ("|", "utf-8", "iso")),
        (PLAIN.replace("\n", "\r"), (",", "utf-8", "iso")),
        (PLAIN.replace("\n", "\r\n", 1).replace("\n2", "\r2"), (",", "utf-8", "iso")),
        (PLAIN.replace("\n", ",,\n"), (",", "utf-8", "iso")),
        (PLAIN + ",,,\n , , \n\n", (",", "utf-8", "iso")),
        ("\n,,,\n" + PLAIN.replace("\n", "\n\n"), (",", "utf-8", "iso")),
        (PLAIN.replace("id,name,born", "ID, Nombre ,FECHA de  Nacimiento"), (",", "utf-8", "iso")),
        (PLAIN.replace("born", "fecha_de_nacimiénto"), (",", "utf-8", "iso")),
        ("\ufeff" * 2 + PLAIN, (",", "utf-8", "iso")),
        (PLAIN.replace("1990-01-02", "1990-01-02 00:00:00"), (",", "utf-8", "iso")),
        (PLAIN.replace("1990-01-02", "1990-01-02T00:00:00.000"), (",", "utf-8", "iso")),
        (EXCEL_ES.replace("1990", "1990 0:00"), (";", "utf-8", "dmy")),
        (EXCEL_ES.replace("1990", "1990 12:00:00 a. m."), (";", "utf-8", "dmy")),
        (EXCEL_EN.replace("1990", "1990 12:00 AM"), (",", "utf-8", "mdy")),
        (EXCEL_ES.replace("/", "-"), (";", "utf-8", "dmy")),
        (EXCEL_ES.replace("/", "."), (";", "utf-8", "dmy")),
        (EXCEL_ES.replace("2/01/1990", "1990-01-02"), (";", "utf-8", "dmy")),
        (
            "id,,name,born,lat,\n1,,José,1990-01-02,4.5\n2,,Ana,1990-01-30,-74.1,,\n",
            (",", "utf-8", "iso"),
        ),
        (PLAIN.removesuffix("\n"), (",", "utf-8", "iso")),
    ],
)
def test_what_spreadsheets_write_is_read_and_said(content, layout):
    rows, problems, found = read(content)
    assert (rows, problems) == (ROWS, [])
    assert (found.delimiter, found.encoding, found.date_format) == layout


def test_empty_cells_that_a_spreadsheet_leaves_out_at_the_end_are_empty():
    assert read("id,name,born,lat\n1,Ana,1990-01-02\n")[0] == [["1", "Ana", "1990-01-02", ""]]
    assert read("id,name,born,lat\n1,Ana\n")[1] == [(2, "", "wrong_cell_count")]


def test_lines_within_a_cell_end_in_line_feeds_and_rows_keep_their_numbers():
    stream = BytesIO(b'sep=,\r\n\r\nid,name\r\n1,"a\r\nb\rc"\r\n\r\n2,d\r\n')
    rows = list(open_csv(stream, Sheet(("id", "name")), Report()))
    assert rows == [(4, ["1", "a\nb\nc"]), (8, ["2", "d"])]


# -- by choice ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "given"),
    [
        (EXCEL_ES, {"delimiter": ";", "date_format": "dmy"}),
        (EXCEL_ES, {"delimiter": "semicolon", "date_format": "DMY", "encoding": "UTF_8"}),
        (EXCEL_ES.replace(";", "\t"), {"delimiter": "tab"}),
        (EXCEL_ES.encode("cp850"), {"encoding": "cp850"}),
        (EXCEL_ES.encode("utf-16-be"), {"encoding": "utf-16-be"}),
        (codecs.BOM_UTF16_LE + EXCEL_ES.encode("utf-16-le"), {"encoding": "utf-16-le"}),
    ],
)
def test_what_is_given_counts(content, given):
    assert read(content, **given)[:2] == (ROWS, [])


def test_an_order_that_does_not_show_is_asked_for():
    text = "id,name,born,lat\n1,José,02/01/1990,4.5\n2,Ana,3/1/1990,\n"
    assert read(text)[:2] == ([], [(2, "born", "ambiguous_date")])
    assert [row[2] for row in read(text, date_format="dmy")[0]] == ["1990-01-02", "1990-01-03"]
    assert [row[2] for row in read(text, date_format="mdy")[0]] == ["1990-02-01", "1990-03-01"]
    assert [row[2] for row in read(text, date_format="iso")[0]] == ["02/01/1990", "3/1/1990"]
    same = "id,name,born,lat\n1,José,02/02/1990,4.5\n"
    assert read(same)[0][0][2] == "1990-02-02"


@pytest.mark.parametrize("cell", ["2/1/90", "32874", "1990-01-02 11:30", "31/02/1990", "ene-90"])
def test_what_is_no_day_is_left_to_the_app_to_refuse(cell):
    text = EXCEL_ES.replace("2/01/1990", cell)
    rows, problems, _layout = read(text)
    assert (rows[0][2], problems) == (cell, [])


@pytest.mark.parametrize(
    "given",
    [{"delimiter": ":"}, {"encoding": "rot13"}, {"encoding": "utf-7"}, {"date_format": "ymd"}],
)
def test_an_unknown_choice_is_refused_with_those_there_are(given):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it says is compared
        Layout.given(**given)
    assert caught.value.args[0] in given
    assert caught.value.args[1]


# -- what cannot be understood --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "problem", "message"),
    [
        (b"PK\x03\x04\x14\x00", (0, "", "not_csv"), "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", (0, "", "not_csv"), "workbook"),
        (b"%PDF-1.7\n", (0, "", "not_csv"), "no text file"),
        (b"\x1f\x8b\x08\x00", (0, "", "not_csv"), "no text file"),
        (bytes(range(256)) * 9, (0, "", "not_csv"), "no text file"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html><title>Sign in", (0, "", "not_csv"), "web page"),
        (b"<table><tr>", (0, "", "not_csv"), "web page"),
        (b"", (1, "", "wrong_header"), "The file is empty."),
        (b"\xef\xbb\xbf", (1, "", "wrong_header"), "The file is empty."),
        (b"\n,,,\n\r\n", (1, "", "wrong_header"), "The file is empty."),
        (PLAIN.replace("born", "name"), (1, "", "wrong_header"), "name more than once"),
        (PLAIN.replace(",born", ""), (1, "", "wrong_header"), "it has id, name, lat"),
        ("\n" + PLAIN.replace("lat", "lat,x"), (2, "", "wrong_header"), "it has id, name"),
        (PLAIN.partition("\n")[2], (1, "", "wrong_header"), "The first line must be: id,name"),
        (PLAIN + PLAIN, (4, "", "repeated_header"), "two files in one"),
        (PLAIN + "\ufeff" + PLAIN, (4, "", "repeated_header"), "two files in one"),
        (PLAIN + '3,"Eva\n', (4, "", "malformed"), "is not closed"),
        (PLAIN + '3,"E"va,1990-01-01,\n', (4, "", "malformed"), "goes on after"),
        (PLAIN + "3,Eva,1990-01-01,1,x\n", (4, "", "wrong_cell_count"), "4 cells"),
        ("id,,name,born,lat\n1,x,José,1990-01-02,4.5\n", (2, "", "untitled_cell"), "no title"),
        (PLAIN + "3," + "x" * 70_000, (4, "", "line_too_long"), "too long"),
        (
            PLAIN.encode("utf-16")[:-1],
            (3, "", "wrong_encoding"),
            "utf-16 text, or the file was cut",
        ),
        (PLAIN.encode()[:-1] + b"\xc3", (3, "", "wrong_encoding"), "no UTF-8 text"),
        (PLAIN.encode() + b"3,\xe9,,\n", (4, "", "wrong_encoding"), "no UTF-8 text"),
        (
            PLAIN.replace("José", "O\u2019Brien").encode("cp1252"),
            (0, "", "wrong_encoding"),
            "does not show",
        ),
        (
            EXCEL_ES + "3;Eva;12/31/1990;\r\n",
            (4, "born", "mixed_dates"),
            "Row 3 has the day first, row 4 the month",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_in_its_own_words(content, problem, message):
    report = Report()
    stream = BytesIO(content if isinstance(content, bytes) else content.encode())
    list(open_csv(stream, SHEET, report))
    one = report.kept[0]
    assert (one.row, one.column, one.code) == problem
    assert message in one.message


def test_a_header_that_is_missing_is_not_quoted_for_it_is_a_row():
    report = Report()
    list(open_csv(BytesIO(PLAIN.partition("\n")[2].encode()), SHEET, report))
    assert "José" not in report.kept[0].message


def test_a_mark_that_contradicts_the_caller_is_said():
    with pytest.raises(UnusableFileError, match="it is utf-16, not cp850"):
        find_encoding(BytesIO(PLAIN.encode("utf-16")), "cp850")


@pytest.mark.parametrize("name", ["windows-1252", "mac-roman", "cp850"])
@pytest.mark.parametrize(
    "text", ["Begoña", "MARÍA JOSÉ, PEÑA", "Müller", "Núñez Ibáñez; ¿qué?", "Los Ángeles, José"]
)
def test_letters_are_never_taken_for_others(name, text):
    """Each encoding of before Unicode is found out, or the caller is asked; never another one."""
    stream = BytesIO(f"id,name\n1,{text}\n".encode(ENCODINGS[name]))
    with suppress(UnusableFileError):
        assert "".join(read_lines(stream)) == f"id,name\n1,{text}\n"
    layout = Layout.given(encoding=name)
    assert text in "".join(read_lines(stream, layout=layout))


def test_a_file_is_read_in_pieces():
    """Memory holds a line, not the file; the stream stays open."""
    line = b"1,abc,1990-01-02,4.5\n"

    class Counting(BytesIO):
        largest = 0

        def read(self, size=-1):
            assert size > 0
            self.largest = max(self.largest, size)
            return super().read(size)

    stream = Counting(b"id,name,born,lat\n" + line * 100_000)
    assert sum(1 for _row in open_csv(stream, SHEET, Report())) == 100_000
    assert stream.largest <= 1 << 20
    assert not stream.closed


# -- out ------------------------------------------------------------------------------------------
def test_what_is_written_is_read_by_everyone():
    """By Python's default dialect, and by ourselves, with a mark and without."""
    rows = [["Ana, María", "De la O, Ruiz"], ['a "b"', "x;y\tz|"], ["l\nm", "=1+1"], ["'x", " y"]]
    lines = [*csv_lines(("id", "name"), rows)]
    assert [len(row) for row in csv.reader(StringIO("".join(lines), newline=""))] == [2] * 5
    for has_mark in (False, True):
        answer = download(lines, "x.csv", has_mark=has_mark)
        content = b"".join(answer.streaming_content)
        assert content.startswith(codecs.BOM_UTF8) is has_mark
        read_back = open_csv(BytesIO(content), Sheet(("id", "name")), Report())
        assert [cells for _row, cells in read_back] == [[a.strip(), b.strip()] for a, b in rows]
