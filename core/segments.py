"""Routes of an app behind the first segments of their addresses.

Django tries one route after the other, and an address of the last app is compared with those of all
apps before: with seven apps that was a fifth of a small request's function calls. So each app's
routes stand behind one look at the address's first segment.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import RegexPattern, RoutePattern

# ``dogs`` of "dogs/<str:name>", ``patients`` of "^patients/(?P<pk>[^/.]+)$".
LITERAL: dict[type, re.Pattern[str]] = {
    RoutePattern: re.compile(r"([\w.-]+)(?:/|\Z)"),
    RegexPattern: re.compile(r"\^([\w-]+)(?:/|\$\Z|\\Z\Z)"),
}

type_route = URLPattern | URLResolver


class FirstSegment(RoutePattern):
    """Takes nothing off an address; fits where its first segment is one of these."""

    def __init__(self, segments: Iterable[str]) -> None:
        super().__init__("")
        self.segments = frozenset(segments)

    def match(self, path: str) -> Any:
        """Return the whole address as what is left to match, or None."""
        return (path, (), {}) if path.partition("/")[0] in self.segments else None


def first_segment(route: type_route) -> str | None:
    """Return the segment that all addresses of a route begin with; None if there is none such."""
    literal = LITERAL.get(type(route.pattern))
    match = literal and literal.match(str(route.pattern))
    return match[1] if match else None


def mount(routes: Sequence[type_route]) -> URLResolver:
    """Return an app's routes behind their first segments, if all of them have one."""
    mounted = path("", include(list(routes)))
    segments = [first_segment(route) for route in routes]
    if all(segments):
        mounted.pattern = FirstSegment(filter(None, segments))
    return mounted
