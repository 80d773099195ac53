"""Answers in the language that was asked for, English where that has no text."""

from datetime import timedelta

import orjson
import pytest
from django.core.cache import cache
from django.utils import timezone

from core.jobs import work
from movies import tasks, translations
from movies.catalog.english import InEnglish
from movies.catalog.port import Answer
from movies.errors import CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer
from movies.tests.catalogs import Catalog
from movies.tests.factories import CachedAnswerFactory, FavoriteFactory, MovieFactory
from movies.tests.helpers_requests import FAVORITES
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
TITLE, TITULO = "The Lantern of Cartagena", "El farol de Cartagena"


# -- the catalogue ------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["es", "es-MX", "es-CO"])
def test_a_movie_in_spanish(user_api, tmdb, language):
    assert user_api.get(f"/api/movies/1?language={language}").json()["title"] == TITULO
    assert user_api.get("/api/movies/1").json()["title"] == TITLE
    assert user_api.get(f"/api/movies/1?language={language}")["Cache-Status"].startswith(
        "plaza; hit"
    )
    assert tmdb.calls("tmdb") == 2
    keys = set(CachedAnswer.objects.values_list("key", flat=True))
    assert keys == {"movie:1", f"movie:1:{language}"}


@pytest.mark.parametrize("language", ["", "qq", "xx-MX", "es-419", "es_MX", "ES", "español", "e"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/movies/popular",
        "/api/movies/1",
        FAVORITES,
        f"{FAVORITES}/1",
        "/api/movies/users/1/favorites",
        "/api/movies/search",
    ],
)
def test_languages_that_cannot_be(admin_api, tmdb, path, language):
    MovieFactory(id=1)
    FavoriteFactory(user=admin_api.user, movie_id=1)
    given = {"language": language, **({"query": "x"} if path.endswith("search") else {})}
    path = path.replace("users/1", f"users/{admin_api.user.pk}")
    assert_problem(admin_api.get(path, given), 400, "invalid", field="language")
    assert tmdb.calls("tmdb") == 0


# -- English where a text is empty --------------------------------------------------------------
class Bilingual(Catalog):
    """Answers with a document by language."""

    def __init__(self, **documents):
        super().__init__()
        self.documents = documents

    def answer(self, question, on_stale):
        super().answer(question, on_stale)
        found = self.documents[question.get("language", "")[:2] or "en"]
        if isinstance(found, Exception):
            raise found
        return Answer(orjson.dumps(found))


def page(*movies):
    return {"page": 1, "results": list(movies), "total_pages": 1, "total_results": 1}


FILM = {"id": 1, "title": "A", "overview": "Long ago", "genres": [{"id": 1, "name": "Drama"}]}


@pytest.mark.parametrize("empty", ["", None, "  "])
@pytest.mark.parametrize("route", ["movie", "popular", "search"])
def test_an_empty_text_comes_in_english(route, empty):
    film = {**FILM, "title": "Á", "overview": empty, "genres": [{"id": 1, "name": empty}]}
    documents = (film, FILM) if route == "movie" else (page(film, {"id": 2}), page(FILM))
    catalog = InEnglish(Bilingual(es=documents[0], en=documents[1]))
    given = {"movie": {"movie_id": 1}, "popular": {"page": 1}}.get(route, {"page": 1, "query": "a"})
    found = getattr(catalog, route)(language="es-MX", **given).document
    assert found.get("results", [found])[0] == {**FILM, "title": "Á"}
    assert len(catalog.inner.calls) == 2


def test_what_has_all_its_texts_makes_one_call():
    catalog = InEnglish(Bilingual(es=FILM, en=FILM))
    for language in ("es", "en", "en-US", ""):
        assert catalog.movie(movie_id=1, language=language).document == FILM
    assert len(catalog.inner.calls) == 4


@pytest.mark.parametrize("error", [CatalogUnavailable(), MovieNotFound()])
def test_without_english_the_text_stays_empty(error):
    film = {**FILM, "overview": ""}
    catalog = InEnglish(Bilingual(es=film, en=error))
    assert catalog.movie(movie_id=1, language="es").document == film


def test_who_waited_long_already_does_not_wait_for_english(monkeypatch):
    monkeypatch.setattr("movies.catalog.english.MAX_WAIT_SECONDS", -1)
    film = {**FILM, "overview": ""}
    catalog = InEnglish(Bilingual(es=film, en=FILM))
    assert catalog.movie(movie_id=1, language="es").document == film
    assert len(catalog.inner.calls) == 1


