"""Threads of one process with the same question: one call, and nothing that blocks for long."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from movies.catalog import flights, slots
from movies.catalog.flights import Flight, Flights
from movies.catalog.port import Answer
from movies.errors import CatalogBusy, CatalogUnavailable, MovieNotFound
from movies.tests.catalogs import KEY


@pytest.fixture
def catalog(inner, pool):
    return Flights(inner, pool)


def waiting(catalog, **result):
    """Put an answer on its way, as another thread would."""
    flight = catalog._flights[KEY] = Flight()
    for name, value in result.items():
        setattr(flight, name, value)
    if result:
        flight.ready.set()
    return flight


def test_the_first_one_asks_and_its_flight_ends(catalog, inner):
    inner.values = {"how": "fwd=miss; stored", "cacheable": True}
    for call in (1, 2):
        answer = catalog.popular(page=1)
        assert answer == Answer(b'{"call":%d}' % call, 0, "fwd=miss; stored", cacheable=True)
    assert catalog._flights == {}


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        ("hit", "hit"),
        ("fwd=miss; stored", "fwd=miss; collapsed"),
        ("fwd=stale", "fwd=stale; collapsed"),
    ],
)
def test_another_thread_brings_the_answer_and_keeps_it(catalog, inner, how, shown):
    waiting(catalog, answer=Answer(b"{}", 0, how, cacheable=True))
    assert catalog.popular(page=1) == Answer(b"{}", 0, shown, cacheable=False)
    assert inner.calls == []


def test_another_thread_fails(catalog):
    error = MovieNotFound()
    waiting(catalog, error=error)
    with pytest.raises(MovieNotFound) as caught:
        catalog.popular(page=1)
    assert caught.value is not error


def test_the_stale_copy_serves_while_another_thread_asks(catalog):
    flight = waiting(catalog)
    flight.offer(Answer(b"{}", 40, "hit", ttl=-10))
    headers = catalog.popular(page=1).headers
    assert headers == {"Age": "40", "Cache-Status": "plaza; hit; ttl=-10; detail=revalidating"}


@pytest.mark.parametrize("error", [None, CatalogUnavailable()])
def test_what_the_inner_one_offers_goes_to_those_who_follow(catalog, inner, error, monkeypatch):
    inner.stale = Answer(b"{}", 40, "hit", ttl=-10)
    inner.error = error
    ask, flown, followed = inner.popular, [], []

    def look(**question):
        flown.extend(catalog._flights.values())
        try:
            return ask(**question)
        finally:
            followed.append(catalog.popular(page=1))

    monkeypatch.setattr(inner, "popular", look)
    if error is None:
        assert catalog.popular(page=1).document == {"call": 1}
    else:
        with pytest.raises(CatalogUnavailable):
            catalog.popular(page=1)
    assert followed == [Answer(b"{}", 40, "hit", ttl=-10, detail="revalidating")]
    (flight,) = flown
    assert (flight.answer is None, flight.error) == (error is not None, error)
    assert catalog._flights == {}


def test_everybody_waits_a_second_for_an_answer(catalog, no_slot, monkeypatch):
    flight, waited = waiting(catalog), []
    monkeypatch.setattr(flights, "time", SimpleNamespace(monotonic=lambda: flight.started + 0.7))

    def wait(seconds):
        waited.append(round(seconds, 3))
        flight.answer = Answer(b"{}", 0, "fwd=miss; stored")
        return True

    monkeypatch.setattr(flight.ready, "wait", wait)
    no_slot()
    assert (catalog.popular(page=1).body, waited) == (b"{}", [0.3])


def test_a_thread_that_takes_long_is_waited_for_with_a_slot_only(
    catalog, pool, no_slot, monkeypatch
):
    monkeypatch.setattr(slots, "FREE_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(slots, "MAX_WAIT_SECONDS", 0.02)
    waiting(catalog)
    with pytest.raises(CatalogBusy):
        catalog.popular(page=1)
    assert pool.places._value == slots.MAX_SLOTS
    no_slot()
    monkeypatch.setattr(slots, "MAX_WAIT_SECONDS", 60)
    started = time.monotonic()
    with pytest.raises(CatalogBusy):
        catalog.popular(page=1)
    assert time.monotonic() - started < 30


def test_nobody_waits_without_a_slot_when_the_catalogue_was_slow(
    catalog, pool, no_slot, monkeypatch
):
    monkeypatch.setattr(slots, "FREE_WAIT_SECONDS", 20)
    pool.note(20)
    no_slot()
    waiting(catalog)
    started = time.monotonic()
    with pytest.raises(CatalogBusy):
        catalog.popular(page=1)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError(), MovieNotFound()])
def test_a_dead_leader_leaves_no_flight(catalog, inner, error):
    inner.error = error
    with pytest.raises(type(error)):
        catalog.popular(page=1)
    assert catalog._flights == {}


def test_a_fresh_answer_flies_alone(catalog, inner):
    catalog._flights["movie:1"] = Flight()
    assert catalog.movie(movie_id=1, fresh=True).document == {"call": 1}
    assert inner.calls == [{"movie_id": 1, "language": "", "fresh": True}]


def test_eight_threads_make_one_call(catalog, inner, monkeypatch):
    monkeypatch.setattr(slots, "FREE_WAIT_SECONDS", 30)  # on a busy machine it may take its time
    followers = threading.Semaphore(0)
    follow, ask = catalog._follow, inner.popular

    def look(flight):
        followers.release()
        return follow(flight)

    def held(**question):
        for _ in range(7):
            assert followers.acquire(timeout=20)
        return ask(**question)

    monkeypatch.setattr(catalog, "_follow", look)
    monkeypatch.setattr(inner, "popular", held)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: catalog.popular(page=1), range(8)))
    assert len(inner.calls) == 1
    assert sorted(answer.how for answer in answers) == ["fwd=miss"] + ["fwd=miss; collapsed"] * 7
    assert {answer.body for answer in answers} == {b'{"call":1}'}
