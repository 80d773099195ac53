"""The routes as callers see them."""

from datetime import date, timedelta

import pytest

from core.models import JournalEntry
from movies.models import CachedAnswer, Favorite, FavoritesWipe, Movie, Rating, rating_rank
from movies.tests.factories import FavoriteFactory, MovieFactory, RatingFactory
from movies.tmdb import TmdbCatalog
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
POPULAR = "/api/movies/popular"
FAVORITES = "/api/movies/favorites"


def rating_of(movie):
    return f"/api/movies/{getattr(movie, 'pk', movie)}/rating"


def refused(response, status, field=None, code=None):
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert response["Content-Type"] == "application/problem+json"
    if field:
        assert field in [error["field"] for error in problem["errors"]]
    if code:
        assert problem["code"] == code
    return True


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
    assert refused(user_api.get(POPULAR, {"page": page}), 400, "page")
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
    assert refused(user_api.get(POPULAR, {name: value}), 400, name)
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
    assert refused(user_api.get(f"/api/movies/{movie_id}"), 404)
    assert CachedAnswer.objects.count() == 0
    assert refused(user_api.get(f"/api/movies/{movie_id}/rating"), 404)
    assert refused(user_api.post(f"/api/movies/{movie_id}/rating", {"stars": 1}), 404)
    assert refused(user_api.delete(f"/api/movies/{movie_id}/rating"), 404)
    assert refused(user_api.get(f"{FAVORITES}/{movie_id}"), 404)
    assert refused(user_api.delete(f"{FAVORITES}/{movie_id}"), 404)
    assert Movie.objects.count() == Rating.objects.count() == 0


@pytest.mark.parametrize("movie_id", ["abc", "-1", "1.5", "%00", "1%20"])
def test_addresses_that_name_no_movie(user_api, movie_id):
    assert user_api.get(f"/api/movies/{movie_id}").status_code in {400, 404}


# -- favourites ---------------------------------------------------------------------------------
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
    monkeypatch.setattr(TmdbCatalog, "movie", lambda _self, *, movie_id: document)
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
    assert refused(user_api.post(FAVORITES, body, format="json"), 400)
    assert (tmdb.calls("tmdb"), Favorite.objects.count()) == (0, 0)


@pytest.mark.parametrize("movie_id", [10_001, 2**31, 2**63 - 1])
def test_favourite_of_an_unknown_movie(user_api, tmdb, movie_id):
    assert refused(user_api.post(FAVORITES, {"movie_id": movie_id}), 404, code="movie_not_found")
    assert (Movie.objects.count(), Favorite.objects.count()) == (0, 0)


def test_remove_a_favourite(user_api):
    mine = FavoriteFactory(user=user_api.user)
    RatingFactory(user=user_api.user, movie=mine.movie)
    others = FavoriteFactory(movie=mine.movie)
    address = f"{FAVORITES}/{mine.movie_id}"
    response = user_api.delete(address)
    assert (response.status_code, response.content) == (204, b"")
    assert refused(user_api.delete(address), 404)
    assert refused(user_api.get(address), 404)
    assert list(Favorite.objects.all()) == [others]
    assert Rating.objects.count() == 1, "un-favouriting leaves the rating alone"
    assert JournalEntry.objects.filter(action="delete").count() == 1


def test_if_match_guards_a_removal(user_api):
    favorite = FavoriteFactory(user=user_api.user)
    address = f"{FAVORITES}/{favorite.movie_id}"
    etag = user_api.get(address)["ETag"]
    user_api.post(rating_of(favorite.movie), {"stars": 1})
    assert refused(user_api.delete(address, HTTP_IF_MATCH=etag), 412)
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


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


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
    assert refused(user_api.get(FAVORITES, {name: value}), 400, name)


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


# -- ratings ------------------------------------------------------------------------------------
@pytest.mark.parametrize("stars", range(6))
def test_rate(user_api, tmdb, stars):
    response = user_api.post(rating_of(7), {"stars": stars})
    assert (response.status_code, response["Location"]) == (201, rating_of(7))
    assert (response.json()["movie_id"], response.json()["stars"]) == (7, stars)
    assert Rating.objects.get().stars == stars
    assert user_api.get(rating_of(7)).json() == response.json()
    assert JournalEntry.objects.get(model="movies.Rating").changes["stars"] == [None, stars]


NOT_STARS = ["true", '"3"', "2.5", "2.0", "null", "-1", "6", "1e400", "NaN", "[3]", "{}", "9" * 30]


@pytest.mark.parametrize("stars", NOT_STARS)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_stars_that_cannot_be(user_api, tmdb, method, stars):
    if method != "post":
        RatingFactory(user=user_api.user, movie=MovieFactory(id=7), stars=4)
    body = f'{{"stars": {stars}}}'
    call = getattr(user_api, method)
    response = call(rating_of(7), body, content_type="application/json")
    assert refused(response, 400)
    assert tmdb.calls("tmdb") == 0
    kept = list(Rating.objects.values_list("stars", flat=True))
    assert kept == ([] if method == "post" else [4])


@pytest.mark.parametrize("body", [{}, [], [4], "4", 4])
def test_bodies_without_stars(user_api, body):
    movie = MovieFactory()
    assert refused(user_api.post(rating_of(movie), body, format="json"), 400)
    RatingFactory(user=user_api.user, movie=movie, stars=2)
    assert refused(user_api.put(rating_of(movie), body, format="json"), 400)
    assert Rating.objects.get().stars == 2


def test_rate_twice(user_api):
    movie = MovieFactory()
    user_api.post(rating_of(movie), {"stars": 1})
    assert refused(user_api.post(rating_of(movie), {"stars": 5}), 409, code="already_rated")
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
    response = user_api.patch(rating_of(rating.movie), body)
    assert (response.status_code, response["ETag"]) == (200, etag)
    assert not JournalEntry.objects.filter(model="movies.Rating").exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_no_rating_yet(user_api, method):
    others = RatingFactory()
    body = () if method == "get" else ({"stars": 1},)
    assert refused(getattr(user_api, method)(rating_of(others.movie), *body), 404)
    others.refresh_from_db()
    assert (others.stars, Rating.objects.count()) == (3, 1)


def test_take_a_rating_back(user_api):
    rating = RatingFactory(user=user_api.user)
    favorite = FavoriteFactory(user=user_api.user, movie=rating.movie, rating_rank=2)
    response = user_api.delete(rating_of(rating.movie))
    assert (response.status_code, response.content) == (204, b"")
    assert refused(user_api.delete(rating_of(rating.movie)), 404)
    assert Rating.objects.count() == 0
    favorite.refresh_from_db()
    assert favorite.rating_rank == rating_rank(None)


def test_a_correction_of_what_has_changed_is_refused(user_api):
    rating = RatingFactory(user=user_api.user, stars=1)
    address = rating_of(rating.movie)
    etag = user_api.get(address)["ETag"]
    assert user_api.put(address, {"stars": 2}, HTTP_IF_MATCH=etag).status_code == 200
    assert refused(user_api.put(address, {"stars": 3}, HTTP_IF_MATCH=etag), 412)
    rating.refresh_from_db()
    assert rating.stars == 2


def test_a_repeated_key_rates_once(user_api):
    movie = MovieFactory()
    for _ in range(2):
        response = user_api.post(rating_of(movie), {"stars": 5}, HTTP_IDEMPOTENCY_KEY="k")
        assert response.status_code == 201
    assert Rating.objects.count() == 1


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
    assert refused(response, 404, code="user_not_found")


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
