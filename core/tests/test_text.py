"""Keys of names, addresses and words; what is clean, storable and inert."""

import pytest

from core import text

# Default-ignorable characters of every kind (DerivedCoreProperties.txt).
NOTHING = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f",
    *"\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u2065\u2066\u2069\u206f\u3164",
    *"\ufe00\ufe0e\ufe0f\ufeff\uffa0\ufff0\ufff8\U0001bca0\U0001d173\U0001d17a",
    *"\U000e0001\U000e0020\U000e007f\U000e0100\U000e01ef\U000e0fff",
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("Ñandú", "n\u0303andu\u0301"),
        (" Rex ", "REX"),
        ("\uff32ex", "rex"),
        ("ﬁn", "FIN"),
        ("İ", "i\u0307"),
        ("Rex Jr", "rex  jr"),
        ("Rex\u00a0\u3000Jr", "Rex\u2028Jr"),
        ("Rex\u2800Jr", "Rex Jr\u2800"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert text.name_key(one) == text.name_key(other)
    assert text.name_key(text.name_key(one)) == text.name_key(one)


@pytest.mark.parametrize("character", NOTHING)
def test_what_shows_nothing_counts_for_nothing(character):
    for spelling in (f"Lu{character}na", f"{character}Luna", f"Luna{character}"):
        assert text.name_key(spelling) == text.search_key(spelling) == "luna"
        assert not text.is_visible(character * 3)


def test_the_keys_of_all_characters_of_the_first_plane_are_keys():
    for point in (*range(0xD800), *range(0xE000, 0x10000)):
        for spelling in (chr(point), f"a{chr(point)}b"):
            for key in (text.name_key, text.search_key):
                assert key(key(spelling)) == key(spelling), hex(point)


def test_a_run_of_marks_too_long_for_a_column_is_not_normalised():
    marks = "a" + "\u0315\u0300" * 200_000  # it would take minutes
    assert text.search_key(marks) == "a"
    unchanged = [key(marks) == marks for key in (text.name_key, text.email_key)]
    assert [*unchanged, text.email_key(f"a@{marks}") == f"a@{marks}"] == [True] * 3


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
        ("jose@MÜNCHEN.example", "jose@xn--mnchen-3ya.example"),
        ("jose@mu\u0308nchen.example", "jose@xn--mnchen-3ya.example"),
        ("jose@xn--mnchen-3ya.example", "jose@xn--mnchen-3ya.example"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@strasse.example", "a@strasse.example"),
        ("a@xn--zzzzzz.example", "a@xn--zzzzzz.example"),
        ("a@" + "ñ" * 300, "a@" + "ñ" * 300),
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
        ("Núñez  del\u00a0Árbol", "nunez del arbol"),
        ("Søren Đặng, Œuvre Ægir", "soren dang, oeuvre aegir"),
        ("DIYARBAKIR", "diyarbakir"),
        ("Diyarbak\u0131r", "diyarbakir"),
        ("Þór Guðmundsson", "thor gudmundsson"),
        ("Ħal Għaxaq", "hal ghaxaq"),
        ("O'Brien", "obrien"),
        ("O\u2019Brien", "obrien"),
        ("O\u02bcBrien", "obrien"),
        ("O`Brien", "obrien"),
        ("O\u00b4Brien", "obrien"),
        ("\uff2f\uff07\uff22rien", "obrien"),
        ("Йод", "иод"),
        ("한국", "한국"),
        ("'", ""),
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


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_separators_of_lines_are_clean_among_lines(separator):
    assert not text.is_clean(f"a{separator}b")
    assert text.is_clean(f"a{separator}b", lines=True)


@pytest.mark.parametrize(
    "shown",
    [
        "a",
        "\u2800a",
        "🐕",
        "👩\u200d⚕️",
        "\u0645\u06cc\u200c\u062e",
        "\u0915\u094d\u200d\u0937",
        "-",
        "5",
    ],
)
def test_one_character_that_shows_is_enough(shown):
    assert text.is_visible(shown)


@pytest.mark.parametrize(
    "hidden",
    ["", " ", "\u00a0", "\u3000", "\u2028", "\u0301", "\u20dd", "\u2800", "\x07", "\ue000"],
)
def test_blanks_marks_and_controls_show_nothing(hidden):
    assert not text.is_visible(hidden)


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
