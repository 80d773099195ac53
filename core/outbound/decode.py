"""JSON from outside, read as far as it can be: one odd value must not cost the whole document."""

import json
import re
from collections.abc import Callable
from typing import Any

import orjson

# Deeper than any document that somebody means; Python's own reader gives up at about 1,000.
MAX_DEPTH = 64
MAX_DIGITS = 19  # of a 64-bit number; int() of thousands would take its time or raise
MAX_ERROR_BYTES = 64 * 1024  # of an error's document; a longer one is no upstream's own
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def decode(body: bytes) -> Any:
    """Return what a JSON text holds; lenient with what orjson refuses.

    That is NaN and Infinity (a float), whole numbers beyond 64 bits (a float), control characters
    and halves of surrogate pairs in a text (they stay), bytes that are no UTF-8 (they become
    U+FFFD), a byte order mark and UTF-16, and values nested deeper than `MAX_DEPTH` (null).

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = _shallow(body).decode(json.detect_encoding(body), "replace")
    try:
        return json.loads(text, strict=False, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


def _shallow(body: bytes) -> bytes:
    """Return a JSON text with null instead of each value that is nested too deep."""
    depth, start, kept = 0, 0, []
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if sign in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept.append(body[start : token.start()])
        elif sign in b"]}":
            depth -= 1
            if depth == MAX_DEPTH:
                kept.append(b"null")
                start = token.end()
    if not kept:
        return body
    if depth > MAX_DEPTH:  # it ends inside
        raise ValueError("nested too deep")
    return b"".join([*kept, body[start:]])


class UnusableError(Exception):
    """A body that is no answer; `reason` is as of UpstreamError."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def usable(
    body: bytes,
    loads: Callable[[bytes], Any],
    root: type,
    parse: Callable[[Any], Any] | None,
) -> Any:
    """Return what a body says, or raise UnusableError."""
    try:
        document = loads(body)
    except ValueError:
        raise UnusableError("garbage") from None
    if not isinstance(document, root):
        raise UnusableError("unexpected")
    try:
        return parse(document) if parse else document
    except (ValueError, TypeError, LookupError):
        raise UnusableError("unexpected") from None


def error_document(body: bytes) -> Any:
    """Return what an error's body says in JSON, if it does."""
    try:
        return orjson.loads(body) if len(body) <= MAX_ERROR_BYTES else None
    except ValueError:
        return None
