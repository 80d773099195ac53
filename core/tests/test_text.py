"""Keys of names, addresses and words; what is clean, storable and inert."""

import pytest

from core import text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("Ñandú", "n\u0303andu\u0301"),
        (" Rex ", "REX"),
        ("\uff32ex", "rex"),
        ("ﬁn", "FIN"),
        ("İ", "i\u0307"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert text.name_key(one) == text.name_key(other)
    assert text.name_key(text.name_key(one)) == text.name_key(one)


def test_other_names_have_other_keys():
    assert text.name_key("Peña") != text.name_key("Pena")
    assert text.name_key("\ud800") == "\ud800"


@pytest.mark.parametrize(
    ("email", "key"),
    [
        (" Ana@Example.COM\t", "ana@example.com"),
        ("N\u0303u@example.com", "ñu@example.com"),
        ("straße@example.com", "straße@example.com"),
        ("strasse@example.com", "strasse@example.com"),
        ("\uff41@example.com", "\uff41@example.com"),
        ("", ""),
    ],
)
def test_an_address_has_one_key(email, key):
    assert text.email_key(email) == key


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("Treviño", "trevino"),
        (" TREVIN\u0303O ", "trevino"),
        (" ANA ", "ana"),
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("\uff21\uff11", "a1"),
        ("李", "李"),
    ],
)
def test_words_are_looked_for_without_accents(words, key):
    assert text.search_key(words) == key


@pytest.mark.parametrize(
    "good", ["", "Ana María", "ñ 李", "👩\u200d⚕️", "a\u00a0b", "\u0645\u06cc\u200c\u062e"]
)
def test_clean(good):
    assert text.is_clean(good)
    assert text.is_clean(good, lines=True)


@pytest.mark.parametrize(
    "bad",
    [
        "a\x00b",
        "\x07",
        "\t",
        "\r\n",
        "\x7f",
        "\x85",
        "\u202e",
        "\ufeff",
        "\ud800",
        "\ue000",
        "\uffff",
    ],
)
def test_not_clean(bad):
    assert not text.is_clean(bad)
    assert not text.is_clean(bad, lines=True)


def test_lines_are_clean_where_they_are_asked_for():
    assert not text.is_clean("a\nb")
    assert text.is_clean("a\nb\u200d", lines=True)


@pytest.mark.parametrize(
    ("value", "limit", "stored"),
    [
        ("a\x00b\ud800c\udfff", 9, "abc"),
        ("\x00\x00abc", 2, "ab"),
        (7, 9, "7"),
        ("\ufffd\u202e\n😀", 9, "\ufffd\u202e\n😀"),
    ],
)
def test_storable(value, limit, stored):
    assert text.storable(value, limit) == stored
    assert text.is_storable(stored)


@pytest.mark.parametrize("bad", ["\x00", "a\x00", "\ud800", "\udfffx"])
def test_not_storable(bad):
    assert not text.is_storable(bad)


def test_printable():
    assert text.printable("a\x00\n\u202e\ud800\u2028ñ b😀c", 5) == "añ b😀"


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20", "'=", "''\uff20"])
def test_no_spreadsheet_runs_an_inert_cell(start):
    cell = text.inert(f"{start}cmd|' /C calc'!A0")
    assert cell == f"'{start}cmd|' /C calc'!A0"
    assert text.undo_inert(cell) == f"{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("plain", ["", "'", "'tis", "a=1", "1-1", " =1", "''", "ñ", "\ud800"])
def test_other_cells_stay_as_they_are(plain):
    assert text.inert(plain) == text.undo_inert(plain) == plain
