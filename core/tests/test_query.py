"""The query string and the path: known, once, readable, bounded."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.api.query import (
    MAX_CURSOR_CHARACTERS,
    MalformedPath,
    check_path,
    check_query,
    parse_bool,
    parse_int,
    path_key,
)
from core.errors import NotFound

ALLOWED = frozenset({"search", "cursor", "limit"})


def check(query, **extra):
    check_query(RequestFactory().generic("GET", "/things", QUERY_STRING=query, **extra), ALLOWED)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "search=rex",
        "search=&limit=5",
        "search=" + "a" * 500,
        "search=" + "%F0%9F%98%80" * 500,
        "cursor=" + "a" * MAX_CURSOR_CHARACTERS,
        "search=%25_%27%22%3B--",
    ],
)
def test_queries_that_pass(query):
    check(query)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("colour=red", "colour", "unknown_parameter"),
        ("Search=rex", "Search", "unknown_parameter"),
        ("search%5B%5D=rex", "search[]", "unknown_parameter"),
        ("format=api", "format", "unknown_parameter"),
        ("=1", "", "unknown_parameter"),
        ("a%00b=1", "a\ufffdb", "unknown_parameter"),
        ("%ED%A0%80=1", "\ufffd\ufffd\ufffd", "unknown_parameter"),
        ("x" * 5000 + "=1", "x" * 60, "unknown_parameter"),
        ("search=a&search=a", "search", "repeated_parameter"),
        ("limit=1&search=a&limit=2", "limit", "repeated_parameter"),
        ("search=" + "a" * 501, "search", "too_long"),
        ("cursor=" + "a" * (MAX_CURSOR_CHARACTERS + 1), "cursor", "too_long"),
        ("search=a%00", "search", "invalid_text"),
        ("search=%FF", "search", "invalid_text"),
        ("search=%ED%A0%80", "search", "invalid_text"),
        ("search=%C0%80", "search", "invalid_text"),
        ("search=%EF%BF%BD", "search", "invalid_text"),
    ],
)
def test_queries_that_are_refused(query, field, code):
    with pytest.raises(ValidationError) as caught:
        check(query)
    assert list(caught.value.detail) == [field]
    assert [error.code for error in caught.value.detail[field]] == [code]


def test_too_many_parameters_are_400():
    with pytest.raises(ValidationError) as caught:
        check("&".join(f"p{index}=1" for index in range(1001)))
    assert caught.value.detail[0].code == "too_many_parameters"


@pytest.mark.parametrize("charset", ["utf-7", "idna", "unicode_escape", "utf-16", "latin-1"])
def test_the_charset_of_a_body_does_not_decode_the_query(charset):
    http = RequestFactory().generic(
        "GET",
        "/x",
        QUERY_STRING="search=%C3%A9",
        content_type=f"application/json; charset={charset}",
    )
    request = Request(http)
    check_query(request, ALLOWED)
    assert request.query_params == QueryDict("search=é")


@pytest.mark.parametrize("value", ["rex", "ñandú 😀", "a" * 200, "%", "..", 5, None])
def test_path_arguments_that_pass(value):
    check_path({"name": value})


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "a\nb", "\x1b[0m", "\x7f", "\x85", "\ud800"])
def test_control_characters_in_the_path_are_400(value):
    with pytest.raises(MalformedPath) as caught:
        check_path({"pk": "1", "name": value})
    assert (caught.value.status_code, caught.value.detail.code) == (400, "malformed_path")


def test_a_path_argument_of_any_length_is_404():
    with pytest.raises(NotFound):
        check_path({"name": "a" * 201})


def test_a_key_in_the_path_has_one_spelling():
    assert path_key("10") == 10
    for value in ("0", "010", "1_0", "\uff11", "9" * 5000):
        with pytest.raises(NotFound):
            path_key(value)


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("200", 200), ("-5", -5), ("007", 7)])
def test_whole_numbers(value, number):
    assert parse_int(value, -5, 200) == number


@pytest.mark.parametrize(
    "value",
    [
        *["", " 1", "1 ", "+1", "1_0", "1.0", "1e2", "0x1", "-", "--1", "201", "-6", "1\n"],
        *["\u0663", "\uff11", "\u00b2", "9" * 20, "9" * 5000, "-" + "9" * 5000, "true", "NaN"],
    ],
)
def test_what_is_no_whole_number_in_range(value):
    with pytest.raises(ValidationError) as caught:
        parse_int(value, -5, 200, name="limit")
    assert [error.code for error in caught.value.detail["limit"]] == ["invalid"]
    with pytest.raises(ValidationError):
        parse_int(value, -5, 200)


def test_64_bit_fit():
    assert parse_int(str(2**63 - 1), -(2**63), 2**63 - 1) == 2**63 - 1
    assert parse_int(str(-(2**63)), -(2**63), 2**63 - 1) == -(2**63)


@pytest.mark.parametrize(
    ("value", "flag"),
    [("true", True), ("True", True), ("1", True), ("false", False), ("FALSE", False), ("0", False)],
)
def test_flags(value, flag):
    assert parse_bool(value) is flag


@pytest.mark.parametrize("value", ["", "yes", "t", "2", "none", " true", "tru\u0435"])
def test_what_is_no_flag(value):
    with pytest.raises(ValidationError) as caught:
        parse_bool(value, name="count")
    assert list(caught.value.detail) == ["count"]
