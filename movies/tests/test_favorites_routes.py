"""Favourites as callers see them."""

from datetime import date, timedelta

import orjson
import pytest

from core.models import JournalEntry
from movies.catalog.port import Answer
from movies.catalog.tmdb import Tmdb
from movies.models import Favorite, Movie, Rating, rating_rank
from movies.tests.factories import FavoriteFactory, MovieFactory, RatingFactory
from movies.tests.helpers_requests import FAVORITES, ids, rating_of
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


def test_add_a_favourite(user_api, tmdb):
    response = user_api.post(FAVORITES, {"movie_id": 550})
    assert (response.status_code, response["Location"]) == (201, f"{FAVORITES}/550")
    shown = response.json()
    assert (shown["id"], shown["my_rating"]) == (550, None)
    favorite = Favorite.objects.get()
    assert (favorite.user, favorite.movie_id) == (user_api.user, 550)
    assert favorite.movie.details.items() <= shown.items()
    assert JournalEntry.objects.filter(action="create", model="movies.Favorite").count() == 1
    again = user_api.post(FAVORITES, {"movie_id": 550})
    assert (again.status_code, again.json()) == (200, shown)
    assert Favorite.objects.count() == 1
    assert tmdb.calls("tmdb") == 1
    assert user_api.get(FAVORITES).json()["results"] == [shown]
    assert user_api.get(response["Location"]).json() == shown


def test_a_known_movie_needs_no_tmdb(user_api):
    movie = MovieFactory()
    assert user_api.post(FAVORITES, {"movie_id": movie.pk}).status_code == 201
    (row,) = user_api.get(FAVORITES).json()["results"]
    assert row == {**movie.details, "my_rating": None, "added_at": row["added_at"]}


def test_a_document_cannot_speak_for_the_user(user_api, tmdb, monkeypatch):
    document = {"id": 1, "title": "Ñ", "my_rating": 5, "added_at": "yesterday"}
    answer = Answer(orjson.dumps(document))
    monkeypatch.setattr(Tmdb, "movie", lambda _self, **_question: answer)
    shown = user_api.post(FAVORITES, {"movie_id": 1}).json()
    assert shown == {"id": 1, "title": "Ñ", "my_rating": None, "added_at": shown["added_at"]}
    listed = user_api.get(FAVORITES)
    assert listed.json()["results"] == [shown]
    assert listed.content.count(b"my_rating") == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        None,
        {"movie_id": None},
        {"movie_id": "550"},
        {"movie_id": True},
        {"movie_id": 550.0},
        {"movie_id": 0},
        {"movie_id": -1},
        {"movie_id": 2**63},
        {"movie_id": [550]},
        {"movie_id": {"id": 550}},
    ],
)
def test_favourites_that_cannot_be(user_api, tmdb, body):
    code = "json_not_an_object" if body in ([], "x") else "invalid"
    if body == {"movie_id": 2**63}:
        code = "json_integer_too_large"
    assert_problem(user_api.post(FAVORITES, body, format="json"), 400, code)
    assert (tmdb.calls("tmdb"), Favorite.objects.count()) == (0, 0)


@pytest.mark.parametrize("movie_id", [10_001, 2**31, 2**63 - 1])
def test_favourite_of_an_unknown_movie(user_api, tmdb, movie_id):
    assert_problem(user_api.post(FAVORITES, {"movie_id": movie_id}), 404, "movie_not_found")
    assert (Movie.objects.count(), Favorite.objects.count()) == (0, 0)


def test_remove_a_favourite(user_api):
    mine = FavoriteFactory(user=user_api.user)
    RatingFactory(user=user_api.user, movie=mine.movie)
    others = FavoriteFactory(movie=mine.movie)
    address = f"{FAVORITES}/{mine.movie_id}"
    response = user_api.delete(address)
    assert (response.status_code, response.content) == (204, b"")
    assert_problem(user_api.delete(address), 404, "not_found")
    assert_problem(user_api.get(address), 404, "not_found")
    assert list(Favorite.objects.all()) == [others]
    assert Rating.objects.count() == 1, "un-favouriting leaves the rating alone"
    assert JournalEntry.objects.filter(action="delete").count() == 1


def test_if_match_guards_a_removal(user_api):
    favorite = FavoriteFactory(user=user_api.user)
    address = f"{FAVORITES}/{favorite.movie_id}"
    etag = user_api.get(address)["ETag"]
    user_api.post(rating_of(favorite.movie), {"stars": 1})
    assert_problem(user_api.delete(address, HTTP_IF_MATCH=etag), 412, "precondition_failed")
    etag = user_api.get(address)["ETag"]
    assert user_api.delete(address, HTTP_IF_MATCH=etag).status_code == 204


