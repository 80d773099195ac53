"""What happens behind the routes: fresh details, wipes undone, users forgotten."""

import random
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from core import signals
from core.jobs import work
from core.models import JournalEntry
from core.roles import Role
from movies import demo, services, tasks
from movies.catalog import catalog
from movies.catalog.cache import Cached
from movies.errors import AlreadyRated, WipeNotUndoable
from movies.models import (
    CachedAnswer,
    Favorite,
    FavoritesWipe,
    Movie,
    Rating,
    rating_rank,
    release_rank,
)
from movies.tests.factories import (
    CachedAnswerFactory,
    FavoriteFactory,
    MovieFactory,
    RatingFactory,
    WipeFactory,
)
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def due(**values):
    """Make a movie whose details are old."""
    past = timezone.now() - timedelta(minutes=1)
    return MovieFactory(**{"id": 550, "refresh_due_at": past, **values})


# -- details ------------------------------------------------------------------------------------
def test_get_or_fetch_movie_asks_once(tmdb):
    movie = services.get_or_fetch_movie(movie_id=550)
    assert services.get_or_fetch_movie(movie_id=550) == movie
    assert tmdb.calls("tmdb") == 1
    assert movie.title == movie.details["title"]
    assert movie.release_date.isoformat() == movie.details["release_date"]
    week, day = timedelta(days=7), timedelta(days=1)
    assert week <= movie.refresh_due_at - movie.fetched_at <= week + day


def test_somebody_else_was_faster(tmdb, monkeypatch):
    ask = Cached.movie

    def slow(self, *, movie_id):
        answer = ask(self, movie_id=movie_id)
        MovieFactory(id=movie_id, title="Theirs")
        return answer

    monkeypatch.setattr(Cached, "movie", slow)
    assert services.get_or_fetch_movie(movie_id=7).title == "Theirs"
    assert not JournalEntry.objects.exists()


def test_what_came_from_an_old_copy_is_as_old_as_that(tmdb, age, settings):
    catalog().movie(movie_id=550)
    age(days=10)
    settings.TMDB_API_URL = "http://127.0.0.1:1/3"
    movie = services.get_or_fetch_movie(movie_id=550)
    assert timedelta(days=10) <= timezone.now() - movie.fetched_at < timedelta(days=10, minutes=1)
    assert movie.refresh_due_at < timezone.now()


def test_long_titles_are_cut_where_they_are_searched(tmdb):
    document = {"id": 1, "title": "Ñ" * 400}
    values = services.columns_of(document, NOW)
    assert (len(values["title"]), values["release_date"]) == (300, None)
    assert values["details"] == document


def test_old_details_are_read_again(tmdb, published):
    movie = due(release_date=None, title="Old", refresh_attempts=3)
    favorites = FavoriteFactory.create_batch(2, movie=movie)
    other = FavoriteFactory()
    assert work.sweep_all() == 1
    assert published == [("movies.tasks.refresh_movie", {"pk": 550, "request_id": ""})]
    tasks.refresh_movie(pk=550, request_id="request-1")
    movie.refresh_from_db()
    assert movie.details["id"] == 550
    assert movie.title == movie.details["title"] != "Old"
    assert (movie.refresh_attempts, movie.refresh_status) == (0, "pending")
    assert movie.refresh_due_at > timezone.now() + timedelta(days=6)
    ranks = {one.release_rank for one in Favorite.objects.filter(movie=movie)}
    assert ranks == {release_rank(movie.release_date)} != {favorites[0].release_rank}
    assert Favorite.objects.get(pk=other.pk).release_rank == other.release_rank
    entry = JournalEntry.objects.get(model="movies.Movie")
    assert entry.changes["title"] == ["Old", movie.title]
    assert entry.changes["release_date"] == [None, movie.release_date.isoformat()]
    assert (entry.actor_label, entry.request_id) == ("movies.tasks.refresh_movie", "request-1")
    services.refresh_movie(pk=550)
    assert tmdb.calls("tmdb") == 1, "it is fresh now"


def test_details_that_are_the_same_leave_no_entry(tmdb):
    services.get_or_fetch_movie(movie_id=550)
    before = JournalEntry.objects.count()
    Movie.objects.update(refresh_due_at=timezone.now() - timedelta(minutes=1))
    services.refresh_movie(pk=550)
    assert tmdb.calls("tmdb") == 2
    assert JournalEntry.objects.count() == before


def test_a_refresh_that_fails_is_tried_later_and_nothing_is_lost(tmdb):
    movie = due()
    tmdb.faults.set("tmdb", status=429, retry_after=50)
    services.refresh_movie(pk=550)
    stored = Movie.objects.get()
    assert stored.details == movie.details
    assert (stored.refresh_status, stored.refresh_attempts) == ("pending", 1)
    assert stored.refresh_due_at > timezone.now() + timedelta(seconds=40)


