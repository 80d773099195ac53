"""An app's routes are tried only where an address begins with a segment of theirs."""

import pytest
from django.urls import Resolver404, include, path, re_path
from django.urls.resolvers import RegexPattern, RoutePattern

from core import plugs, segments


def view(request):
    """Answer nothing: it is never called."""


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (path("dogs", view), "dogs"),
        (path("dogs/<str:name>", view), "dogs"),
        (path("products.csv", view), "products.csv"),
        (re_path("^patients$", view), "patients"),
        (re_path(r"^patients/(?P<pk>[^/.]+)$", view), "patients"),
        (re_path(r"^patients\Z", view), "patients"),
        (re_path(r"^products.csv$", view), None),  # any character may stand for the dot
        (re_path(r"^dogs?/x$", view), None),
        (re_path(r"patients$", view), None),  # anywhere in the address
        (path("<str:name>", view), None),
        (path("", view), None),
    ],
    ids=lambda value: str(getattr(value, "pattern", value)),
)
def test_first_segments_are_read_where_there_is_one(route, expected):
    assert segments.first_segment(route) == expected


def test_an_app_stands_behind_its_segments():
    mounted = segments.mount([path("dogs/<str:name>", view), re_path("^files$", view)])
    assert mounted.resolve("dogs/rex").kwargs == {"name": "rex"}
    assert mounted.resolve("dogs/rex").route == "dogs/<str:name>"
    assert mounted.resolve("files").func is view
    for address in ("dogs", "cats/rex", "", "/dogs/rex", "dogsx/rex"):
        with pytest.raises(Resolver404):
            mounted.resolve(address)


def test_an_app_with_a_route_of_any_beginning_is_always_tried():
    mounted = segments.mount([path("dogs", view), path("<str:anything>/x", view)])
    assert type(mounted.pattern) is RoutePattern
    assert mounted.resolve("cats/x").kwargs == {"anything": "cats"}


def test_every_app_of_the_platform_has_first_segments():
    assert plugs.api_patterns()
    for mounted in plugs.api_patterns():
        assert isinstance(mounted.pattern, segments.FirstSegment)
        assert mounted.pattern.segments


def test_an_address_of_no_app_is_compared_with_no_route(monkeypatch):
    tried = []
    for kind in (RoutePattern, RegexPattern):
        match = kind.match
        monkeypatch.setattr(
            kind,
            "match",
            lambda self, path, match=match: tried.append(str(self)) or match(self, path),
        )
    for mounted in plugs.api_patterns():
        with pytest.raises(Resolver404):
            mounted.resolve("of-no-app/1")
    assert tried == []
    with pytest.raises(Resolver404):
        path("", include([path("one", view)])).resolve("two")  # what is counted without segments
    assert tried == ["", "one"]
