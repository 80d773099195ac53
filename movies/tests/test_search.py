"""Search by title: the page of the popular movies, and as hard to break."""

import pytest

from core.tests.outbound.helpers_calls import counted
from movies.models import CachedAnswer
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
SEARCH = "/api/movies/search"


def test_titles_are_found_in_tmdbs_own_shape(user_api, tmdb):
    response = user_api.get(SEARCH, {"query": "lantern cartagena"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    page = response.json()
    assert set(page) == {"page", "results", "total_pages", "total_results"}
    assert (page["page"], page["total_pages"], page["total_results"]) == (1, 1, 20)
    assert "The Lantern of Cartagena" in {row["title"] for row in page["results"]}
    assert response["Cache-Status"] == "plaza; fwd=miss; stored"
    assert tmdb.received("tmdb")[-1].query["query"] == "lantern cartagena"


@pytest.mark.parametrize("query", ["valparaiso", "VALPARAÍSO", "reloj", "Clockmaker"])
def test_case_accents_and_language_do_not_matter(user_api, tmdb, query):
    assert user_api.get(SEARCH, {"query": query}).json()["total_results"] > 0


def test_pages_and_languages(user_api, tmdb):
    first = user_api.get(SEARCH, {"query": "lantern"}).json()
    second = user_api.get(SEARCH, {"query": "lantern", "page": 2}).json()
    assert (first["total_pages"], second["page"]) == (20, 2)
    assert not {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]}
    spanish = user_api.get(SEARCH, {"query": "lantern", "language": "es-MX"}).json()
    assert spanish["results"][0]["title"].startswith("El farol")
    beyond = user_api.get(SEARCH, {"query": "lantern", "page": 500}).json()
    assert (beyond["results"], beyond["page"], beyond["total_pages"]) == ([], 500, 20)


def test_nothing_found_is_an_empty_page(user_api, tmdb):
    page = user_api.get(SEARCH, {"query": "zzzz"}).json()
    assert page == {"page": 1, "results": [], "total_pages": 0, "total_results": 0}


@pytest.mark.parametrize("other", ["LANTERN", "  lantern  ", "\uff4c\uff41ntern"])
def test_spellings_of_one_question_make_one_call(user_api, tmdb, other):
    first = user_api.get(SEARCH, {"query": "lantern"})
    again = user_api.get(SEARCH, {"query": other})
    assert again.content == first.content
    assert again["Cache-Status"].startswith("plaza; hit")
    assert tmdb.calls("tmdb") == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (None, "required"),
        ("", "required"),
        ("   ", "required"),
        ("\u200b\u2060", "required"),
        ("...", "required"),
        ("x" * 101, "too_long"),
        ("ﷺ" * 20, "too_long"),
        ("a\u202eb", "invalid_text"),
        ("a\x07b", "invalid_text"),
        ("a\x00b", "invalid_text"),
        ("x" * 501, "too_long"),
    ],
)
def test_queries_that_say_nothing(user_api, tmdb, query, code):
    response = user_api.get(SEARCH, {} if query is None else {"query": query})
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == ("query", code)
    assert tmdb.calls("tmdb") == CachedAnswer.objects.count() == 0


@pytest.mark.parametrize(
    "query", ["%", "a%", "_", "' OR 1=1 --", "<b>x</b>", "../movie/1", "a&page=2"]
)
def test_signs_are_only_signs(user_api, tmdb, query):
    response = user_api.get(SEARCH, {"query": query})
    assert response.status_code in ({400} if query in "%_" else {200})


@pytest.mark.parametrize("page", ["0", "501", "x", ""])
def test_pages_that_cannot_be(user_api, tmdb, page):
    assert_problem(user_api.get(SEARCH, {"query": "a", "page": page}), 400, "invalid", field="page")
    assert tmdb.calls("tmdb") == 0


def test_unknown_and_repeated_parameters(user_api, tmdb):
    assert user_api.get(f"{SEARCH}?query=a&region=CO").status_code == 400
    assert user_api.get(f"{SEARCH}?query=a&query=b").status_code == 400


@pytest.mark.usefixtures("still")
def test_the_latest_good_answer_serves_when_tmdb_fails(user_api, tmdb, bounds, age):
    first = user_api.get(SEARCH, {"query": "lantern"})
    age(hours=2)
    tmdb.forget_calls()
    tmdb.faults.set("tmdb", status=500)
    stale = user_api.get(SEARCH, {"query": "lantern"})
    assert (stale.status_code, stale.content) == (200, first.content)
    assert stale["Cache-Status"] == "plaza; fwd=stale; ttl=-7170; detail=status"
    assert counted(tmdb, 3) == 3
    cold = user_api.get(SEARCH, {"query": "other"})
    assert_problem(cold, 503, "catalog_unavailable")


def test_what_somebody_looks_for_is_not_written_down(user_api, tmdb):
    user_api.get(SEARCH, {"query": "lantern"})
    (key,) = CachedAnswer.objects.values_list("key", flat=True)
    assert key.startswith("search:")
    assert "lantern" not in key
    assert len(key) < 100
