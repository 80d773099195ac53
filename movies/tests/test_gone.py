"""Movies that TMDB no longer has: when that is believed, and their new ids."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from movies import gone, services
from movies.errors import MovieGone, MovieNotGone, SameMovie
from movies.gone import Move
from movies.models import UNRATED_RANK, Favorite, Movie, Rating, rating_rank, release_rank
from movies.tests.factories import (
    FavoriteFactory,
    GoneMovieFactory,
    MovieFactory,
    RatingFactory,
    WipeFactory,
)
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
UNKNOWN = 10_001  # to the sandbox


def refresh(movie):
    """Let the refresh be due, and do it."""
    Movie.objects.update(refresh_due_at=timezone.now() - timedelta(minutes=1))
    services.refresh_movie(pk=movie.pk)
    movie.refresh_from_db()


def next_day():
    """Let a day pass for what was noted."""
    day = timedelta(days=1)
    Movie.objects.update(absent_on=F("absent_on") - day, absent_since=F("absent_since") - day)


# -- what is believed ---------------------------------------------------------------------------
def test_a_movie_is_gone_on_the_third_day(tmdb):
    movie = MovieFactory(id=UNKNOWN)
    details = movie.details
    for day in (1, 2, 3):
        for _ in range(1 if day == 3 else 2):
            refresh(movie)
        assert (movie.absent_days, movie.refresh_status) == (day, "gone" if day == 3 else "pending")
        next_day()
    assert movie.details == details
    assert timedelta(days=2) <= timezone.now() - movie.absent_since < timedelta(days=3)
    assert timedelta(days=29) < movie.refresh_due_at - timezone.now() < timedelta(days=31)
    entry = JournalEntry.objects.get()
    assert entry.changes == {"refresh_status": ["pending", "gone"]}
    assert list(gone.gone_movies()) == [movie]


def test_on_the_first_days_it_is_asked_for_again_a_day_later(tmdb):
    movie = MovieFactory(id=UNKNOWN)
    refresh(movie)
    assert timedelta(hours=23) < movie.refresh_due_at - timezone.now() < timedelta(hours=25)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "garbage": True},
        {"status": 404, "wrong_type": True},
        {"status": 410},
        {"status": 401},
        {"status": 403},
        {"status": 200, "garbage": True},
        {"status": 200, "error_body": True},
        {"redirect": "https://portal.example/"},
    ],
)
def test_nobody_elses_word_is_believed(tmdb, fault):
    movies = MovieFactory.create_batch(3)
    tmdb.faults.set("tmdb", **fault)
    for _ in range(3):
        for movie in movies:
            refresh(movie)
            assert (movie.refresh_status, movie.absent_days) == ("pending", 0)
    assert JournalEntry.objects.count() == 0


def test_a_movie_that_is_there_again_is_gone_no_longer(tmdb):
    movie = GoneMovieFactory(id=550, refresh_status="pending")
    refresh(movie)
    assert (movie.absent_days, movie.absent_on, movie.absent_since) == (0, None, None)
    assert not gone.gone_movies().exists()
    entry = JournalEntry.objects.get()
    assert entry.changes["absent_since"][1] is None


def test_once_a_month_it_is_asked_for_again(tmdb):
    movie = GoneMovieFactory(id=UNKNOWN)
    assert services.purge()["asked"] == 0
    Movie.objects.update(refresh_due_at=timezone.now() - timedelta(seconds=1))
    assert services.purge()["asked"] == 1
    refresh(movie)
    assert (movie.refresh_status, movie.absent_days) == ("gone", 4)
    assert movie.refresh_due_at > timezone.now() + timedelta(days=29)
    assert JournalEntry.objects.count() == 0, "nothing has changed"


def test_what_has_its_new_id_is_not_asked_for_again():
    past = timezone.now() - timedelta(days=1)
    GoneMovieFactory(replaced_by=MovieFactory(), refresh_due_at=past)
    assert services.purge()["asked"] == 0


# -- what callers see ---------------------------------------------------------------------------
@pytest.mark.parametrize(("days", "status"), [(29, 200), (179, 200), (181, 404)])
def test_a_favourite_falls_back_on_its_details(user_api, tmdb, days, status):
    read = timezone.now() - timedelta(days=days)
    movie = MovieFactory(id=UNKNOWN, fetched_at=read)
    response = user_api.get(f"/api/movies/{UNKNOWN}")
    if status == 404:
        assert_problem(response, 404, "movie_not_found")
        return
    assert (response.status_code, response.json()) == (200, movie.details)
    assert response["Cache-Status"].endswith("; detail=not_found")


def test_who_favours_or_rates_the_old_id_gets_the_new_one(user_api):
    new = MovieFactory()
    old = GoneMovieFactory(replaced_by=new)
    response = user_api.post("/api/movies/favorites", {"movie_id": old.pk})
    assert (response.status_code, response.json()["id"]) == (201, new.pk)
    assert response["Location"] == f"/api/movies/favorites/{new.pk}"
    rated = user_api.post(f"/api/movies/{old.pk}/rating", {"stars": 2})
    assert (rated.status_code, rated.json()["movie_id"]) == (201, new.pk)
    assert Favorite.objects.get().rating_rank == rating_rank(2)


# -- the move -----------------------------------------------------------------------------------
@pytest.fixture
def old():
    return GoneMovieFactory()


@pytest.fixture
def new():
    return MovieFactory(release_date=timezone.now().date())


def move(old, new):
    """Move, after a preview that says the same."""
    shown = gone.preview(movie=old, new=new)
    assert gone.replace_movie(movie_id=old.pk, new_id=new.pk, reason="TMDB merged them") == shown
    return shown


def test_favourites_and_ratings_move(old, new):
    rating = RatingFactory(movie=old, stars=4)
    favorite = FavoriteFactory(movie=old, user=rating.user, rating_rank=rating_rank(4))
    FavoriteFactory(movie=old)
    others = FavoriteFactory()
    added = favorite.created_at
    assert move(old, new) == Move(favorites=2, ratings=1)
    favorite.refresh_from_db()
    assert (favorite.movie, favorite.created_at) == (new, added)
    assert (favorite.release_rank, favorite.rating_rank) == (
        release_rank(new.release_date),
        rating_rank(4),
    )
    rating.refresh_from_db()
    assert (rating.movie, rating.stars) == (new, 4)
    others.refresh_from_db()
    assert others.movie not in (old, new)
    old.refresh_from_db()
    assert old.replaced_by == new
    assert not gone.gone_movies().exists()
    entries = JournalEntry.objects.order_by("pk").values_list("model", "action", "count")
    assert list(entries) == [
        ("movies.Movie", "change", None),
        ("movies.Favorite", "change", 2),
        ("movies.Rating", "change", 1),
    ]
    assert JournalEntry.objects.first().reason == "TMDB merged them"


def test_who_has_both_on_the_list_keeps_one(old, new):
    kept = FavoriteFactory(movie=new)
    FavoriteFactory(movie=old, user=kept.user)
    assert move(old, new) == Move(favorites_merged=1)
    assert Favorite.objects.get() == kept


@pytest.mark.parametrize(("old_days", "new_days", "stars"), [(1, 2, 5), (2, 1, 0)])
def test_who_rated_both_keeps_the_later_rating(old, new, old_days, new_days, stars):
    user = UserFactory()
    now = timezone.now()
    for movie, given, days in ((old, 5, old_days), (new, 0, new_days)):
        rating = RatingFactory(user=user, movie=movie, stars=given)
        Rating.objects.filter(pk=rating.pk).update(updated_at=now - timedelta(days=days))
    favorite = FavoriteFactory(user=user, movie=new, rating_rank=rating_rank(0))
    shown = move(old, new)
    assert shown.ratings_merged == 1
    rating = Rating.objects.get()
    assert (rating.movie, rating.stars) == (new, stars)
    favorite.refresh_from_db()
    assert favorite.rating_rank == rating_rank(stars)
    entry = JournalEntry.objects.get(model="movies.Rating", action="delete")
    assert entry.changes == {"stars": [5 - stars, None]}
    assert entry.reason.endswith("TMDB merged them")


def test_a_rating_of_the_one_ranks_the_favourite_of_the_other(old, new):
    rating = RatingFactory(movie=old, stars=3)
    favorite = FavoriteFactory(user=rating.user, movie=new)
    move(old, new)
    favorite.refresh_from_db()
    assert favorite.rating_rank == rating_rank(3)


def test_a_wipe_can_be_undone_afterwards(old, new):
    user = UserFactory()
    wipe = WipeFactory(user=user, count=2)
    FavoriteFactory(user=user, movie=old, wipe=wipe)
    FavoriteFactory(user=user, movie=new, wipe=wipe)
    older = FavoriteFactory(user=user, movie=old, wipe=WipeFactory(user=user))
    listed = FavoriteFactory(movie=new)
    FavoriteFactory(user=listed.user, movie=old, wipe=WipeFactory(user=listed.user))
    assert move(old, new) == Move(favorites=2, favorites_merged=1)
    assert services.undo_wipe(wipe=wipe) == 1
    row = Favorite.objects.get(user=user, wipe=None)
    assert (row.movie, row.rating_rank) == (new, UNRATED_RANK)
    older.refresh_from_db()
    assert older.movie == new


@pytest.mark.parametrize("rows", [1, 20])
def test_a_move_costs_the_same_however_many_move(old, new, rows, django_assert_max_num_queries):
    for _ in range(rows):
        rating = RatingFactory(movie=old)
        FavoriteFactory(movie=old, user=rating.user)
    with django_assert_max_num_queries(18):
        gone.replace_movie(movie_id=old.pk, new_id=new.pk, reason="x")
    assert Favorite.objects.filter(movie=new).count() == rows


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ({"absent_days": 2}, {}, MovieNotGone),
        ({"replaced": True}, {}, MovieNotGone),
        ({}, {"absent_days": 1}, MovieGone),
        ({}, {"replaced": True}, MovieGone),
        ({}, None, SameMovie),
    ],
)
def test_what_cannot_be_moved_stays(old, new, before, after, error):
    def change(movie, replaced=False, **values):
        if replaced:
            movie.replaced_by = MovieFactory()
        if values:
            movie.absent_since = movie.absent_since or timezone.now()
            movie.absent_on = movie.absent_on or timezone.now().date()
            movie.absent_days = values["absent_days"]
        movie.save()

    change(old, **before)
    if after is not None:
        change(new, **after)
    favorite = FavoriteFactory(movie=old)
    target = old if after is None else new
    with pytest.raises(error):
        gone.replace_movie(movie_id=old.pk, new_id=target.pk, reason="x")
    favorite.refresh_from_db()
    assert favorite.movie_id == old.pk
    assert JournalEntry.objects.count() == 0


# -- the API of support -------------------------------------------------------------------------
GONE = "/api/movies/gone"


@pytest.fixture
def support(client_for):
    return client_for(Role.SUPPORT)


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_the_list_costs_the_same_at_any_length(support, rows, django_assert_num_queries):
    for movie in GoneMovieFactory.create_batch(rows):
        RatingFactory(movie=movie)
        FavoriteFactory(movie=movie)
        FavoriteFactory(movie=movie, wipe=WipeFactory())
    MovieFactory()
    GoneMovieFactory(replaced_by=MovieFactory())
    with django_assert_num_queries(2):  # the token, the page
        found = support.get(GONE).json()["results"]
    assert [(row["favorites"], row["ratings"]) for row in found] == [(1, 1)] * rows


def test_the_latest_lost_comes_first_page_by_page(support):
    now = timezone.now()
    movies = [GoneMovieFactory(absent_since=now - timedelta(days=days)) for days in (9, 3, 6)]
    first = support.get(f"{GONE}?limit=2").json()
    assert [row["id"] for row in first["results"]] == [movies[1].pk, movies[2].pk]
    rest = support.get(first["next"]).json()["results"]
    assert rest == [
        {
            "id": movies[0].pk,
            "title": movies[0].title,
            "release_date": "1999-03-31",
            "absent_since": rest[0]["absent_since"],
            "favorites": 0,
            "ratings": 0,
        }
    ]


def test_support_says_the_new_id(support, tmdb):
    old = GoneMovieFactory()
    favorite = FavoriteFactory(movie=old)
    address, body = f"{GONE}/{old.pk}/new-id", {"movie_id": 550, "reason": "merged by TMDB"}
    would = support.post(f"{address}?dry_run=true", body)
    assert (would.status_code, would.json()["favorites"]) == (200, 1)
    favorite.refresh_from_db()
    assert favorite.movie_id == old.pk
    done = support.post(address, body)
    assert (done.status_code, done.json()) == (
        200,
        {
            "movie_id": 550,
            "favorites": 1,
            "favorites_merged": 0,
            "ratings": 0,
            "ratings_merged": 0,
        },
    )
    favorite.refresh_from_db()
    assert favorite.movie_id == 550
    entry = JournalEntry.objects.get(object_id=str(old.pk), action="change")
    assert (entry.reason, entry.actor_id) == ("merged by TMDB", support.user.pk)
    assert_problem(support.post(address, body), 409, "movie_not_gone")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"movie_id": UNKNOWN, "reason": "x"}, (404, "movie_not_found", None)),
        ({"movie_id": 2**31, "reason": "x"}, (404, "movie_not_found", None)),
        ({"movie_id": 7, "reason": "x"}, (409, "same_movie", None)),
        ({"movie_id": 550}, (400, "required", "reason")),
        ({"movie_id": 550, "reason": " "}, (400, "blank", "reason")),
        ({"movie_id": "550", "reason": "x"}, (400, "invalid", "movie_id")),
        ({"movie_id": 0, "reason": "x"}, (400, "min_value", "movie_id")),
    ],
)
def test_new_ids_that_cannot_be(support, tmdb, body, refused):
    status, code, field = refused
    favorite = FavoriteFactory(movie=GoneMovieFactory(id=7))
    response = support.post(f"{GONE}/7/new-id", body)
    assert response.status_code == status
    if field:
        (error,) = response.json()["errors"]
        assert (error["field"], error["code"]) == (field, code)
    else:
        assert response.json()["code"] == code
    favorite.refresh_from_db()
    assert favorite.movie_id == 7


@pytest.mark.parametrize("movie_id", [8, 2**31, 10**30])
def test_a_movie_that_nobody_keeps_has_no_new_id(support, tmdb, movie_id):
    body = {"movie_id": 550, "reason": "x"}
    response = support.post(f"{GONE}/{movie_id}/new-id", body)
    assert_problem(response, 404, "movie_not_found")


def test_without_tmdb_an_unknown_new_id_is_tried_later(support, tmdb):
    old = GoneMovieFactory()
    tmdb.faults.set("tmdb", status=404, garbage=True)
    response = support.post(f"{GONE}/{old.pk}/new-id", {"movie_id": 550, "reason": "x"})
    assert_problem(response, 503, "catalog_unavailable")
