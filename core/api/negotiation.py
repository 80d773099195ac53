"""``Accept`` (RFC 9110, 12.5.1): which media types a caller takes, and whether ours is one."""

import re
from functools import lru_cache
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from core.api.renderers import JSONRenderer
from core.problems import CONTENT_TYPE

JSON = JSONRenderer()
MAX_REMEMBERED_CHARACTERS = 300  # clients send the same short header again and again

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_PARAMETER = rf"({_WORD})=({_WORD}|{_QUOTED})"
# Possessive throughout: 10,000 characters of anything are read once.
_RANGE = re.compile(
    rf"[ \t]*+({_WORD})/({_WORD})((?:[ \t]*+;[ \t]*+(?:{_PARAMETER})?+)*+)[ \t]*+(?=,|\Z)"
)
_NEXT = re.compile(rf'(?:[^",]|{_QUOTED}|")*?(?:,|\Z)')
_PARAMETERS = re.compile(_PARAMETER)
_WEIGHT = re.compile(r"0?\.[0-9]{1,9}|0\.?|1(?:\.0*+)?")  # Java sends ".2", which 12.4.2 forbids


def ranges_of(header: str) -> dict[str, float]:
    """Return the media ranges of a header in lower case, each with its weight from 0 to 1.

    What is malformed is left out. A parameter narrows a range to a variant that we do not have:
    such a range is taken as the whole one, but excludes nothing.

    >>> ranges_of("text/*;q=0.5, Application/JSON; charset=utf-8, x")
    {'text/*': 0.5, 'application/json': 1.0}
    """
    ranges: dict[str, float] = {}
    start = 0
    while start < len(header):
        match = _RANGE.match(header, start)
        if match is None:
            start = _NEXT.match(header, start).end()  # type: ignore[union-attr]  # it matches anything
            continue
        start = match.end() + 1
        parameters = {name.lower(): value for name, value in _PARAMETERS.findall(match[3])}
        text = parameters.pop("q", "1")
        if not _WEIGHT.fullmatch(text) or (match[1] == "*" and match[2] != "*"):
            continue
        weight = float(text)
        if weight or not parameters:
            name = f"{match[1]}/{match[2]}".lower()
            ranges[name] = max(weight, ranges.get(name, 0))
    return ranges


remembered = lru_cache(maxsize=256)(ranges_of)


def accepts(header: str, media_type: str) -> bool:
    """Tell whether a caller takes ``media_type``: the most specific range that fits decides.

    A header in which nothing can be read says as much as none.
    """
    read = remembered if len(header) <= MAX_REMEMBERED_CHARACTERS else ranges_of
    ranges = read(header)
    if not ranges:
        return True
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name] > 0
    return False


class Negotiation(DefaultContentNegotiation):
    """Refuses (406) a caller who takes nothing that a method of a route may answer with.

    That is what the view's renderers name and, for its errors, the problem document: generated
    clients and Swagger UI ask for just the types that the contract gives. An answer of 204 has no
    type: a view with such a method names no renderer, and DELETE needs none.
    """

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the JSON renderer, or raise NotAcceptable."""
        del format_suffix
        header = request.META.get("HTTP_ACCEPT", "*/*")
        if header not in {"*/*", JSON.media_type} and renderers and request.method != "DELETE":
            names = [CONTENT_TYPE, *(renderer.media_type for renderer in renderers)]
            if not any(accepts(header, name) for name in names):
                raise NotAcceptable(available_renderers=renderers)
        return JSON, JSON.media_type