def test_refresh_again(published, django_capture_on_commit_callbacks):
    movie = MovieFactory(refresh_status="gone")
    with django_capture_on_commit_callbacks(execute=True):
        services.refresh_again(movie=movie)
    assert [task for task, _arguments in published] == ["movies.tasks.refresh_movie"]
    movie.refresh_from_db()
    assert movie.refresh_status == "pending"
    assert movie.refresh_due_at <= timezone.now()


# -- the ranks ----------------------------------------------------------------------------------
def test_ranks_order_as_the_contract_says():
    dates = [date(9999, 12, 31), date(2024, 1, 2), date(2024, 1, 1), date(1, 1, 1), None]
    assert dates == sorted(dates, key=release_rank)
    stars = [5, 4, 3, 2, 1, 0, None]
    assert stars == sorted(stars, key=rating_rank)
    assert len({*map(release_rank, dates)}) == 5


def step_of_a_list(dice, user, movie):
    """Write something that can be written now, as the routes would."""
    mine = {"user_id": user.pk, "movie_id": movie.pk}
    favorite = Favorite.objects.filter(wipe=None, **mine).first()
    if favorite is None:
        services.add_favorite(**mine)
    elif dice.random() < 0.3:
        services.remove_favorite(favorite=favorite)


def step_of_a_rating(dice, user, movie):
    mine = {"user_id": user.pk, "movie_id": movie.pk}
    rating = Rating.objects.filter(**mine).first()
    if rating is None:
        services.rate(stars=dice.randrange(6), **mine)
    elif dice.random() < 0.5:
        services.correct_rating(rating=rating, stars=dice.randrange(6))
    else:
        services.remove_rating(rating=rating)


def step_of_a_wipe(dice, user, _movie):
    wipe = FavoritesWipe.objects.filter(undone_at=None).first()
    if wipe is None or dice.random() < 0.3:
        services.wipe_favorites(user_id=user.pk)
    else:
        services.undo_wipe(wipe=wipe)


def step_of_tmdb(dice, _user, movie):
    day = dice.choice(["", "2001-01-01", "2024-05-05"])
    document = {**movie.details, "release_date": day}
    services.store_details(movie_id=movie.pk, document=document)


def test_the_ranks_stay_what_they_repeat_whatever_happens():
    dice = random.Random(4)
    users, movies = UserFactory.create_batch(3), MovieFactory.create_batch(4)
    steps = [step_of_a_list, step_of_a_list, step_of_a_rating, step_of_a_wipe, step_of_tmdb]
    for _ in range(150):
        dice.choice(steps)(dice, dice.choice(users), dice.choice(movies))
    assert Favorite.objects.count() > 5
    assert FavoritesWipe.objects.exclude(undone_at=None).exists()
    stars = {(one.user_id, one.movie_id): one.stars for one in Rating.objects.all()}
    for favorite in Favorite.objects.select_related("movie"):
        assert favorite.release_rank == release_rank(favorite.movie.release_date)
        mine = stars.get((favorite.user_id, favorite.movie_id))
        assert favorite.rating_rank == rating_rank(mine)


def test_rate_twice():
    rating = RatingFactory(stars=1)
    with pytest.raises(AlreadyRated), transaction.atomic():
        services.rate(user_id=rating.user_id, movie_id=rating.movie_id, stars=2)
    assert Rating.objects.get().stars == 1


# -- wipes --------------------------------------------------------------------------------------
def test_a_wipe_can_be_undone():
    kept, again = FavoriteFactory.create_batch(2, user=(user := UserFactory()))
    services.wipe_favorites(user_id=user.pk)
    services.add_favorite(user_id=user.pk, movie_id=again.movie_id)
    services.rate(user_id=user.pk, movie_id=kept.movie_id, stars=5)
    wipe = FavoritesWipe.objects.get()
    assert services.undo_wipe(wipe=wipe) == 1
    back = Favorite.objects.filter(user=user)
    assert {one.movie_id for one in back} == {kept.movie_id, again.movie_id}
    assert {one.wipe_id for one in back} == {None}
    assert Favorite.objects.get(movie=kept.movie).rating_rank == rating_rank(5)
    assert Favorite.objects.get(movie=kept.movie).created_at == kept.created_at
    entry = JournalEntry.objects.get(action="change", model="movies.FavoritesWipe")
    assert entry.count == 1
    with pytest.raises(WipeNotUndoable):
        services.undo_wipe(wipe=wipe)
    assert back.count() == 2


