"""Bad input gets a 4xx problem document and changes nothing, on every route there is.

The corpus holds what made a plain DRF project answer 500. A new route joins by being registered.
"""

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model

from core.models import JournalEntry
from core.roles import Role
from tests.asserts import problem_of
from tests.routes import Route, all_routes, is_defect

ROUTES = all_routes()
WRITING = [route for route in ROUTES if route.method in {"POST", "PUT", "PATCH"}]
ADDRESSED = [route for route in ROUTES if route.parameters]
LISTS = [route for route in ROUTES if route.method == "GET" and route.action == "list"]
DEEP_LEVELS = 5_000

JSON_BODIES: dict[str, bytes] = {
    "malformed": b'{"name": ',
    "trailing": b'{"name": "x"} {"name": "y"}',
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "not a number": b'{"name": NaN}',
    "infinity": b'{"name": Infinity}',
    "huge exponent": b'{"name": 1e999}',
    "nul in a value": b'{"name": "a\\u0000b"}',
    "nul in a key": b'{"na\\u0000me": "x"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": 1}',
    "deep lists": b"[" * DEEP_LEVELS + b"]" * DEEP_LEVELS,
    "deep objects": b'{"a":' * DEEP_LEVELS + b"1" + b"}" * DEEP_LEVELS,
    "a deep value": b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}",
    "a list": b"[]",
    "a list of objects": b'[{"name": "x"}]',
    "a number": b"1",
    "a text": b'"name"',
    "null": b"null",
    "not utf-8": b'{"name": "\xff\xfe"}',
    "utf-16": '{"name": "x"}'.encode("utf-16"),
    "duplicate keys": b'{"name": "a", "name": "b"}',
}
CONTENT_TYPES = [
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-7",
    "application/json; charset=idna",
    "application/json; charset=unicode_escape",
    "application/json; charset=no-such-charset",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "x",
]
PATH_VALUES = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "9" * 5000,
    "99999999999999999999",
    "-1",
    "1e3",
    "%E2%80%AE",
    "%0d%0aX-Injected:%201",
    "{}",
    "zz",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "x" * 3000,
    "..",
    "%2e%2e%2fetc",
    "'%20OR%201=1--",
]
QUERIES = [
    "cursor=x",
    "cursor=%00",
    "cursor=eyJwIjpbIngiXX0",
    "cursor=" + "A" * 5000,
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=1e3",
    "limit=" + "9" * 5000,
    "limit=%D9%A3",
    "count=maybe",
    "search=%00",
    "search=" + "x" * 5000,
    "ordering=password",
    "ordering=-",
    "ordering=owner__password",
    "unknown=1",
    "name__regex=(",
    "created_at__year=0",
    "limit=1&limit=2",
    "%00=1",
    "id=%ED%A0%80",
]


def wrong_types(route: Route) -> bytes:
    """Return a body in which no field that the route reads has a type that it could take."""
    serializer = getattr(route.view, "serializer_class", None)
    names = ["name", "email", "password", "user", "movie_id", "stars", "file", "refresh"]
    if serializer is not None:
        names += [name for name, field in serializer().fields.items() if not field.read_only]
    return json.dumps({name: {"a": [True]} for name in names}).encode()


def stored() -> dict[str, int]:
    """Return how many rows every table of ours has, the journal's refusals and reads aside."""
    ours = [
        model
        for config in apps.get_app_configs()
        if config.module is not None and hasattr(config, "beat_schedule")
        for model in config.get_models()
    ]
    counted = {model: f'SELECT COUNT(*) FROM "{model._meta.db_table}"' for model in ours}  # noqa: S608 - our tables
    counted[JournalEntry] += " WHERE action NOT IN ('refused', 'read', 'export')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({'), ('.join(counted.values())})")
        return {
            model._meta.label: number
            for model, number in zip(counted, cursor.fetchone(), strict=True)
        }


def is_problem(response, *, at_least: int = 400) -> None:
    """The answer is a problem document that blames the caller."""
    assert at_least <= response.status_code < 500, response.content[:300]
    if response["Content-Type"] != "application/problem+json":
        # The credentials routes of the brief 001 have the brief's own bodies.
        assert "credentials" in response.wsgi_request.path
        assert list(response.json()) == ["message"]
        return
    assert problem_of(response)["code"]


@pytest.fixture
def admin(client_for):
    return client_for(Role.ADMIN)


def send(client, route: Route, path: str | None = None, **options: Any):
    """Send ``route``'s request with a raw body."""
    return client.generic(route.method, path or route.path(), **options)


@pytest.mark.django_db
@pytest.mark.parametrize("route", WRITING, ids=str)
def test_bodies(route, admin):
    before = stored()
    for name, body in {**JSON_BODIES, "wrong types": wrong_types(route)}.items():
        response = send(admin, route, data=body, content_type="application/json")
        if route.template.endswith("logout"):
            # Signing out with the caller's own token needs no body; one that is no object is 400.
            assert response.status_code < 500, name
            continue
        is_problem(response)
    if not route.template.endswith("logout"):
        assert stored() == before


@pytest.mark.django_db
@pytest.mark.parametrize("route", WRITING, ids=str)
def test_content_types(route, admin):
    before = stored()
    for content_type in CONTENT_TYPES:
        is_problem(send(admin, route, data=b'{"a": 1}', content_type=content_type))
    assert stored() == before


@pytest.mark.django_db
@pytest.mark.parametrize("route", ADDRESSED, ids=str)
def test_addresses(route, admin):
    before = stored()
    for value in PATH_VALUES:
        path = route.path(**dict.fromkeys(route.parameters, value))
        response = send(admin, route, path, data=b"{}", content_type="application/json")
        if route.method == "POST" and response.status_code < 300:
            # A dog may be called that: then it is found under that name.
            assert admin.get(path).status_code == 200
            before = stored()
            continue
        is_problem(response)
    assert stored() == before


@pytest.mark.django_db
@pytest.mark.parametrize("route", LISTS, ids=str)
def test_queries(route, admin):
    for query in QUERIES:
        response = admin.get(f"{route.path()}?{query}")
        is_problem(response)


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_unknown_query_parameters(route, admin):
    before = stored()
    response = send(
        admin, route, f"{route.path()}?no_such=1", data=b"{}", content_type="application/json"
    )
    is_problem(response)
    assert stored() == before


HEADERS = [
    {"HTTP_IF_MATCH": '"' + "x" * 3000},
    {"HTTP_IF_NONE_MATCH": "\x00"},
    {"HTTP_ACCEPT_LANGUAGE": "x" * 3000},
    {"HTTP_X_REQUEST_ID": "\x00\n"},
    {"HTTP_ACCEPT": "application/json;q=zz, ;;;"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_headers(route, admin):
    for header in HEADERS:
        response = send(admin, route, data=b"[]", content_type="application/json", **header)
        assert not is_defect(response), header


def test_the_corpus_meets_something():
    """A URL map without routes would make every test above pass."""
    assert len(WRITING) > 8
    assert len(ADDRESSED) > 6
    assert len(LISTS) > 3
    assert issubclass(JournalEntry, Model)
