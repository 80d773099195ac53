"""Real threads on a real database: one upstream call, one favourite, ranks that stay right."""

import threading
from datetime import timedelta

import orjson
import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.roles import Role
from core.tests.helpers_threads import together
from movies import gone, services
from movies.catalog import catalog, decorate, slots, stored_answers
from movies.catalog.port import Answer
from movies.errors import AlreadyRated, CatalogBusy
from movies.models import CachedAnswer, Favorite, FavoritesWipe, Rating, rating_rank, release_rank
from movies.selectors import rows_of
from movies.tests.catalogs import Catalog, layers
from movies.tests.factories import (
    FavoriteFactory,
    GoneMovieFactory,
    MovieFactory,
    RatingFactory,
)
from users.tests.factories import UserFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


class Held(Catalog):
    """A catalogue that answers when so many of the others have been answered."""

    def __init__(self):
        super().__init__()
        self.answered, self.others = threading.Condition(), 0

    def answer(self, question, on_stale):
        with self.answered:
            self.calls.append(question)
            assert self.answered.wait_for(lambda: self.others <= 0, timeout=30)
        return Answer(orjson.dumps({"call": len(self.calls)}))

    def beside(self, action):
        """Return what ``action`` returns or raises, and count it as one of the others."""
        try:
            return action()
        except CatalogBusy as error:
            return error
        finally:
            with self.answered:
                self.others -= 1
                self.answered.notify_all()


@pytest.fixture
def processes():
    """Catalogues as several processes have them: they share the cache and the database only."""

    def make(count, inner):
        return [decorate(inner, seconds=30, stale=timedelta(days=30)) for _ in range(count)]

    return make


@pytest.mark.parametrize("delay", [0.15, 0.7])
def test_a_hundred_concurrent_misses_make_one_upstream_call(
    processes, bounds, tmdb, monkeypatch, delay
):
    monkeypatch.setattr(slots, "FREE_WAIT_SECONDS", 30)  # on a busy machine it may take its time
    monkeypatch.setattr(slots, "MAX_WAIT_SECONDS", 30)
    monkeypatch.setattr(stored_answers, "LEASE", timedelta(seconds=60))
    bounds()
    tmdb.faults.set("tmdb", delay=delay)
    four = processes(4, layers(catalog())[-1])
    answers = together(100, lambda number: four[number % 4].popular(page=1))
    assert len({answer.body for answer in answers}) == 1
    assert tmdb.calls("tmdb") == 1
    assert CachedAnswer.objects.get().lease_until is None


def test_a_hundred_concurrent_misses_of_an_old_answer_get_the_copy_at_once(processes, age):
    inner = Held()
    four = processes(4, inner)
    four[0].popular(page=1)
    age(hours=1)
    inner.others = 99  # are answered before the one who asks
    answers = together(100, lambda number: inner.beside(lambda: four[number % 4].popular(page=1)))
    assert len(inner.calls) == 2
    assert {answer.how for answer in answers} == {"fwd=stale; stored", "hit"}
    assert sum(answer.how != "hit" for answer in answers) == 1


def test_one_process_has_few_calls_under_way(processes):
    inner = Held()
    (one,) = processes(1, inner)
    inner.others = 12 - slots.MAX_SLOTS  # are refused while those are under way
    results = together(12, lambda number: inner.beside(lambda: one.popular(page=number + 1)))
    assert len(inner.calls) == slots.MAX_SLOTS
    busy = [result for result in results if isinstance(result, CatalogBusy)]
    assert len(busy) == 12 - slots.MAX_SLOTS


def test_many_different_pages_at_once_of_a_healthy_tmdb(processes, bounds, monkeypatch):
    monkeypatch.setattr(slots, "SLOT_WAIT_SECONDS", 30)  # on a busy machine it may take its time
    bounds()
    (one,) = processes(1, layers(catalog())[-1])
    answers = together(20, lambda number: one.popular(page=number + 1))
    assert len({answer.body for answer in answers}) == 20


def test_no_transaction_is_open_while_tmdb_is_asked(client_for, tmdb, monkeypatch):
    api = client_for(Role.USER)
    states = []
    upstream = layers(catalog())[-1].upstream
    ask = upstream.get_json

    def spy(*args, **kwargs):
        states.append(connection.in_atomic_block)
        return ask(*args, **kwargs)

    monkeypatch.setattr(upstream, "get_json", spy)
    assert api.get("/api/movies/popular").status_code == 200
    assert (
        api.post("/api/movies/favorites", {"movie_id": 7}, HTTP_IDEMPOTENCY_KEY="k1").status_code
        == 201
    )
    assert (
        api.post("/api/movies/8/rating", {"stars": 3}, HTTP_IDEMPOTENCY_KEY="k2").status_code == 201
    )
    assert states == [False] * 3


