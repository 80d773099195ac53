"""What a text and an address must not have in them."""

import pytest
from django.core.exceptions import ValidationError

from core.tests.test_text import NOTHING
from core.validators import plain_email, plain_text, visible_email


def code_of(check, value):
    try:
        check(value)
    except ValidationError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "good",
    [
        "Rex",
        "José  Ñandú",
        "🐕",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "Z" + "\u0334\u0301" * 20,
        "\u845b\U000e0100",
        "Lu\u3164na",
    ],
)
def test_plain(good):
    assert code_of(plain_text, good) is None


@pytest.mark.parametrize(
    "hidden", ["\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u0301", "\u034f", "\ufe0f", "\u200d"]
)
def test_a_text_that_shows_nothing(hidden):
    assert code_of(plain_text, hidden) == "invisible"
    assert code_of(plain_text, f"{hidden}\u3000{hidden}") == "invisible"


@pytest.mark.parametrize(
    "odd", [*"\u00ad\u180e\u200b\u200e\u2066\ufeff\u2028\u2029\n\x00", "\U000e0001"]
)
def test_a_text_with_a_character_that_cannot_be_shown(odd):
    assert code_of(plain_text, f"Lu{odd}na") == "not_plain_text"


@pytest.mark.parametrize(
    "good",
    [
        "ana@example.com",
        "ana@xn--mnchen-3ya.example",
        "ana@münchen.example",
        "ana@faß.example",
        "ana@diyarbak\u0131r.example",
        "o'brien+x@example.com",
        "ana@localhost",
        "ana@[127.0.0.1]",
    ],
)
def test_an_address(good):
    assert code_of(plain_email, good) is None


@pytest.mark.parametrize("character", NOTHING)
@pytest.mark.parametrize("place", ["zo{}e@example.com", "zoe@exam{}ple.com", "zoe@example.com{}"])
def test_no_address_has_what_shows_nothing(character, place):
    email = place.format(character)
    assert code_of(plain_email, email) == code_of(visible_email, email) == "invisible"


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("\u017fam@example.com", "not_ascii"),
        ("\u0131an@example.com", "not_ascii"),
        ("\u0130an@example.com", "not_ascii"),
        ("\u212aim@example.com", "not_ascii"),
        ("zoe@\u212aim.example", "invalid_domain"),
        ("zoe@\uff45xample.com", "invalid_domain"),
        ("zoe@mail\u3002example.com", "invalid_domain"),
        ("zoe@e\u017fempio.com", "invalid_domain"),
        ("zoe@\u0301jemplo.com", "invalid_domain"),
        ("zoe@\u2603.example", "invalid_domain"),
        ("zoe@xn--zzzzzz.example", "invalid_domain"),
        ("zoe@" + "ñ" * 60 + ".example", "invalid_domain"),
        ("a" * 60 + "@" + ("ñ" * 20 + ".") * 8 + "co", "max_length"),
        ('"\x07"@example.com', "invisible"),
        ("zo\u00e9@example.com", None),  # Django's own check refuses these
        ("zoe", None),
    ],
)
def test_an_address_that_looks_like_another_one(email, code):
    assert code_of(plain_email, email) == code
