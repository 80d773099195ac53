"""Others who ask the same: one call at a time, and nothing that blocks for long."""

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from movies.catalog import cache, copies
from movies.catalog.cache import Answer, Flight
from movies.errors import CatalogBusy, CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer
from movies.tests.catalogs import HOUR, KEY, body
from movies.tests.factories import CachedAnswerFactory

pytestmark = pytest.mark.django_db


# -- other processes ----------------------------------------------------------------------------
@pytest.fixture
def leased():
    """Somebody else is asking, for so many seconds already."""

    def make(seconds=0.0, **values):
        until = timezone.now() + copies.LEASE - timedelta(seconds=seconds)
        values = {"fetched_at": None, "body": "", **values}
        return CachedAnswerFactory(lease_until=until, **values)

    return make


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen while the code under test sleeps."""

    def let(action):
        monkeypatch.setattr(cache.time, "sleep", lambda _seconds: action())

    return let


@pytest.mark.usefixtures("still")
def test_the_stale_copy_serves_at_once_while_another_process_asks(cached, inner, leased):
    leased(fetched_at=timezone.now() - HOUR, body='{"call":0}')
    answer = cached.popular(page=1)
    assert body(answer) == {"call": 0}
    assert answer.headers["Cache-Status"] == "plaza; hit; ttl=-3570; detail=revalidating"
    assert inner.calls == []


def test_without_a_copy_the_other_process_is_waited_for(cached, inner, leased, meanwhile):
    leased()
    meanwhile(lambda: copies.keep(KEY, b'{"call":0}'))
    answer = cached.popular(page=1)
    assert (body(answer), answer.how, answer.detail) == ({"call": 0}, "hit", "")
    assert inner.calls == []


def test_the_other_process_fails(cached, inner, leased, meanwhile):
    leased()
    meanwhile(lambda: copies.release(KEY))
    with pytest.raises(CatalogUnavailable):
        cached.popular(page=1)
    assert (inner.calls, CachedAnswer.objects.count()) == ([], 0)


def test_the_other_process_is_told_that_there_is_no_such_movie(cached, inner, leased, meanwhile):
    leased(key="movie:7")
    inner.error = MovieNotFound()

    def told():
        with pytest.raises(MovieNotFound):
            cached._ask("movie:7", lambda: inner.movie(movie_id=7), None)

    meanwhile(told)
    with pytest.raises(MovieNotFound):
        cached.movie(movie_id=7)
    assert (len(inner.calls), CachedAnswer.objects.count()) == (1, 0)
    inner.error = None
    assert (body(cached.movie(movie_id=7)), len(inner.calls)) == ({"call": 2}, 2)


def test_the_other_process_fails_with_a_copy_that_is_too_old(cached, leased, meanwhile):
    leased(fetched_at=timezone.now() - timedelta(days=31), body="{}")
    meanwhile(lambda: copies.release(KEY))
    with pytest.raises(CatalogUnavailable):
        cached.popular(page=1)


def test_a_slow_answer_is_waited_for_with_a_slot_only(cached, leased, meanwhile):
    leased(seconds=1)
    calls = []

    def finish():
        calls.append(cached.slots._value)
        if len(calls) == 2:
            copies.keep(KEY, b"{}")

    meanwhile(finish)
    assert cached.popular(page=1).body == b"{}"
    assert calls == [cache.SLOTS - 1] * 2
    assert cached.slots._value == cache.SLOTS


def test_without_a_slot_nobody_waits_for_a_slow_answer(cached, leased, meanwhile):
    leased(seconds=1)
    meanwhile(lambda: pytest.fail("waited"))
    cached.slots = threading.BoundedSemaphore(1)
    cached.slots.acquire()
    with pytest.raises(CatalogBusy) as caught:
        cached.popular(page=1)
    assert caught.value.headers == {"Retry-After": "1"}


def test_nobody_waits_longer_than_an_answer_may_take(cached, leased, meanwhile):
    leased(seconds=cache.LONGEST_WAIT)
    meanwhile(lambda: pytest.fail("waited"))
    with pytest.raises(CatalogBusy):
        cached.popular(page=1)


def test_whoever_died_holds_the_lease_no_longer_than_its_time(cached, inner, leased):
    leased(seconds=7)
    assert body(cached.popular(page=1)) == {"call": 1}


def test_one_of_many_gets_the_lease():
    assert copies.take_lease(KEY, None) is True
    assert copies.take_lease(KEY, None) is False
    copies.release(KEY)
    assert copies.take_lease(KEY, None) is True
    copies.keep(KEY, b"{}")
    row = copies.find(KEY)
    assert copies.take_lease(KEY, row) is True
    copies.keep(KEY, b"{}")
    assert copies.take_lease(KEY, row) is False, "an answer came since the row was seen"
    assert copies.take_lease(KEY, None) is False, "as above"


# -- other threads ------------------------------------------------------------------------------
def waiting(cached, **result):
    """Put an answer on its way, as another thread would."""
    flight = cached._flights[KEY] = Flight()
    for name, value in result.items():
        setattr(flight, name, value)
    if result:
        flight.ready.set()
    return flight


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("hit", "hit"),
        ("fwd=miss; stored", "fwd=miss; collapsed"),
        ("fwd=stale", "fwd=stale; collapsed"),
    ],
)
def test_another_thread_brings_the_answer(cached, inner, how, told):
    waiting(cached, answer=Answer(b"{}", 0, how))
    assert cached.popular(page=1).how == told
    assert inner.calls == []


def test_another_thread_fails(cached):
    error = MovieNotFound()
    waiting(cached, error=error)
    with pytest.raises(MovieNotFound) as caught:
        cached.popular(page=1)
    assert caught.value is not error


def test_the_stale_copy_serves_while_another_thread_asks(cached):
    flight = waiting(cached)
    flight.offer(Answer(b"{}", 40, "hit", ttl=-10))
    headers = cached.popular(page=1).headers
    assert headers == {"Age": "40", "Cache-Status": "plaza; hit; ttl=-10; detail=revalidating"}


def test_everybody_waits_a_second_for_an_answer(cached, monkeypatch):
    flight, waited = waiting(cached), []
    monkeypatch.setattr(cache, "time", SimpleNamespace(monotonic=lambda: flight.started + 0.7))

    def wait(seconds):
        waited.append(round(seconds, 3))
        flight.answer = Answer(b"{}", 0, "fwd=miss; stored")
        return True

    monkeypatch.setattr(flight.ready, "wait", wait)
    cached.slots = threading.BoundedSemaphore(1)
    cached.slots.acquire()
    assert (cached.popular(page=1).body, waited) == (b"{}", [0.3])
    for took, is_slow in ((0.7, False), (1.0, True)):
        cached._note(took)
        assert (cached.slow_until > 0) is is_slow


def test_a_thread_that_takes_long_is_waited_for_with_a_slot_only(cached, monkeypatch):
    monkeypatch.setattr(cache, "FREE_WAIT", 0.01)
    monkeypatch.setattr(cache, "LONGEST_WAIT", 0.02)
    waiting(cached)
    with pytest.raises(CatalogBusy):
        cached.popular(page=1)
    assert cached.slots._value == cache.SLOTS
    for _ in range(cache.SLOTS):
        cached.slots.acquire()
    monkeypatch.setattr(cache, "LONGEST_WAIT", 60)
    started = time.monotonic()
    with pytest.raises(CatalogBusy):
        cached.popular(page=1)
    assert time.monotonic() - started < 30


def test_few_calls_at_once_and_the_others_get_their_copies_or_503(cached, inner, monkeypatch):
    monkeypatch.setattr(cache, "SLOT_WAIT", 0.01)
    CachedAnswerFactory(key="popular:2::", fetched_at=timezone.now() - HOUR, body="{}")
    for _ in range(cache.SLOTS):
        cached.slots.acquire()
    with pytest.raises(CatalogBusy):
        cached.popular(page=1)
    answer = cached.popular(page=2)
    assert (answer.body, answer.how, answer.detail) == (b"{}", "fwd=stale", "busy")
    assert inner.calls == []
    assert [row.lease_until for row in CachedAnswer.objects.all()] == [None]


def test_after_a_wait_in_vain_nobody_waits_until_a_quick_answer(
    cached, leased, meanwhile, monkeypatch
):
    monkeypatch.setattr(cache, "SLOT_WAIT", 0.01)
    for _ in range(cache.SLOTS):
        cached.slots.acquire()
    with pytest.raises(CatalogBusy):
        cached.popular(page=2)  # waited for a slot
    monkeypatch.setattr(cache, "SLOT_WAIT", 20)
    monkeypatch.setattr(cache, "FREE_WAIT", 20)
    started = time.monotonic()
    with pytest.raises(CatalogBusy):
        cached.popular(page=2)
    waiting(cached)
    with pytest.raises(CatalogBusy):
        cached.popular(page=1)
    cached._flights.clear()
    leased()
    meanwhile(lambda: pytest.fail("waited"))
    with pytest.raises(CatalogBusy):
        cached.popular(page=1)
    assert time.monotonic() - started < 10
    cached.slots.release()
    assert cached.popular(page=2).how == "fwd=miss; stored"
    assert cached.slow_until == 0


def test_a_slow_failure_is_remembered_too(cached, inner, monkeypatch):
    monkeypatch.setattr(cache, "FREE_WAIT", 0.0)
    inner.error = CatalogUnavailable()
    before = time.monotonic()
    with pytest.raises(CatalogUnavailable):
        cached.popular(page=1)
    assert cached.slow_until >= before + cache.SLOW_SECONDS


def test_a_dead_leader_leaves_no_flight(cached, inner):
    inner.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        cached.popular(page=1)
    assert cached._flights == {}
