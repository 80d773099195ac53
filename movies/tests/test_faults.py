"""TMDB misbehaving in every way that it can, over real HTTP: we answer, in time, and say so."""

import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from django.utils import timezone

from movies import caching
from movies.models import CachedAnswer
from movies.tests.factories import MovieFactory

pytestmark = pytest.mark.django_db
POPULAR = "/api/movies/popular"
MARGIN = 0.7  # a busy machine's scheduling
MEGABYTE = 1024 * 1024

# name: (fault, reason that Cache-Status gives, calls that TMDB sees)
FAULTS = {
    "500": ({"status": 500}, "status", 3),
    "503": ({"status": 503}, "status", 3),
    "503 with a wait beyond all bounds": ({"status": 503, "retry_after": 86_400}, "status", 1),
    "429 with Retry-After": ({"status": 429, "retry_after": 30}, "status", 1),
    "401": ({"status": 401}, "unauthorized", 1),
    "404": ({"status": 404}, "status", 1),
    "timeout": ({"delay": 5}, "timeout", None),
    "slow drip": ({"drip": True}, "timeout", None),
    "slow drip of the headers": ({"drip_headers": True}, "timeout", None),
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
every_fault = pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
impatient = pytest.mark.usefixtures("impatient")


@pytest.fixture
def ask(user_api):
    """Call popular and return the answer, which came in time and is no 5xx but 503."""

    def get(path=POPULAR, seconds=0.6 + MARGIN):
        started = time.monotonic()
        response = user_api.get(path)
        assert time.monotonic() - started < seconds
        assert response.status_code in {200, 503}
        return response

    return get


@impatient
@every_fault
def test_cold(ask, tmdb, case):
    fault, reason, calls = case
    tmdb.faults.set("tmdb", **fault)
    response = ask()
    problem = response.json()
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    expected = "tmdb_refused" if reason == "unauthorized" else "catalog_unavailable"
    assert problem["code"] == expected
    assert 1 <= int(response["Retry-After"]) <= 60
    assert calls is None or tmdb.calls("tmdb") == calls
    assert CachedAnswer.objects.count() == 0
    tmdb.faults.clear()
    assert ask().status_code == 200


@impatient
@every_fault
def test_warm(ask, tmdb, case):
    first = ask()
    tmdb.faults.set("tmdb", **case[0])
    again = ask()
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Cache-Status"].startswith("plaza; hit; ttl=")
    assert tmdb.calls("tmdb") == 1


@impatient
@every_fault
def test_stale(ask, tmdb, age, caplog, case):
    fault, reason, _calls = case
    first = ask()
    age(hours=2)
    tmdb.faults.set("tmdb", **fault)
    caplog.clear()
    stale = ask()
    assert (stale.status_code, stale.content) == (200, first.content)
    assert stale["Age"] == "7200"
    assert stale["Cache-Status"] == f"plaza; fwd=stale; ttl=-7171; detail={reason}"
    assert [record.message for record in caplog.records if record.name == "core.http"] == [
        "upstream_failed"
    ]
    tmdb.faults.clear()
    fresh = ask()
    assert (fresh["Age"], fresh["Cache-Status"]) == ("0", "plaza; fwd=stale; stored")


FAIL = """
import django
django.setup()
from movies.errors import CatalogUnavailable
from movies.tmdb import TmdbCatalog
try:
    TmdbCatalog("http://127.0.0.1:1/3", api_key="SECRET-KEY").popular(page=1)
except CatalogUnavailable as error:
    print(error.reason)
"""


def test_the_error_is_one_structured_line_on_stderr_without_the_key():
    root = Path(caching.__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", FAIL],
        cwd=root,
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET_KEY": "k" * 40,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PLATFORM_APPS": "movies",
        },
        capture_output=True,
        text=True,
        check=True,
    )
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
def lose_dns(impatient, settings, monkeypatch):
    """Return a function that moves TMDB to a name that nobody knows."""

    def nowhere(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    def lose():
        monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        settings.TMDB_API_URL = "https://tmdb.example/3"
        impatient()

    return lose


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
        assert response["Cache-Status"] == "plaza; fwd=stale; ttl=-7171; detail=connection"


def test_an_unreachable_tmdb_keeps_to_its_real_bounds(ask, tmdb):
    tmdb.faults.set("tmdb", drip=True)
    started = time.monotonic()
    assert ask(seconds=5).status_code == 503
    assert time.monotonic() - started > 3


@impatient
def test_the_breaker_spares_tmdb_and_answers_at_once(ask, tmdb, age):
    first = ask()
    age(hours=1)
    tmdb.faults.set("tmdb", reset=True)
    for _ in range(5):
        ask()
    calls = tmdb.calls("tmdb")
    response = ask(seconds=MARGIN)
    assert (response.status_code, response.content) == (200, first.content)
    assert response["Cache-Status"].endswith("detail=breaker_open")
    assert tmdb.calls("tmdb") == calls
    cold = ask(f"{POPULAR}?page=2", seconds=MARGIN)
    assert (cold.status_code, cold["Retry-After"]) == (503, "15")
    assert tmdb.calls("tmdb") == calls


def test_a_wait_within_the_bound_is_obeyed(ask, tmdb):
    tmdb.faults.set("tmdb", status=429, retry_after=1, times=1)
    started = time.monotonic()
    assert ask(seconds=3).status_code == 200
    assert time.monotonic() - started >= 1
    assert tmdb.calls("tmdb") == 2


def test_after_a_restart_without_tmdb_the_stale_copy_serves(ask, tmdb, settings, age):
    first = ask()
    age(hours=3)
    caching._catalog.cache_clear()  # a new process knows nothing
    settings.TMDB_API_URL = "http://127.0.0.1:1/tmdb/3"
    response = ask()
    assert (response.status_code, response.content) == (200, first.content)
    assert response["Cache-Status"] == "plaza; fwd=stale; ttl=-10771; detail=connection"


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


@impatient
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
        assert answer["Cache-Status"].startswith("plaza; fwd=stale; ttl=-2505")
        assert answer["Cache-Status"].endswith("; detail=status")
    tmdb.faults.set("tmdb", status=404)
    assert user_api.get("/api/movies/7").status_code == 404


@impatient
@every_fault
def test_a_movie_and_what_needs_it(user_api, tmdb, case):
    tmdb.faults.set("tmdb", **case[0])
    wanted = 404 if case[0] == {"status": 404} else 503
    assert user_api.get("/api/movies/7").status_code == wanted
    post = user_api.post("/api/movies/favorites", {"movie_id": 7})
    assert post.status_code == wanted
    assert user_api.post("/api/movies/7/rating", {"stars": 3}).status_code == wanted
    assert user_api.get("/api/movies/favorites").json()["results"] == []
