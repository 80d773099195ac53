"""TMDB misbehaving in every way that it can, over real HTTP: we answer, in time, and say so."""

import socket
import time
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from core.tests.outbound.helpers_calls import MARGIN_SECONDS, counted
from movies import catalog
from movies.models import CachedAnswer
from movies.tests.catalogs import layers
from movies.tests.factories import MovieFactory

pytestmark = pytest.mark.django_db
POPULAR = "/api/movies/popular"
MEGABYTE = 1024 * 1024

# name: (fault, reason that Cache-Status gives, calls that TMDB sees)
FAULTS = {
    "500": ({"status": 500}, "status", 3),
    "503": ({"status": 503}, "status", 3),
    "503 with a wait beyond all bounds": ({"status": 503, "retry_after": 86_400}, "status", 1),
    "429 with Retry-After": ({"status": 429, "retry_after": 30}, "status", 1),
    "401": ({"status": 401}, "unauthorized", 1),
    "404": ({"status": 404}, "status", 1),
    "timeout": ({"delay": 60}, "timeout", 3),
    "slow drip": ({"drip": True}, "timeout", 1),
    "slow drip of the headers": ({"drip_headers": True}, "timeout", 1),
    "reset": ({"reset": True}, "connection", 3),
    "reset in the body": ({"cut": True}, "connection", 3),
    "garbage": ({"garbage": True}, "garbage", 1),
    "wrong JSON type": ({"wrong_type": True}, "unexpected", 1),
    "200 with an error body": ({"error_body": True}, "unexpected", 1),
    "100 MB": ({"big": 100 * MEGABYTE}, "too_large", 1),
    "redirect to a private address": (
        {"redirect": "http://169.254.169.254/latest/meta-data"},
        "redirect",
        1,
    ),
}
SLOW = {  # the bounds that some of them run into
    "timeout": {"read": 0.1},
    "slow drip": {"total": 0.4},
    "slow drip of the headers": {"total": 0.4},
}
still = pytest.mark.usefixtures("still")


@pytest.fixture
def ask(user_api, bounds):
    """Call popular and return the answer, which came in time and is no 5xx but 503."""

    def get(path=POPULAR):
        started = time.monotonic()
        response = user_api.get(path)
        assert time.monotonic() - started < MARGIN_SECONDS
        assert response.status_code in {200, 503}
        return response

    return get


class Failing:
    """One way in which TMDB fails from ``begin()`` to ``end()``, and how often it was called."""

    def __init__(self, name, tmdb, bounds):
        self.name, self.tmdb, self.bounds = name, tmdb, bounds
        self.fault, self.reason, self.calls = FAULTS[name]

    def begin(self):
        self.tmdb.forget_calls()
        self.tmdb.faults.set("tmdb", **self.fault)
        self.bounds(**SLOW.get(self.name, {}))

    def end(self, times=1):
        times = 1 if "retry_after" in self.fault else times  # TMDB gets the rest that it asks for
        assert counted(self.tmdb, self.calls * times) == self.calls * times
        self.tmdb.faults.clear()
        layers(catalog.catalog())[-1].upstream.breaker.close()
        self.bounds()


@pytest.fixture(params=FAULTS)
def failing(request, tmdb, bounds):
    return Failing(request.param, tmdb, bounds)


def test_cold(ask, failing):
    failing.begin()
    response = ask()
    problem = response.json()
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    expected = "tmdb_refused" if failing.reason == "unauthorized" else "catalog_unavailable"
    assert problem["code"] == expected
    assert 1 <= int(response["Retry-After"]) <= 60
    assert CachedAnswer.objects.count() == 0
    failing.end()
    assert ask().status_code == 200


def test_warm(ask, tmdb, failing):
    first = ask()
    assert tmdb.calls("tmdb") == 1
    failing.begin()
    again = ask()
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Cache-Status"].startswith("plaza; hit; ttl=")
    assert tmdb.calls("tmdb") == 0


@still
def test_stale(ask, failing, age, logged):
    first = ask()
    age(hours=2)
    failing.begin()
    logged.clear()
    stale = ask()
    assert (stale.status_code, stale.content) == (200, first.content)
    assert stale["Age"] == "7200"
    assert stale["Cache-Status"] == f"plaza; fwd=stale; ttl=-7170; detail={failing.reason}"
    assert [record.getMessage() for record in logged if record.name == "plaza.outbound"] == [
        "upstream_failed"
    ]
    failing.end()
    fresh = ask()
    assert (fresh["Age"], fresh["Cache-Status"]) == ("0", "plaza; fwd=stale; stored")


FAIL = """
import django
django.setup()
from movies.errors import CatalogUnavailable
from movies.catalog.tmdb import Tmdb
try:
    Tmdb("http://127.0.0.1:1/3", api_key="SECRET-KEY").popular(page=1)
except CatalogUnavailable as error:
    print(error.reason)
"""


def test_the_error_is_one_structured_line_on_stderr_without_the_key(boot):
    environment = {
        "PATH": "/usr/bin:/bin",
        "SECRET_KEY": "k" * 40,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PLATFORM_APPS": "movies",
    }
    done = boot(FAIL, environment)
    assert done.returncode == 0
    assert done.stdout == "connection\n"
    (line,) = done.stderr.splitlines()
    said = orjson.loads(line)
    assert (said["level"], said["message"], said["upstream"]) == (
        "WARNING",
        "upstream_failed",
        "tmdb",
    )
    assert (said["reason"], said["path"], said["attempts"]) == ("connection", "/movie/popular", 3)
    assert "SECRET-KEY" not in line