# -- favourites ---------------------------------------------------------------------------------
@pytest.fixture
def queued(monkeypatch):
    """The background reads that were asked for: ids, language."""
    seen = []

    def publish(task, arguments):
        assert task == "movies.tasks.read_in_language"
        seen.append((sorted(arguments["movie_ids"]), arguments["language"]))

    monkeypatch.setattr(work.publisher, "publish", publish)
    return seen


def titles(response):
    assert response.status_code == 200
    return [row["title"] for row in response.json()["results"]]


@pytest.mark.parametrize("language", ["en", "en-US"])
def test_english_is_what_is_stored(user_api, queued, language):
    FavoriteFactory(user=user_api.user, movie=MovieFactory(id=1, title=TITLE))
    assert titles(user_api.get(f"{FAVORITES}?language={language}")) == [TITLE]
    assert queued == []


def test_favourites_are_read_in_the_background_and_then_there(user_api, tmdb, queued):
    for number in (1, 2):
        FavoriteFactory(user=user_api.user, movie=MovieFactory(id=number, title=f"E{number}"))
    address = f"{FAVORITES}?language=es-MX"
    assert titles(user_api.get(address)) == ["E1", "E2"]
    assert (queued, tmdb.calls("tmdb")) == ([([1, 2], "es-MX")], 0)
    user_api.get(address)
    assert len(queued) == 1, "nobody asks twice within two minutes"
    assert tasks.read_in_language(movie_ids=[1, 2, 10_001], language="es-MX") == 2
    found = user_api.get(address)
    assert titles(found)[0] == TITULO
    assert found.json()["results"][0]["my_rating"] is None
    one = user_api.get(f"{FAVORITES}/1?language=es-MX").json()
    assert (one["title"], one["my_rating"]) == (TITULO, None)
    assert titles(user_api.get(FAVORITES)) == ["E1", "E2"]
    assert len(queued) == 1


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_a_language_costs_no_query_and_no_call(
    user_api, tmdb, queued, rows, django_assert_num_queries
):
    FavoriteFactory.create_batch(rows, user=user_api.user)
    with django_assert_num_queries(2):  # the token, the page
        assert len(titles(user_api.get(f"{FAVORITES}?language=es"))) == rows
    assert sum(len(ids) for ids, _language in queued) == rows
    assert all(len(ids) <= translations.TASK_MOVIES for ids, _language in queued)
    assert tmdb.calls("tmdb") == 0


def test_administrators_see_a_users_list_in_a_language(admin_api, queued):
    favorite = FavoriteFactory(movie=MovieFactory(id=7))
    CachedAnswerFactory(key="movie:7:es", body='{"id":7,"title":"Siete"}')
    address = f"/api/movies/users/{favorite.user_id}/favorites?language=es"
    assert titles(admin_api.get(address)) == ["Siete"]
    assert queued == []


def test_what_is_a_week_old_is_shown_and_read_again(user_api, queued):
    FavoriteFactory(user=user_api.user, movie=MovieFactory(id=7))
    old = timezone.now() - timedelta(days=8)
    CachedAnswerFactory(key="movie:7:es", body='{"id":7,"title":"Siete"}', fetched_at=old)
    assert titles(user_api.get(f"{FAVORITES}?language=es")) == ["Siete"]
    assert queued == [([7], "es")]


def test_odd_languages_do_not_keep_the_workers(user_api, queued, monkeypatch):
    monkeypatch.setattr(translations, "MAX_MOVIES_A_MINUTE", 4)
    FavoriteFactory.create_batch(3, user=user_api.user)
    for language in ("es", "fr", "de"):
        user_api.get(f"{FAVORITES}?language={language}")
    assert [language for _ids, language in queued] == ["es"]


def test_without_a_cache_nothing_is_queued_and_the_list_comes(user_api, queued, monkeypatch):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "get_many", away)
    FavoriteFactory(user=user_api.user)
    assert len(titles(user_api.get(f"{FAVORITES}?language=es"))) == 1
    assert queued == []


def test_a_task_ends_when_tmdb_is_away(tmdb):
    tmdb.faults.set("tmdb", status=401)
    assert tasks.read_in_language(movie_ids=[1, 2, 3], language="es") == 0
    assert tmdb.calls("tmdb") == 1