def test_the_same_favourite_sixteen_times_is_one():
    user, movie = UserFactory(), MovieFactory()
    mine = {"user_id": user.pk, "movie_id": movie.pk}
    results = together(16, lambda _number: services.add_favorite(**mine))
    assert sorted(is_new for _favorite, is_new in results) == [False] * 15 + [True]
    assert Favorite.objects.count() == 1


def test_the_same_new_movie_sixteen_times_is_one(tmdb):
    results = together(16, lambda _number: services.get_or_fetch_movie(movie_id=7))
    assert {movie.pk for movie in results} == {7}
    assert tmdb.calls("tmdb") == 1


def test_rate_sixteen_times_at_once():
    user, movie = UserFactory(), MovieFactory()
    mine = {"user_id": user.pk, "movie_id": movie.pk}
    results = together(16, lambda number: services.rate(stars=number % 6, **mine))
    assert sum(isinstance(result, AlreadyRated) for result in results) == 15
    assert Rating.objects.count() == 1


@pytest.mark.parametrize("round_number", range(5))
def test_ranks_are_right_when_all_that_they_repeat_is_written_at_once(round_number):
    users, movie = UserFactory.create_batch(4), MovieFactory()
    actions = [
        lambda user: services.add_favorite(user_id=user.pk, movie_id=movie.pk),
        lambda user: services.rate(user_id=user.pk, movie_id=movie.pk, stars=4),
        lambda user: services.store_details(
            movie_id=movie.pk,
            document={**movie.details, "release_date": f"20{user.pk % 90 + 10}-01-01"},
        ),
    ]
    together(12, lambda number: actions[number % 3](users[number // 3]))
    movie.refresh_from_db()
    rows = list(Favorite.objects.all())
    assert len(rows) == 4
    assert {row.release_rank for row in rows} == {release_rank(movie.release_date)}
    assert {row.rating_rank for row in rows} == {rating_rank(4)}


def test_wipes_at_once_count_every_favourite_once():
    user = UserFactory()
    FavoriteFactory.create_batch(20, user=user)
    results = together(8, lambda _number: services.wipe_favorites(user_id=user.pk))
    assert sorted(results) == [0] * 7 + [20]
    assert FavoritesWipe.objects.get().count == 20


def test_an_undo_while_the_list_is_filled_again():
    user = UserFactory()
    favorites = FavoriteFactory.create_batch(8, user=user)
    services.wipe_favorites(user_id=user.pk)
    wipe = FavoritesWipe.objects.get()

    def act(number):
        if number == 8:
            return services.undo_wipe(wipe=wipe)
        return services.add_favorite(user_id=user.pk, movie_id=favorites[number].movie_id)

    results = together(9, act)
    assert not [result for result in results if isinstance(result, Exception)]
    assert Favorite.objects.filter(wipe=None).count() == Favorite.objects.count() == 8


@pytest.mark.parametrize("round_number", range(5))
def test_a_move_while_users_write_loses_nothing(round_number):
    old, new = GoneMovieFactory(), MovieFactory(release_date=timezone.now().date())
    users = UserFactory.create_batch(9)
    rated = [RatingFactory(user=user, movie=old, stars=1) for user in users[6:]]
    ids = {"movie_id": old.pk, "new_id": new.pk}

    def act(number):
        user = users[number % 9]
        if number == 9:
            return gone.replace_movie(**ids, reason="race")
        if number < 3:
            return services.add_favorite(user_id=user.pk, movie_id=old.pk)
        if number < 6:
            return services.rate(user_id=user.pk, movie_id=old.pk, stars=4)
        with transaction.atomic():
            rating = Rating.objects.select_for_update().get(pk=rated[number - 6].pk)
            return services.correct_rating(rating=rating, stars=5)

    results = together(10, act)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert set(Favorite.objects.values_list("movie_id", "release_rank")) == {
        (new.pk, release_rank(new.release_date))
    }
    assert Favorite.objects.count() == 3
    stars = Rating.objects.order_by("user_id").values_list("movie_id", "stars")
    assert list(stars) == [(new.pk, 4)] * 3 + [(new.pk, 5)] * 3


def test_the_page_walks_the_index_in_its_order(client_for):
    user = UserFactory()
    movies = MovieFactory.create_batch(40)
    for movie in movies:
        FavoriteFactory(user=user, movie=movie)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    rows = rows_of(user.pk).order_by("release_rank", "rating_rank", "movie_id", "id")
    plan = rows[:11].explain()
    assert "movies_favorite_order" in plan
    assert "Sort" not in plan