def test_a_wipe_can_be_undone_for_thirty_days():
    favorite = FavoriteFactory()
    services.wipe_favorites(user_id=favorite.user_id)
    wipe = FavoritesWipe.objects.get()
    moment = timezone.now() - timedelta(days=30, seconds=1)
    FavoritesWipe.objects.update(created_at=moment)
    with pytest.raises(WipeNotUndoable):
        services.undo_wipe(wipe=wipe)
    FavoritesWipe.objects.update(created_at=moment + timedelta(minutes=1))
    assert services.undo_wipe(wipe=wipe) == 1


def test_a_wipe_is_all_or_nothing(monkeypatch):
    favorite = FavoriteFactory()

    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("movies.services.favorites.journal.record", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        services.wipe_favorites(user_id=favorite.user_id)
    assert Favorite.objects.get().wipe_id is None
    assert FavoritesWipe.objects.count() == 0


def test_an_empty_list_leaves_no_wipe():
    assert services.wipe_favorites(user_id=UserFactory().pk) == 0
    assert FavoritesWipe.objects.count() == JournalEntry.objects.count() == 0


# -- the end ------------------------------------------------------------------------------------
def test_a_removed_user_leaves_nothing():
    leaver = UserFactory()
    FavoriteFactory(user=leaver, wipe=WipeFactory(user=leaver))
    FavoriteFactory(user=leaver)
    RatingFactory(user=leaver)
    kept = FavoriteFactory()
    signals.user_removed.send(sender=None, user_id=leaver.pk)
    assert list(Favorite.objects.all()) == [kept]
    assert Rating.objects.count() == FavoritesWipe.objects.count() == 0
    entries = JournalEntry.objects.values_list("model", "count", "reason")
    reason = f"the account of user {leaver.pk} was removed"
    assert set(entries) == {
        ("movies.Favorite", 2, reason),
        ("movies.FavoritesWipe", 1, reason),
        ("movies.Rating", 1, reason),
    }


def test_purge():
    long_ago = timezone.now() - timedelta(days=31)
    old = FavoriteFactory(wipe=WipeFactory(created_at=long_ago))
    young = FavoriteFactory(wipe=WipeFactory())
    CachedAnswerFactory(fetched_at=long_ago)
    assert tasks.purge() == {"answers": 1, "favorites": 1, "details": 0, "asked": 0}
    assert list(Favorite.objects.all()) == [young]
    assert FavoritesWipe.objects.filter(pk=old.wipe_id).exists(), "that it happened stays known"
    assert CachedAnswer.objects.count() == 0
    assert JournalEntry.objects.get().count == 1
    assert tasks.purge() == {"answers": 0, "favorites": 0, "details": 0, "asked": 0}


@pytest.mark.parametrize("released", [date(1999, 3, 31), None])
def test_details_that_tmdb_does_not_confirm_for_six_months_are_dropped(user_api, released):
    now = timezone.now()
    gone, alive = (
        FavoriteFactory(
            user=user_api.user,
            movie=MovieFactory(release_date=released, fetched_at=now - timedelta(days=days)),
        ).movie
        for days in (181, 179)
    )
    assert tasks.purge()["details"] == 1
    entry = JournalEntry.objects.get(model="movies.Movie")
    assert (entry.action, entry.count, "180 days" in entry.reason) == ("change", 1, True)
    left = {
        "id": gone.pk,
        "title": gone.title,
        "release_date": "1999-03-31" if released else "",
        "my_rating": None,
    }
    for shown in (
        user_api.get("/api/movies/favorites").json()["results"][0],
        user_api.get(f"/api/movies/favorites/{gone.pk}").json(),
    ):
        assert {name: value for name, value in shown.items() if name != "added_at"} == left
    assert user_api.get(f"/api/movies/favorites/{alive.pk}").json()["overview"] == "Ñandú"
    assert tasks.purge()["details"] == 0
    services.store_details(movie_id=gone.pk, document={**left, "overview": "back"})
    assert user_api.get(f"/api/movies/favorites/{gone.pk}").json()["overview"] == "back"


def test_a_removed_user_who_never_came_here():
    signals.user_removed.send(sender=None, user_id=UserFactory().pk)
    assert not JournalEntry.objects.exists()


def test_demo():
    assert demo.load() == "movies are here already", "there is nobody yet"
    user = UserFactory(role=Role.USER)
    call_command("demo", app=["movies"])
    assert Favorite.objects.filter(user=user).count() == len(demo.MOVIES)
    assert set(Rating.objects.values_list("stars", flat=True)) == {0, 4, 5}
    assert Movie.objects.filter(refresh_due_at__lt=timezone.now()).count() == len(demo.MOVIES)
    assert demo.load() == "movies are here already"
