"""Ratings as callers see them."""

import pytest

from core.models import JournalEntry
from core.tests.helpers_writes import updates_of
from movies.models import Rating, rating_rank
from movies.tests.factories import FavoriteFactory, MovieFactory, RatingFactory
from movies.tests.helpers_requests import rating_of
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("stars", range(6))
def test_rate(user_api, tmdb, stars):
    response = user_api.post(rating_of(7), {"stars": stars})
    assert (response.status_code, response["Location"]) == (201, rating_of(7))
    assert (response.json()["movie_id"], response.json()["stars"]) == (7, stars)
    assert Rating.objects.get().stars == stars
    assert user_api.get(rating_of(7)).json() == response.json()
    assert JournalEntry.objects.get(model="movies.Rating").changes["stars"] == [None, stars]


NOT_STARS = ["true", '"3"', "2.5", "2.0", "null", "-1", "6", "1e400", "NaN", "[3]", "{}", "9" * 30]
NO_JSON = {"1e400": "json_malformed", "NaN": "json_malformed", "9" * 30: "json_integer_too_large"}


@pytest.mark.parametrize("stars", NOT_STARS)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_stars_that_cannot_be(user_api, tmdb, method, stars):
    if method != "post":
        RatingFactory(user=user_api.user, movie=MovieFactory(id=7), stars=4)
    body = f'{{"stars": {stars}}}'
    call = getattr(user_api, method)
    response = call(rating_of(7), body, content_type="application/json")
    assert_problem(response, 400, NO_JSON.get(stars, "invalid"))
    assert tmdb.calls("tmdb") == 0
    kept = list(Rating.objects.values_list("stars", flat=True))
    assert kept == ([] if method == "post" else [4])


@pytest.mark.parametrize("body", [{}, [], [4], "4", 4])
def test_bodies_without_stars(user_api, body):
    movie = MovieFactory()
    code = "invalid" if isinstance(body, dict) else "json_not_an_object"
    assert_problem(user_api.post(rating_of(movie), body, format="json"), 400, code)
    RatingFactory(user=user_api.user, movie=movie, stars=2)
    assert_problem(user_api.put(rating_of(movie), body, format="json"), 400, code)
    assert Rating.objects.get().stars == 2


def test_rate_twice(user_api):
    movie = MovieFactory()
    user_api.post(rating_of(movie), {"stars": 1})
    assert_problem(user_api.post(rating_of(movie), {"stars": 5}), 409, "already_rated")
    assert Rating.objects.get().stars == 1


@pytest.mark.parametrize("method", ["put", "patch"])
def test_correct_a_rating(user_api, method):
    others = RatingFactory()
    rating = RatingFactory(user=user_api.user, movie=others.movie, stars=1)
    response = getattr(user_api, method)(rating_of(rating.movie), {"stars": 0})
    assert (response.status_code, response.json()["stars"]) == (200, 0)
    rating.refresh_from_db()
    others.refresh_from_db()
    assert (rating.stars, others.stars) == (0, 3)
    assert JournalEntry.objects.get(model="movies.Rating").changes == {"stars": [1, 0]}


@pytest.mark.parametrize("body", [{}, {"stars": 3}])
def test_a_correction_that_changes_nothing(user_api, body):
    rating = RatingFactory(user=user_api.user)
    etag = user_api.get(rating_of(rating.movie))["ETag"]
    with updates_of(Rating) as updates:
        response = user_api.patch(rating_of(rating.movie), body)
    assert (response.status_code, response["ETag"]) == (200, etag)
    assert updates == []
    assert not JournalEntry.objects.filter(model="movies.Rating").exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_no_rating_yet(user_api, method):
    others = RatingFactory()
    body = () if method == "get" else ({"stars": 1},)
    assert_problem(getattr(user_api, method)(rating_of(others.movie), *body), 404, "not_found")
    others.refresh_from_db()
    assert (others.stars, Rating.objects.count()) == (3, 1)


def test_take_a_rating_back(user_api):
    rating = RatingFactory(user=user_api.user)
    favorite = FavoriteFactory(user=user_api.user, movie=rating.movie, rating_rank=2)
    response = user_api.delete(rating_of(rating.movie))
    assert (response.status_code, response.content) == (204, b"")
    assert_problem(user_api.delete(rating_of(rating.movie)), 404, "not_found")
    assert Rating.objects.count() == 0
    favorite.refresh_from_db()
    assert favorite.rating_rank == rating_rank(None)


def test_a_correction_of_what_has_changed_is_refused(user_api):
    rating = RatingFactory(user=user_api.user, stars=1)
    address = rating_of(rating.movie)
    etag = user_api.get(address)["ETag"]
    assert user_api.put(address, {"stars": 2}, HTTP_IF_MATCH=etag).status_code == 200
    assert_problem(
        user_api.put(address, {"stars": 3}, HTTP_IF_MATCH=etag), 412, "precondition_failed"
    )
    rating.refresh_from_db()
    assert rating.stars == 2


def test_a_repeated_key_rates_once(user_api):
    movie = MovieFactory()
    for _ in range(2):
        response = user_api.post(rating_of(movie), {"stars": 5}, HTTP_IDEMPOTENCY_KEY="k")
        assert response.status_code == 201
    assert Rating.objects.count() == 1
