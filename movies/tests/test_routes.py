"""The catalogue's routes, and those of administrators, as callers see them."""

import pytest

from core.models import JournalEntry
from movies.models import CachedAnswer, Favorite, FavoritesWipe, Movie, Rating, rating_rank
from movies.tests.factories import FavoriteFactory, MovieFactory, RatingFactory
from movies.tests.helpers_requests import FAVORITES, ids
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
POPULAR = "/api/movies/popular"


# -- the catalogue ------------------------------------------------------------------------------
def test_popular_in_tmdbs_own_shape(user_api, tmdb):
    response = user_api.get(POPULAR)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    page = response.json()
    assert set(page) == {"page", "results", "total_pages", "total_results"}
    assert (page["page"], page["total_pages"], page["total_results"]) == (1, 500, 10_000)
    assert len(page["results"]) == 20
    assert {"id", "title", "overview", "release_date", "genre_ids"} <= page["results"][0].keys()
    assert response["Cache-Status"] == "plaza; fwd=miss; stored"
    assert response["Cache-Control"] == "private, no-cache"


def test_the_same_call_within_the_time_is_answered_from_the_cache(user_api, tmdb):
    first = user_api.get(POPULAR)
    again = user_api.get(f"{POPULAR}/")
    assert again.content == first.content
    assert (again["Age"], again["Cache-Status"][:16]) == ("0", "plaza; hit; ttl=")
    assert tmdb.calls("tmdb") == 1


def test_a_cached_answer_costs_the_token_and_nothing_else(
    user_api, tmdb, django_assert_num_queries
):
    user_api.get(POPULAR)
    with django_assert_num_queries(1):
        assert user_api.get(POPULAR).status_code == 200


def test_pages_languages_and_regions_are_answers_of_their_own(user_api, tmdb):
    answers = {
        query: user_api.get(f"{POPULAR}?{query}").content
        for query in ("page=1", "page=2", "language=es", "region=CO", "page=500&language=es-CO")
    }
    assert len(set(answers.values())) == 5
    assert tmdb.calls("tmdb") == 5
    for query, content in answers.items():
        assert user_api.get(f"{POPULAR}?{query}").content == content
    assert tmdb.calls("tmdb") == 5
    assert user_api.get(POPULAR).content == answers["page=1"]
    assert tmdb.received("tmdb")[-1].query["language"] == "es-CO"


@pytest.mark.parametrize("page", ["0", "-1", "501", "abc", "1.5", "", "1e2", "٣", "9" * 400])
def test_pages_that_cannot_be(user_api, tmdb, page):
    assert_problem(user_api.get(POPULAR, {"page": page}), 400, "invalid", field="page")
    assert tmdb.calls("tmdb") == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "english"),
        ("language", "e"),
        ("language", "ES"),
        ("language", "es_CO"),
        ("language", "es-ZZ"),
        ("language", "es-co"),
        ("language", ""),
        ("language", "es\n"),
        ("region", "co"),
        ("region", "COL"),
        ("region", "ZZ"),
        ("region", ""),
        ("api_key", "mine"),
        ("include_adult", "true"),
    ],
)
def test_languages_and_regions_that_cannot_be(user_api, tmdb, name, value):
    assert_problem(user_api.get(POPULAR, {name: value}), 400, "invalid", field=name)
    assert tmdb.calls("tmdb") == 0
    assert CachedAnswer.objects.count() == 0


def test_movie(user_api, tmdb):
    response = user_api.get("/api/movies/550")
    assert (response.status_code, response.json()["id"]) == (200, 550)
    assert {"genres", "runtime", "budget", "tagline"} <= response.json().keys()
    assert response["Cache-Status"] == "plaza; fwd=miss; stored"
    again = user_api.get("/api/movies/550", HTTP_IF_NONE_MATCH=response["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert tmdb.calls("tmdb") == 1


@pytest.mark.parametrize("movie_id", ["10001", "0", str(2**31), "9" * 30, "9" * 190])
def test_movies_that_do_not_exist(user_api, tmdb, movie_id):
    assert_problem(user_api.get(f"/api/movies/{movie_id}"), 404, "movie_not_found")
    assert CachedAnswer.objects.count() == 0
    rating, favorite = f"/api/movies/{movie_id}/rating", f"{FAVORITES}/{movie_id}"
    assert_problem(user_api.post(rating, {"stars": 1}), 404, "movie_not_found")
    # An id that TMDB could have may be rated and is not; no movie ever has another one.
    code = "not_found" if int(movie_id) < 2**31 else "movie_not_found"
    assert_problem(user_api.get(rating), 404, code)
    assert_problem(user_api.delete(rating), 404, code)
    assert_problem(user_api.get(favorite), 404, code)
    assert_problem(user_api.delete(favorite), 404, code)
    assert Movie.objects.count() == Rating.objects.count() == 0


@pytest.mark.parametrize("movie_id", ["abc", "-1", "1.5", "%00", "1%20"])
def test_addresses_that_name_no_movie(user_api, movie_id):
    assert user_api.get(f"/api/movies/{movie_id}").status_code in {400, 404}


# -- administrators -----------------------------------------------------------------------------
def test_wipe(admin_api):
    user = UserFactory()
    FavoriteFactory.create_batch(3, user=user)
    rating = RatingFactory(user=user)
    others = FavoriteFactory()
    address = f"/api/movies/users/{user.pk}/favorites"
    assert len(ids(admin_api.get(address))) == 3
    response = admin_api.delete(address)
    assert (response.status_code, response.json()) == (200, {"removed": 3})
    assert ids(admin_api.get(address)) == []
    again = admin_api.delete(address)
    assert (again.status_code, again.json()) == (200, {"removed": 0})
    wipe = FavoritesWipe.objects.get()
    assert (wipe.user, wipe.count, wipe.wiped_by) == (user, 3, admin_api.user)
    assert list(Favorite.objects.filter(wipe=None)) == [others]
    assert list(Rating.objects.all()) == [rating]
    entry = JournalEntry.objects.get(action="delete", model="movies.Favorite")
    assert (entry.count, entry.actor_id) == (3, admin_api.user.pk)
    assert entry.reason == f"wipe {wipe.pk} of user {user.pk}"


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("user_id", [10**6, 2**63, 10**30])
def test_favourites_of_an_unknown_user(admin_api, method, user_id):
    response = getattr(admin_api, method)(f"/api/movies/users/{user_id}/favorites")
    assert_problem(response, 404, "user_not_found")


def test_administrators_see_that_users_ratings(admin_api):
    user = UserFactory()
    movie = MovieFactory()
    RatingFactory(user=admin_api.user, movie=movie, stars=1)
    FavoriteFactory(user=user, movie=movie, rating_rank=rating_rank(4))
    (row,) = admin_api.get(f"/api/movies/users/{user.pk}/favorites").json()["results"]
    assert row["my_rating"] == 4


@pytest.mark.parametrize("rows", [1, 50])
def test_a_users_list_costs_the_same_at_any_length(admin_api, rows, django_assert_num_queries):
    user = UserFactory()
    FavoriteFactory.create_batch(rows, user=user)
    with django_assert_num_queries(3):  # the token, the user, the page
        assert len(ids(admin_api.get(f"/api/movies/users/{user.pk}/favorites"))) == rows
