"""Few threads of a process wait for the catalogue, and none in vain again and again."""

import time

import pytest

from movies.catalog import slots
from movies.catalog.port import Answer
from movies.catalog.slots import Slots
from movies.errors import CatalogBusy, CatalogUnavailable


@pytest.fixture
def catalog(inner, pool):
    return Slots(inner, pool)


def test_an_answer_holds_a_slot_while_it_is_asked_for(catalog, inner, pool, monkeypatch):
    free = []
    ask = inner.popular

    def look(**question):
        free.append(pool.places._value)
        return ask(**question)

    monkeypatch.setattr(inner, "popular", look)
    assert catalog.popular(page=1) == Answer(b'{"call":1}')
    assert inner.calls == [{"page": 1, "language": "", "region": ""}]
    assert (free, pool.places._value) == ([slots.MAX_SLOTS - 1], slots.MAX_SLOTS)


@pytest.mark.parametrize("error", [CatalogUnavailable(), ZeroDivisionError(), KeyboardInterrupt()])
def test_a_failure_gives_the_slot_back(catalog, inner, pool, error):
    inner.error = error
    with pytest.raises(type(error)):
        catalog.movie(movie_id=1)
    assert pool.places._value == slots.MAX_SLOTS


def test_half_of_the_threads(settings):
    assert settings.WEB_THREADS // 2 == slots.MAX_SLOTS


def test_without_a_slot_nobody_asks(catalog, inner, no_slot, monkeypatch):
    monkeypatch.setattr(slots, "SLOT_WAIT_SECONDS", 0.01)
    no_slot()
    with pytest.raises(CatalogBusy) as caught:
        catalog.popular(page=1)
    assert (caught.value.reason, caught.value.headers) == ("busy", {"Retry-After": "1"})
    assert inner.calls == []


def test_a_slot_is_waited_for_once_and_then_not_until_a_quick_answer(
    catalog, pool, no_slot, monkeypatch
):
    waited = []
    acquire = pool.places.acquire
    give_back = no_slot()

    def wait(timeout):
        waited.append(timeout)
        return acquire(blocking=False)

    monkeypatch.setattr(pool.places, "acquire", wait)
    for _ in range(3):
        with pytest.raises(CatalogBusy):
            catalog.popular(page=2)
    assert waited == [0.3, 0, 0]
    assert pool.patience() == 0
    give_back()
    assert catalog.popular(page=2).document == {"call": 1}
    assert (pool.slow_until, pool.patience()) == (0, slots.FREE_WAIT_SECONDS)
    catalog.popular(page=2)
    assert waited == [0.3, 0, 0, 0, 0.3]


def test_a_fresh_answer_needs_no_slot(catalog, inner, no_slot):
    no_slot()
    assert catalog.movie(movie_id=1, fresh=True).document == {"call": 1}
    assert inner.calls == [{"movie_id": 1, "language": "", "fresh": True}]


def test_a_stale_answer_is_passed_on(catalog, inner):
    inner.stale, offered = Answer(b"{}", 40, "hit"), []
    catalog.popular(page=1, on_stale=offered.append)
    assert offered == [inner.stale]


@pytest.mark.parametrize(("took", "is_slow"), [(0.0, False), (0.7, False), (1.0, True)])
def test_what_is_slow(pool, took, is_slow):
    before = time.monotonic()
    pool.note(took)
    if is_slow:
        assert pool.slow_until >= before + slots.SLOW_SECONDS
    else:
        assert pool.slow_until == 0


def test_a_slow_failure_is_remembered_too(catalog, inner, pool, monkeypatch):
    monkeypatch.setattr(slots, "FREE_WAIT_SECONDS", 0.0)
    inner.error = CatalogUnavailable()
    before = time.monotonic()
    with pytest.raises(CatalogUnavailable):
        catalog.popular(page=1)
    assert pool.slow_until >= before + slots.SLOW_SECONDS
