"""Paths folded to routes, so that a report has a line per route and not per id."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

HIDDEN_ID = "{id}"
CREDENTIALS = re.compile(rb"(?:/api)?/allies/(.*)/credentials/*", re.DOTALL)
# What looks made by a machine: numbers, UUIDs, long tokens with a digit.
MACHINE_MADE = re.compile(
    r"[0-9]+|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|(?=[^/]*[0-9])[\w~.=%-]{20,}"
)
MAYBE = re.compile(r"[0-9]|(?:-.*){4}")
MAX_ROUTE_CHARACTERS = 200
MAX_ALLY_CHARACTERS = 200
MAX_KNOWN_BYTES = 500


class Route(NamedTuple):
    """A path without its ids; ``ally`` is set on the credentials routes."""

    shown: str
    ally: str | None


def text(raw: bytes) -> str:
    """Return bytes as a person can read them, whatever their encoding."""
    shown = raw.decode("utf-8", "backslashreplace")
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def route_of(path: bytes) -> Route:
    """Return the route that a path belongs to."""
    # What is remembered must stay small: somebody may send thousands of paths of 60 KB.
    return known_route(path) if len(path) <= MAX_KNOWN_BYTES else read_route(path)


@lru_cache(maxsize=16_384)
def known_route(path: bytes) -> Route:
    """Return the route of a path that may come again."""
    return read_route(path)


def read_route(path: bytes) -> Route:
    """Return the route of a path."""
    bare = path.partition(b"?")[0].partition(b"#")[0]
    if bare.startswith((b"http://", b"https://")):
        bare = b"/" + bare.split(b"/", 3)[3] if bare.count(b"/") > 2 else b"/"  # noqa: PLR2004 - scheme and host
    plain = unquote_to_bytes(bare) if b"%" in bare else bare
    match = CREDENTIALS.fullmatch(plain)
    if match is not None:
        prefix = "/api" if bare.startswith(b"/api/") else ""
        return Route(
            f"{prefix}/allies/{HIDDEN_ID}/credentials", text(match[1])[:MAX_ALLY_CHARACTERS]
        )
    shown = text(bare).rstrip("/")
    if MAYBE.search(shown):
        parts = shown.split("/")
        shown = "/".join(
            HIDDEN_ID if not part.isalpha() and MACHINE_MADE.fullmatch(part) else part
            for part in parts
        )
    return Route(shown[:MAX_ROUTE_CHARACTERS] or "/", None)
