"""The adapter: what it asks TMDB, and what it makes of failures."""

import logging
import re

import pytest
import responses

import sandbox
from movies.catalog.port import Answer
from movies.catalog.tmdb import Tmdb
from movies.errors import (
    CatalogNotConfigured,
    CatalogRefused,
    CatalogUnavailable,
    MovieNotFound,
)


@pytest.fixture
def make(tmdb):
    made = []

    def build(**credentials):
        made.append(Tmdb(f"{tmdb.url}/tmdb/3", **credentials))
        return made[-1]

    yield build
    for catalog in made:
        catalog.upstream.close()


def test_popular_with_a_v3_key(make, tmdb):
    answer = make(api_key=sandbox.API_KEY).popular(page=2)
    page = answer.document
    assert answer == Answer(answer.body, 0, "fwd=miss")
    assert (page["page"], len(page["results"]), page["total_pages"]) == (2, 20, 500)
    (call,) = tmdb.received("tmdb")
    assert call.path == "/3/movie/popular"
    assert call.query == {"page": "2", "api_key": sandbox.API_KEY}
    assert "authorization" not in call.headers


def test_the_v4_token_wins_and_the_key_stays_at_home(make, tmdb):
    catalog = make(api_key="wrong", access_token=sandbox.ACCESS_TOKEN)
    page = catalog.popular(page=1, language="es-CO", region="CO").document
    assert page["results"][0]["title"] != ""
    (call,) = tmdb.received("tmdb")
    assert call.query == {"page": "1", "language": "es-CO", "region": "CO"}
    assert call.headers["authorization"] == f"Bearer {sandbox.ACCESS_TOKEN}"


def test_movie(make):
    movie = make(api_key=sandbox.API_KEY).movie(movie_id=550).document
    assert movie["id"] == 550
    assert {"genres", "runtime", "overview", "budget"} <= movie.keys()


@pytest.mark.parametrize("movie_id", [10_001, 2**31 - 1])
def test_unknown_movie(make, tmdb, movie_id):
    with pytest.raises(MovieNotFound):
        make(api_key=sandbox.API_KEY).movie(movie_id=movie_id)
    assert tmdb.calls("tmdb") == 1


@pytest.mark.parametrize("credentials", [{}, {"api_key": "no\nkey"}, {"access_token": "llavé"}])
def test_missing_or_unusable_credentials_say_what_to_set(make, tmdb, logged, credentials):
    with pytest.raises(CatalogNotConfigured) as caught:
        make(**credentials).popular(page=1)
    assert caught.value.status_code == 503
    assert "TMDB_ACCESS_TOKEN" in str(caught.value.detail)
    assert "TMDB_API_KEY" in str(caught.value.detail)
    assert tmdb.calls("tmdb") == 0
    assert [record.getMessage() for record in logged] == ["tmdb_not_configured"]


def test_refused_credentials_are_not_retried_and_logged_without_them(make, tmdb, logged):
    with pytest.raises(CatalogRefused) as caught:
        make(api_key="SECRET-KEY").popular(page=1)
    assert (caught.value.status_code, caught.value.default_code) == (503, "tmdb_refused")
    assert tmdb.calls("tmdb") == 1
    (record,) = [one for one in logged if one.levelno >= logging.WARNING]
    assert (record.getMessage(), record.status, record.attempts) == ("upstream_failed", 401, 1)
    assert "SECRET-KEY" not in str(vars(record))


def html(status):
    return {"status": status, "body": "<html>no</html>", "content_type": "text/html"}


@responses.activate
@pytest.mark.parametrize("route", ["movie", "popular", "search"])
@pytest.mark.parametrize(
    "answer",
    [
        html(404),
        html(410),
        html(401),
        html(403),
        html(200),
        {"status": 404, "body": b""},
        {"status": 404, "json": {"detail": "Not found."}},
        {"status": 404, "json": {"success": False, "status_code": "34"}},
        {"status": 404, "json": {"success": False, "status_code": 6}},
        {"status": 404, "json": [{"status_code": 34}]},
        {"status": 404, "body": b'{"status_code": 34' + b" " * 70_000 + b"}"},
        {"status": 403, "json": {"detail": "Sign in to this network."}},
        {"status": 410, "json": {"success": False, "status_code": 34}},
        {"status": 200, "json": {"success": False, "status_code": 34, "status_message": "no"}},
        {"status": 200, "body": b""},
        {"status": 301, "headers": {"Location": "https://portal.example/"}},
    ],
)
def test_what_is_not_tmdbs_own_word_means_only_that_it_is_away(route, answer):
    catalog = Tmdb("https://tmdb.example/3", api_key="k")
    ask = {
        "movie": lambda: catalog.movie(movie_id=7),
        "popular": lambda: catalog.popular(page=1),
        "search": lambda: catalog.search(query="x", page=1),
    }[route]
    responses.get(re.compile(r"https://tmdb\.example/3/.*"), **answer)
    with pytest.raises(CatalogUnavailable) as caught:
        ask()
    assert type(caught.value) is CatalogUnavailable
    catalog.upstream.close()


def test_a_missing_list_is_no_missing_movie(make, tmdb):
    tmdb.faults.set("tmdb", status=404)
    with pytest.raises(CatalogUnavailable) as caught:
        make(api_key=sandbox.API_KEY).popular(page=1)
    assert caught.value.reason == "status"
    assert tmdb.calls("tmdb") == 1


def test_three_attempts_and_the_error_on_one_line(make, tmdb, logged):
    tmdb.faults.set("tmdb", status=503)
    with pytest.raises(CatalogUnavailable):
        make(api_key=sandbox.API_KEY).popular(page=1)
    assert tmdb.calls("tmdb") == 3
    (record,) = [one for one in logged if one.levelno >= logging.WARNING]
    assert (record.name, record.getMessage()) == ("plaza.outbound", "upstream_failed")
    assert record.attempts == 3
    assert sandbox.API_KEY not in str(vars(record))


def test_bounds_of_a_call(make):
    upstream = make(api_key=sandbox.API_KEY).upstream
    assert (upstream.attempts, upstream.total_deadline, upstream.timeout) == (3, 4.0, (1.0, 2.0))
    assert upstream.max_bytes == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("asked", "answered"), [(None, 2), (0, 2), (0.2, 1), (7.5, 8), (86_400, 60)]
)
def test_how_long_callers_have_to_wait(asked, answered):
    assert CatalogUnavailable(retry_after=asked).headers == {"Retry-After": str(answered)}
