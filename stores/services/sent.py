"""What a phone sent: one document of JSON as bytes, read without trusting it.

A document is kept to the byte, so that a phone gets its own fields back as it wrote them. What the
kernel refuses of a whole body (NUL, lone surrogates, keys given twice, numbers that are infinite or
beyond 64 bits, nesting beyond 32 levels) is here a finding about one document: the others of its
batch must not wait for it. A text cut inside an emoji is repaired where only people read it.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import orjson

from core.api.parsers import MAX_DEPTH, depth
from core.api.query import MAX_SHOWN_CHARACTERS
from core.text import UNSTORABLE, is_storable
from core.values import INT64_MAX, INT64_MIN
from stores.constants import MAX_PROBLEMS, SERVER_FIELDS

Problem = dict[str, str]

FOLD_LEVELS = 900  # orjson reads 1,024

# An escape of JSON: a pair of surrogates, NUL or half a pair, any other.
ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
# A text, or else a number or a bracket. They pass over each byte once, whatever it is: a text that
# does not end is not tried again from each of its quotes.
NUMBERS = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"?|(-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)', re.DOTALL
)
BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
BLANKS = re.compile(rb"[ \t\r\n]*")
AFTER_KEY = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
SCALAR = re.compile(rb"[^ \t\r\n,}\]]+")
# Texts that are for people only: hurt ones are repaired.
FREE_TEXT = re.compile(r"note|app_version|unrecognised\[[0-9]+\]\.text|subject|details")


class Sent(NamedTuple):
    """One document as it was sent.

    ``doc`` has the client's fields, as text of JSON; ``fields`` are the same, read. ``server`` are
    those that the server owns: a phone that has its visit's document sends them, too. ``text`` is
    all of it. ``problems`` say why the document cannot be used at all.
    """

    text: str
    doc: str
    fields: dict[str, Any]
    server: dict[str, Any]
    problems: list[Problem]
    is_repaired: bool = False


def problem(field: str, code: str) -> Problem:
    """Return one reason why a document cannot be used; the field's name is the phone's own text."""
    return {"field": UNSTORABLE.sub("\ufffd", field)[:MAX_SHOWN_CHARACTERS], "code": code}


def mend(raw: bytes) -> bytes:
    """Return JSON that every reader takes, as long as before.

    It has U+FFFD for each escaped NUL and lone surrogate, and another number for each one that
    would be infinite.
    """

    def text(match: re.Match[bytes]) -> bytes:
        return b"\\ufffd" if match[1] else match[0]

    def number(match: re.Match[bytes]) -> bytes:
        is_finite = not match[1] or math.isfinite(float(match[1]))
        return match[0] if is_finite else b"1." + b"0" * (len(match[0]) - 2)

    return NUMBERS.sub(number, ESCAPES.sub(text, raw))


def load(raw: bytes) -> tuple[Any, bool]:
    """Return what JSON says, hurt texts mended, and whether it could be read as it is.

    Raises:
        JSONDecodeError: it is not well-formed.
    """
    try:
        return orjson.loads(raw), True
    except orjson.JSONDecodeError as error:
        try:
            return orjson.loads(fold(mend(raw))), False
        except orjson.JSONDecodeError:
            raise error from None


def fold(raw: bytes) -> bytes:
    """Return JSON with 0 for what is nested deeper than any parser goes, as long as before.

    Raises:
        JSONDecodeError: what was folded is not well-formed.
    """
    folded, open_at = bytearray(raw), list[int]()
    for token in BRACKETS.finditer(raw):
        if token[0] in (b"{", b"["):
            open_at.append(token.start())
        elif token[0] in (b"}", b"]") and open_at:
            start, end = open_at.pop(), token.end()
            if open_at and len(open_at) % FOLD_LEVELS == 0:
                orjson.loads(folded[start:end])
                folded[start:end] = b"0".ljust(end - start)
    return bytes(folded)


def end_of(raw: bytes, start: int) -> int:
    """Return where the value that begins at ``start`` ends, in JSON that is well-formed."""
    first = raw[start : start + 1]
    if first == b'"':
        return STRING.match(raw, start).end()  # type: ignore[union-attr]  # well-formed
    if first not in b"{[":
        return SCALAR.match(raw, start).end()  # type: ignore[union-attr]  # well-formed
    level = 0
    for token in BRACKETS.finditer(raw, start):
        mark = token[0]
        if mark in (b"{", b"["):
            level += 1
        elif mark in (b"}", b"]"):
            level -= 1
            if level == 0:
                return token.end()
    raise ValueError("not well-formed")


def skip_blanks(raw: bytes, start: int) -> int:
    """Return where the blanks that begin at ``start`` end."""
    return BLANKS.match(raw, start).end()  # type: ignore[union-attr]  # matches nothing, too


def values_of(raw: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield where each value of the well-formed list that opens at ``start`` begins and ends."""
    place = skip_blanks(raw, start + 1)
    while raw[place] != ord("]"):
        end = end_of(raw, place)
        yield place, end
        place = skip_blanks(raw, end)
        if raw[place] == ord(","):
            place = skip_blanks(raw, place + 1)


