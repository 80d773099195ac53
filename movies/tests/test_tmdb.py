"""The adapter: what it asks TMDB, and what it does not believe."""

import logging

import pytest

import sandbox
from movies.catalog import tmdb as adapter
from movies.catalog.tmdb import TmdbCatalog, check_details, check_popular
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
        made.append(TmdbCatalog(f"{tmdb.url}/tmdb/3", **credentials))
        return made[-1]

    yield build
    for catalog in made:
        catalog.upstream.close()


def test_popular_with_a_v3_key(make, tmdb):
    page = make(api_key=sandbox.API_KEY).popular(page=2)
    assert (page["page"], len(page["results"]), page["total_pages"]) == (2, 20, 500)
    (call,) = tmdb.received("tmdb")
    assert call.path == "/3/movie/popular"
    assert call.query == {"page": "2", "api_key": sandbox.API_KEY}
    assert "authorization" not in call.headers


def test_the_v4_token_wins_and_the_key_stays_at_home(make, tmdb):
    catalog = make(api_key="wrong", access_token=sandbox.ACCESS_TOKEN)
    page = catalog.popular(page=1, language="es-CO", region="CO")
    assert page["results"][0]["title"] != ""
    (call,) = tmdb.received("tmdb")
    assert call.query == {"page": "1", "language": "es-CO", "region": "CO"}
    assert call.headers["authorization"] == f"Bearer {sandbox.ACCESS_TOKEN}"


def test_movie(make):
    movie = make(api_key=sandbox.API_KEY).movie(movie_id=550)
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
    assert upstream.max_bytes == 1024 * 1024


@pytest.mark.parametrize(("asked", "told"), [(None, 2), (0, 2), (0.2, 1), (7.5, 8), (86_400, 60)])
def test_how_long_callers_are_told_to_wait(asked, told):
    assert CatalogUnavailable(retry_after=asked).headers == {"Retry-After": str(told)}


def movie(**changes):
    return {"id": 1, "title": "A", "release_date": "1999-03-31", **changes}


def page(*movies, **changes):
    return {"page": 1, "results": list(movies), "total_pages": 1, "total_results": 1, **changes}


DEEP = {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}}


@pytest.mark.parametrize(
    "good",
    [
        movie(),
        {"id": 2**31 - 1, "title": ""},
        movie(release_date=""),
        movie(release_date=None),
        movie(popularity=1, vote_average=1.5, overview=None, adult=False),
        movie(softcore=False, anything={"new": ["at", "TMDB"]}),
    ],
)
def test_usable_movies(good):
    assert check_popular(page(good), 1) == page(good)
    assert check_details(good, good["id"]) is good


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "movie",
        {"title": "no id"},
        movie(id="1"),
        movie(id=True),
        movie(id=0),
        movie(id=1.0),
        movie(id=2**31),
        movie(title=None),
        movie(title=7),
        movie(title="N\x00L"),
        movie(**{"k\x00y": 1}),
        movie(adult=1),
        movie(adult="false"),
        movie(popularity="7"),
        movie(popularity=True),
        movie(vote_count=1.5),
        movie(genre_ids={}),
        movie(overview=["x"]),
        movie(release_date=20_000_101),
        movie(release_date="31-03-1999"),
        movie(release_date="1999-02-30"),
        movie(release_date="0000-00-00"),
        movie(release_date="\uff11999-03-31"),
        movie(deep=DEEP),
        movie(long=[0] * 1001),
        movie(big="x" * 300_000),
    ],
)
def test_unusable_movies(bad):
    with pytest.raises((ValueError, TypeError)):
        check_popular(page(movie(id=2), bad), 1)
    if isinstance(bad, dict):
        with pytest.raises((ValueError, TypeError)):
            check_details(bad, 1)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        page(page=2),
        page(page=True),
        page(page="1"),
        page(results={}),
        page(results=None),
        page(total_pages=None),
        page(total_pages=-1),
        page(total_results="1"),
        page(total_results=True),
        {"success": False, "status_code": 7, "status_message": "Invalid API key"},
    ],
)
def test_unusable_pages(bad):
    with pytest.raises((ValueError, TypeError, LookupError)):
        check_popular(bad, 1)


@pytest.mark.parametrize(
    "bad", [movie(id=2), movie(genres="x"), movie(runtime=1.5), movie(belongs_to_collection=[])]
)
def test_unusable_details(bad):
    with pytest.raises((ValueError, TypeError)):
        check_details(bad, 1)


def test_a_movie_is_much_shorter_than_a_page():
    assert adapter.MAX_MOVIE_BYTES == 64 * 1024
    with pytest.raises(ValueError, match="too long"):
        check_details(movie(overview="x" * 65_536), 1)
