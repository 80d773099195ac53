"""JSON from outside: what is odd in one place costs that place only."""

import math

import pytest

from core.outbound.decode import decode


def deep(levels, sign=b"[]"):
    return sign[:1] * levels + sign[1:] * levels


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'{"a": Infinity, "b": -Infinity}', {"a": math.inf, "b": -math.inf}),
        (b'{"a": 1e999}', {"a": math.inf}),
        (b'{"a": %s}' % (b"9" * 5000), {"a": math.inf}),
        (b'{"a": "x\\ud800y"}', {"a": "x\ud800y"}),
        (b'{"a": "x\x00y\n"}', {"a": "x\x00y\n"}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'\xef\xbb\xbf{"a": NaN, "b": 1}', {"b": 1}),
        ('{"a": "ñ"}'.encode("utf-16"), {"a": "ñ"}),
        (b'{"a": %s, "b": 1}' % deep(5000), {"b": 1}),
        (b'{"a": "[[[\\"[", "c": %s, "b": 1}' % deep(1500), {"a": '[[["[', "b": 1}),
    ],
)
def test_what_is_read(body, value):
    found = decode(body)
    assert {name: found[name] for name in value} == value


def test_a_number_that_is_none():
    assert math.isnan(decode(b'{"a": NaN}')["a"])


def test_what_is_nested_too_deep_is_left_out():
    found = decode(b"[1, %s, 2]" % deep(100_000))
    levels, inner = 0, found[1]
    while inner:
        levels, (inner,) = levels + 1, inner
    assert (found[0], found[2], levels, inner) == (1, 2, 63, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>\xff\x00 gateway",
        b'{"a": 1',
        b'{"a": tru}',
        b"[" * 100_000,
        b"]" * 10,
        b'{"a": 1}}',
        b'"' * 99_999,
        b'{"a": "' + b"\\" * 99_999,
    ],
)
def test_what_is_no_json(body):
    with pytest.raises(ValueError):  # noqa: PT011 - the json module's own words
        decode(body)
