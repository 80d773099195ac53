"""Movies that TMDB no longer has: when that is believed, and their new ids."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from core.models import JournalEntry
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