def test_a_repeated_key_gets_the_first_answer(user_api, tmdb):
    first = user_api.post(FAVORITES, {"movie_id": 7}, HTTP_IDEMPOTENCY_KEY="k1")
    tmdb.faults.set("tmdb", status=503)
    again = user_api.post(FAVORITES, {"movie_id": 7}, HTTP_IDEMPOTENCY_KEY="k1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"


def rated(user, released, stars, **movie):
    """Make a favourite as the services do."""
    movie = MovieFactory(release_date=released, **movie)
    if stars is not None:
        RatingFactory(user=user, movie=movie, stars=stars)
    return FavoriteFactory(user=user, movie=movie, rating_rank=rating_rank(stars)).movie_id


@pytest.fixture
def listed(user_api):
    """Favourites in the order in which they have to come, made in another."""
    old, new = date(1960, 1, 1), date(2024, 5, 1)
    made = [
        (6, rated(user_api.user, None, 5, title="Undated")),
        (3, rated(user_api.user, new, 0, title="Nought")),
        (1, rated(user_api.user, new, 5, title="Best")),
        (5, rated(user_api.user, old, 5, title="Old")),
        (4, rated(user_api.user, new, None, title="Unrated")),
        (2, rated(user_api.user, new, 3, id=7, title="Low id")),
        (2.5, rated(user_api.user, new, 3, id=8, title="Next id")),
        (7, rated(user_api.user, None, None, title="Undated, unrated")),
    ]
    FavoriteFactory(movie__release_date=date(2025, 1, 1))  # somebody else's
    return [movie_id for _place, movie_id in sorted(made)]


def test_newest_release_first_then_my_rating_unrated_last_then_id(user_api, listed):
    response = user_api.get(FAVORITES)
    assert ids(response) == listed
    ratings = [row["my_rating"] for row in response.json()["results"]]
    assert ratings == [5, 3, 3, 0, None, 5, 5, None]


def test_the_list_pages_both_ways(user_api, listed):
    seen, url = [], f"{FAVORITES}?limit=3&count=true"
    while url:
        page = user_api.get(url).json()
        assert page["count"] == 8
        seen.append([row["id"] for row in page["results"]])
        url = page["next"]
    assert seen == [listed[:3], listed[3:6], listed[6:]]
    assert ids(user_api.get(page["previous"])) == listed[3:6]


@pytest.mark.parametrize(
    ("ordering", "key"),
    [
        ("id", lambda movie, _stars: movie.pk),
        ("-id", lambda movie, _stars: -movie.pk),
        ("title", lambda movie, _stars: movie.title),
        ("release_date,id", lambda movie, _stars: (movie.release_date or date.min, movie.pk)),
        ("-my_rating,id", lambda movie, stars: (rating_rank(stars), movie.pk)),
        ("my_rating,-id", lambda movie, stars: (-rating_rank(stars), -movie.pk)),
    ],
)
def test_other_orders(user_api, listed, ordering, key):
    stars = dict(Rating.objects.values_list("movie_id", "stars"))
    movies = Movie.objects.filter(pk__in=listed)
    wanted = [one.pk for one in sorted(movies, key=lambda one: key(one, stars.get(one.pk)))]
    assert ids(user_api.get(FAVORITES, {"ordering": ordering})) == wanted
    first = user_api.get(FAVORITES, {"ordering": ordering, "limit": 5})
    assert ids(first) + ids(user_api.get(first.json()["next"])) == wanted


def test_order_by_when_it_was_added(user_api):
    first, second = FavoriteFactory.create_batch(2, user=user_api.user)
    Favorite.objects.filter(pk=first.pk).update(created_at=second.created_at + timedelta(hours=1))
    answer = ids(user_api.get(FAVORITES, {"ordering": "added_at"}))
    assert answer == [second.movie_id, first.movie_id]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"rated": "false"}, {"Unrated", "Undated, unrated"}),
        ({"rated": "true", "search": "undated"}, {"Undated"}),
        ({"my_rating": "0"}, {"Nought"}),
        ({"my_rating": "5"}, {"Best", "Old", "Undated"}),
        ({"search": "id"}, {"Low id", "Next id"}),
        ({"search": "néxt"}, {"Next id"}),
    ],
)
def test_filters(user_api, listed, query, titles):
    response = user_api.get(FAVORITES, query)
    assert {row["title"] for row in response.json()["results"]} == titles


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ordering", "details"),
        ("ordering", "release_rank"),
        ("rated", "maybe"),
        ("my_rating", "6"),
        ("my_rating", "-1"),
        ("my_rating", "2.5"),
        ("limit", "201"),
        ("cursor", "x"),
        ("page", "2"),
    ],
)
def test_queries_that_cannot_be(user_api, name, value):
    response = user_api.get(FAVORITES, {name: value})
    if name == "cursor":
        assert_problem(response, 400, "invalid_cursor")
    else:
        assert_problem(response, 400, "invalid", field=name)


def test_a_list_is_right_at_once_after_every_write(user_api, tmdb):
    def stars():
        return [(row["id"], row["my_rating"]) for row in user_api.get(FAVORITES).json()["results"]]

    user_api.post(rating_of(7), {"stars": 4})
    assert stars() == []
    user_api.post(FAVORITES, {"movie_id": 7})
    assert stars() == [(7, 4)]
    user_api.put(rating_of(7), {"stars": 0})
    assert stars() == [(7, 0)]
    user_api.patch(rating_of(7), {"stars": 5})
    assert stars() == [(7, 5)]
    user_api.delete(rating_of(7))
    assert stars() == [(7, None)]
    user_api.delete(f"{FAVORITES}/7")
    assert stars() == []


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_a_list_costs_the_same_at_any_length(user_api, rows, django_assert_num_queries):
    FavoriteFactory.create_batch(rows, user=user_api.user)
    with django_assert_num_queries(2):  # the token, the page
        assert len(ids(user_api.get(FAVORITES))) == rows
