"""Pages as a view would answer them, and walks from page to page."""

import random

from django.contrib.auth.models import Group
from django.test import RequestFactory
from rest_framework.request import Request

from core.api.pagination.keyset import Keyset
from core.api.pagination.paginator import KeysetPagination


def page_of(queryset, query="", *, path="/api/things", ordering=()):
    """Return the body of one page, as a view would answer it."""
    request = Request(RequestFactory().generic("GET", path, QUERY_STRING=query))
    view = type("View", (), {"ordering": ordering})()
    paginator = KeysetPagination()
    rows = paginator.paginate_queryset(queryset, request, view)
    return paginator.get_paginated_response(rows).data


def query_of(link):
    address, _mark, query = link.partition("?")
    assert address == "http://testserver/api/things"
    return query


def walk(queryset, query="limit=50", *, link="next", **options):
    """Return all pages from ``query`` on, following ``link``."""
    pages = [page_of(queryset, query, **options)]
    while pages[-1][link]:
        pages.append(page_of(queryset, query_of(pages[-1][link]), **options))
        assert len(pages) < 500
    return pages


def rows_of(pages):
    return [row for page in pages for row in page["results"]]


def make_groups(count):
    names = [f"g{index:05d}" for index in range(count)]
    random.Random(7).shuffle(names)
    Group.objects.bulk_create(Group(name=name) for name in names)


def assert_walks(queryset, limit, **options):
    """Walk forth to the end and back to the start: the pages are the ordered list's slices."""
    expected = list(queryset.order_by(*Keyset.of(queryset, options.get("ordering", ())).order_by()))
    slices = [expected[at : at + limit] for at in range(0, len(expected), limit)] or [[]]
    forth = walk(queryset, f"limit={limit}", **options)
    assert [page["results"] for page in forth] == slices
    assert forth[0]["previous"] is None
    assert all(page["previous"] for page in forth[1:])
    assert forth[-1]["next"] is None
    if len(forth) > 1:
        back = walk(queryset, query_of(forth[-1]["previous"]), link="previous", **options)
        assert [page["results"] for page in back] == slices[-2::-1]
        assert all(page["next"] for page in back)
        again = walk(queryset, query_of(back[-1]["next"]), **options)
        assert [page["results"] for page in again] == slices[1:]


def follow(queryset, page, link):
    return page_of(queryset, query_of(page[link]))