@pytest.fixture
def lose_dns(bounds, settings, monkeypatch):
    """Return a function that moves TMDB to a name that nobody knows."""

    def nowhere(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    def lose():
        monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        settings.TMDB_API_URL = "https://tmdb.example/3"
        bounds()

    return lose


@still
@pytest.mark.parametrize("state", ["cold", "warm", "stale"])
def test_dns_failure(ask, tmdb, lose_dns, age, state):
    if state != "cold":
        first = ask()
    if state == "stale":
        age(hours=2)
    lose_dns()
    response = ask()
    if state == "cold":
        assert (response.status_code, response.json()["code"]) == (503, "catalog_unavailable")
    else:
        assert (response.status_code, response.content) == (200, first.content)
    if state == "stale":
        assert response["Cache-Status"] == "plaza; fwd=stale; ttl=-7170; detail=connection"


@pytest.mark.long
def test_an_unreachable_tmdb_keeps_to_its_real_bounds(user_api, tmdb):
    tmdb.faults.set("tmdb", drip=True)
    started = time.monotonic()
    assert user_api.get(POPULAR).status_code == 503
    assert 3 < time.monotonic() - started < 4 + MARGIN_SECONDS


def test_the_breaker_spares_tmdb_and_answers_at_once(ask, tmdb, age):
    first = ask()
    age(hours=1)
    tmdb.faults.set("tmdb", reset=True)
    for _ in range(5):
        ask()
    calls = tmdb.calls("tmdb")
    response = ask()
    assert (response.status_code, response.content) == (200, first.content)
    assert response["Cache-Status"].endswith("detail=breaker_open")
    assert tmdb.calls("tmdb") == calls
    cold = ask(f"{POPULAR}?page=2")
    assert (cold.status_code, cold["Retry-After"]) == (503, "15")
    assert tmdb.calls("tmdb") == calls


def test_tmdb_gets_the_rest_that_it_asks_for(ask, tmdb, age):
    first = ask()
    age(hours=1)
    tmdb.faults.set("tmdb", status=429, retry_after=60)
    assert ask()["Cache-Status"].endswith("detail=status")
    for _ in range(5):
        response = ask()
        assert response.content == first.content
        assert response["Cache-Status"].endswith("detail=breaker_open")
    cold = ask(f"{POPULAR}?page=2")
    assert (cold.status_code, cold["Retry-After"]) == (503, "60")
    assert tmdb.calls("tmdb") == 2


def test_a_wait_within_the_bound_is_obeyed(ask, tmdb):
    tmdb.faults.set("tmdb", status=429, retry_after=1, times=1)
    started = time.monotonic()
    assert ask().status_code == 200
    assert time.monotonic() - started >= 1
    assert tmdb.calls("tmdb") == 2


@still
def test_after_a_restart_without_tmdb_the_stale_copy_serves(ask, tmdb, settings, age):
    first = ask()
    age(hours=3)
    catalog._catalog.cache_clear()  # a new process knows nothing
    settings.TMDB_API_URL = "http://127.0.0.1:1/tmdb/3"
    response = ask()
    assert (response.status_code, response.content) == (200, first.content)
    assert response["Cache-Status"] == "plaza; fwd=stale; ttl=-10770; detail=connection"


@pytest.mark.parametrize("stale", [False, True])
def test_missing_credentials(ask, tmdb, settings, age, stale):
    if stale:
        ask()
        age(hours=1)
    settings.TMDB_API_KEY = ""
    response = ask()
    if stale:
        assert response["Cache-Status"].endswith("detail=not_configured")
    else:
        problem = response.json()
        assert (problem["status"], problem["code"]) == (503, "tmdb_not_configured")
        assert "set TMDB_ACCESS_TOKEN (v4) or TMDB_API_KEY (v3)" in problem["detail"]


def test_no_cache_at_all(ask, tmdb, settings):
    settings.MOVIES_CACHE_SECONDS = 0
    assert ask()["Cache-Status"] == "plaza; fwd=miss; stored"
    assert ask()["Cache-Status"] == "plaza; fwd=stale; stored"
    assert tmdb.calls("tmdb") == 2


@pytest.mark.usefixtures("still", "bounds")
@pytest.mark.parametrize(("days", "status"), [(29, 200), (31, 503)])
def test_a_movie_that_favourites_know_is_shown_without_tmdb(user_api, tmdb, days, status):
    fetched = timezone.now() - timedelta(days=days)
    movie = MovieFactory(pk=7, fetched_at=fetched)
    tmdb.faults.set("tmdb", status=500)
    answer = user_api.get("/api/movies/7")
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == movie.details
        assert int(answer["Age"]) == days * 86_400
        assert answer["Cache-Status"] == "plaza; fwd=stale; ttl=-2505570; detail=status"


def test_a_movie_and_what_needs_it(user_api, failing):
    failing.begin()
    wanted = 404 if failing.name == "404" else 503
    assert user_api.get("/api/movies/7").status_code == wanted
    post = user_api.post("/api/movies/favorites", {"movie_id": 7})
    assert post.status_code == wanted
    assert user_api.post("/api/movies/7/rating", {"stars": 3}).status_code == wanted
    assert user_api.get("/api/movies/favorites").json()["results"] == []
    failing.end(times=3)
