"""``If-Match`` and ``If-None-Match`` (RFC 9110, 13.1): what a request expects of what it addresses.

Dates are not compared: no resource has a ``Last-Modified`` (13.1.4 has ``If-Unmodified-Since``
ignored then). A list that is malformed names nothing, and no write goes on because of it.
"""

import re
from collections.abc import Callable

from rest_framework.request import Request

from core.errors import PreconditionFailed

# RFC 9110, 8.8.3 and 5.6.1: elements may be empty. Possessive: a long header is read once.
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\U0010ffff]*+"'
_LIST = re.compile(rf"[ \t,]*+(?:{_TAG}[ \t]*+(?:,[ \t,]*+|\Z))*+")
_TAGS = re.compile(_TAG)
ANY = "*"


def tags_of(header: str) -> list[str] | None:
    """Return the entity tags that a header lists, ``[ANY]`` for ``*``; None if it is malformed."""
    if header.strip(" \t") == ANY:
        return [ANY]
    return _TAGS.findall(header) if _LIST.fullmatch(header) else None


def is_unchanged(header: str, etag: str) -> bool:
    """Tell whether ``If-None-Match: header`` of a read names ``etag``, by weak comparison."""
    tags = tags_of(header) or []
    return tags == [ANY] or etag in [tag.removeprefix("W/") for tag in tags]


def require_match(header: str, etag: str) -> None:
    """Raise PreconditionFailed unless ``If-Match: header`` names ``etag``, by strong comparison.

    A weak tag matches nothing, an empty list neither.
    """
    tags = tags_of(header) or []
    if tags != [ANY] and etag not in tags:
        raise PreconditionFailed(current=etag)


def require_none(header: str, etag: str) -> None:
    """Raise PreconditionFailed if ``If-None-Match: header`` of a write names ``etag``."""
    if tags_of(header) is None or is_unchanged(header, etag):
        raise PreconditionFailed(current=etag)


def if_match_of(request: Request) -> str | None:
    """Return ``If-Match``, or what it was before our own proxy made its one tag weak (by gzip)."""
    header: str | None = request.META.get("HTTP_X_STRONG_IF_MATCH")
    return request.META.get("HTTP_IF_MATCH") if header is None else header


def check_existing(request: Request, etag: Callable[[], str]) -> None:
    """Compare the preconditions of a write with what it addresses, of which ``etag`` makes the tag.

    Raises:
        PreconditionFailed: one does not hold. ``If-Match`` comes first (RFC 9110, 13.2.2).
    """
    match, none = if_match_of(request), request.META.get("HTTP_IF_NONE_MATCH")
    if match is None and none is None:
        return
    tag = etag()
    if match is not None:
        require_match(match, tag)
    if none is not None:
        require_none(none, tag)


def check_untagged(request: Request, *, exists: bool) -> None:
    """Compare the preconditions of a write with something that has no entity tag.

    That is a collection, or what the write is about to create (``exists`` is False). Its
    ``If-None-Match`` holds: whoever sends ``*`` wants nothing overwritten, and nothing is.

    Raises:
        PreconditionFailed: ``If-Match`` names a tag, or ``*`` where there is nothing.
    """
    header = if_match_of(request)
    if header is not None and not (exists and tags_of(header) == [ANY]):
        raise PreconditionFailed