def members_of(raw: bytes, start: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each member of a well-formed object: its key in quotes, and its value's range.

    The object opens at ``start``; a key given twice comes twice.
    """
    place = skip_blanks(raw, start + 1)
    while raw[place] != ord("}"):
        key_end = STRING.match(raw, place).end()  # type: ignore[union-attr]  # well-formed
        value = AFTER_KEY.match(raw, key_end).end()  # type: ignore[union-attr]  # well-formed
        end = end_of(raw, value)
        yield raw[place:key_end], value, end
        place = skip_blanks(raw, end)
        if raw[place] == ord(","):
            place = skip_blanks(raw, place + 1)


def without(raw: bytes, names: frozenset[bytes]) -> bytes:
    """Return an object without the members of these names (in quotes), the others to the byte."""
    kept = [
        key + b":" + raw[start:end]
        for key, start, end in members_of(raw, 0)
        if (orjson.dumps(orjson.loads(key)) if b"\\" in key else key) not in names
    ]
    return b"{" + b",".join(kept) + b"}"


SERVER_KEYS = frozenset(orjson.dumps(name) for name in SERVER_FIELDS)


def sent_of(raw: bytes, content: dict[str, Any], *, is_checked: bool) -> Sent:
    """Return one document; ``content`` is what :func:`load` makes of ``raw``.

    With ``is_checked`` the kernel's checks have passed the whole body.
    """
    mended, is_repaired = raw, False
    problems: list[Problem] = []
    if not is_checked:
        mended = mend(raw)
        problems, is_repaired = findings(raw, mended, content)
    fields = {name: value for name, value in content.items() if name not in SERVER_FIELDS}
    server = {name: content[name] for name in SERVER_FIELDS if name in content}
    doc = without(mended, SERVER_KEYS).decode()
    return Sent(raw.decode(), doc, fields, server, problems, is_repaired)


def read(text: str) -> Sent:
    """Return a document that was kept as :attr:`Sent.text`."""
    raw = text.encode()
    return sent_of(raw, load(raw)[0], is_checked=False)


class Members(dict[str, Any]):
    """An object of JSON that knows which key it was given ``twice``, if any."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        is_doubled = len(self) < len(pairs)
        counted = Counter(key for key, _value in pairs) if is_doubled else Counter[str]()
        self.twice = counted.most_common(1)[0][0] if is_doubled else None


def whole(text: str) -> float:
    """Return a whole number; ``math.nan``, which JSON has not, for one beyond 64 bits."""
    is_near = len(text) <= len(str(INT64_MIN))
    return int(text) if is_near and INT64_MIN <= int(text) <= INT64_MAX else math.nan


def findings(raw: bytes, mended: bytes, content: dict[str, Any]) -> tuple[list[Problem], bool]:
    """Return what is wrong with one document, and whether a text of it was repaired."""
    if depth(content) > MAX_DEPTH:
        return [problem("", "json_too_deep")], False
    read = json.loads(raw, object_pairs_hook=Members, parse_int=whole)
    found = (
        problem(path, code)
        for path, code in faults_of(read, "")
        if code != "invalid_text" or not FREE_TEXT.fullmatch(path)
    )
    problems = list(islice(found, MAX_PROBLEMS))
    return problems, mended != raw and not problems


def faults_of(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path of each part that cannot be used, and why that is."""
    if code := fault_of(value):
        yield path, code
    elif isinstance(value, Members):
        for key, child in value.items():
            below = f"{path}.{key}" if path else key
            if code := fault_of(key):
                yield path, code
            if key == value.twice:
                yield below, "json_duplicate_key"
            yield from faults_of(child, below)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from faults_of(child, f"{path}[{index}]")


def fault_of(value: Any) -> str:
    """Tell what is wrong with a text that no database stores, or a number that would change."""
    if isinstance(value, str):
        return "" if is_storable(value) else "invalid_text"
    if isinstance(value, float) and not math.isfinite(value):
        return "json_integer_too_large" if math.isnan(value) else "max_value"
    return ""
