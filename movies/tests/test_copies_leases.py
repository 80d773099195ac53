"""The copies in the database: one process asks for all, and clocks play no part."""

import time
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from django.core.cache import cache as fast
from django.utils import timezone

from movies.catalog import copies, slots, stored_answers
from movies.catalog.copies import Copies
from movies.catalog.port import Answer
from movies.errors import CatalogBusy, CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer
from movies.tests.catalogs import HOUR, KEY
from movies.tests.factories import CachedAnswerFactory

pytestmark = pytest.mark.django_db
still = pytest.mark.usefixtures("still")


@pytest.fixture
def catalog(inner, pool):
    return Copies(inner, pool, seconds=30, stale=timedelta(days=30))


@pytest.fixture
def leased():
    """Somebody else is asking, for so many seconds already."""

    def make(seconds=0.0, **values):
        until = timezone.now() + stored_answers.LEASE - timedelta(seconds=seconds)
        values = {"fetched_at": None, "body": "", **values}
        return CachedAnswerFactory(lease_until=until, **values)

    return make


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen while the code under test sleeps."""

    def let(action):
        # Of this module alone: the thread that watches the database sleeps, too.
        clock = SimpleNamespace(**{**vars(time), "sleep": lambda _seconds: action()})
        monkeypatch.setattr(copies, "time", clock)

    return let


@still
def test_the_stale_copy_serves_at_once_while_another_process_asks(catalog, inner, leased):
    leased(fetched_at=timezone.now() - HOUR, body='{"call":0}')
    answer = catalog.popular(page=1)
    assert answer == Answer(b'{"call":0}', 3600, "hit", ttl=-3570, detail="revalidating")
    assert answer.headers["Cache-Status"] == "plaza; hit; ttl=-3570; detail=revalidating"
    assert inner.calls == []


def test_without_a_copy_the_other_process_is_waited_for(catalog, inner, leased, meanwhile):
    leased()
    meanwhile(lambda: stored_answers.keep(KEY, b'{"call":0}'))
    answer = catalog.popular(page=1)
    assert (answer.document, answer.how, answer.detail) == ({"call": 0}, "hit", "")
    assert answer.cacheable is False, "the other one keeps it"
    assert inner.calls == []


def test_the_other_process_fails(catalog, inner, leased, meanwhile):
    leased()
    meanwhile(lambda: stored_answers.release(KEY))
    with pytest.raises(CatalogUnavailable):
        catalog.popular(page=1)
    assert (inner.calls, CachedAnswer.objects.count()) == ([], 0)


def test_the_other_process_learns_that_there_is_no_such_movie(
    catalog, inner, pool, leased, meanwhile
):
    row = leased(key="movie:7")
    inner.error = MovieNotFound()
    other = Copies(inner, pool, seconds=30, stale=timedelta(days=30))

    def learn():
        CachedAnswer.objects.filter(pk=row.pk).update(lease_until=None)
        with pytest.raises(MovieNotFound):
            other.movie(movie_id=7)

    meanwhile(learn)
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=7)
    assert (len(inner.calls), CachedAnswer.objects.count()) == (1, 0)
    inner.error = None
    answer = catalog.movie(movie_id=7)
    assert (answer.document, len(inner.calls)) == ({"call": 2}, 2), "nobody hears of it later"


def test_the_other_process_fails_with_a_copy_that_is_too_old(catalog, leased, meanwhile):
    leased(fetched_at=timezone.now() - timedelta(days=31), body="{}")
    meanwhile(lambda: stored_answers.release(KEY))
    with pytest.raises(CatalogUnavailable):
        catalog.popular(page=1)


def test_a_slow_answer_is_waited_for_with_a_slot_only(catalog, pool, leased, meanwhile):
    leased(seconds=1)
    calls = []

    def finish():
        calls.append(pool.places._value)
        if len(calls) == 2:
            stored_answers.keep(KEY, b"{}")

    meanwhile(finish)
    assert catalog.popular(page=1).body == b"{}"
    assert calls == [slots.MAX_SLOTS - 1] * 2
    assert pool.places._value == slots.MAX_SLOTS


def test_a_quick_answer_is_waited_for_without_a_slot(catalog, no_slot, leased, meanwhile):
    leased(seconds=0.1)
    no_slot()
    meanwhile(lambda: stored_answers.keep(KEY, b"{}"))
    assert catalog.popular(page=1).body == b"{}"


def test_without_a_slot_nobody_waits_for_a_slow_answer(catalog, no_slot, leased, meanwhile):
    leased(seconds=1)
    meanwhile(lambda: pytest.fail("waited"))
    no_slot()
    with pytest.raises(CatalogBusy) as caught:
        catalog.popular(page=1)
    assert caught.value.headers == {"Retry-After": "1"}


def test_nobody_waits_without_a_slot_when_the_catalogue_was_slow(
    catalog, pool, no_slot, leased, meanwhile
):
    pool.note(20)
    no_slot()
    leased()
    meanwhile(lambda: pytest.fail("waited"))
    with pytest.raises(CatalogBusy):
        catalog.popular(page=1)


def test_nobody_waits_longer_than_an_answer_may_take(catalog, leased, meanwhile):
    leased(seconds=slots.MAX_WAIT_SECONDS)
    meanwhile(lambda: pytest.fail("waited"))
    with pytest.raises(CatalogBusy):
        catalog.popular(page=1)


def test_whoever_died_holds_the_lease_no_longer_than_its_time(catalog, leased):
    leased(seconds=7)
    assert catalog.popular(page=1).document == {"call": 1}


def test_one_of_many_gets_the_lease():
    assert stored_answers.take_lease(KEY, None) is True
    assert stored_answers.take_lease(KEY, None) is False
    stored_answers.release(KEY)
    assert stored_answers.take_lease(KEY, None) is True
    stored_answers.keep(KEY, b"{}")
    row = stored_answers.find(KEY)
    assert stored_answers.take_lease(KEY, row) is True
    time.sleep(0.005)  # SQLite's clock has milliseconds
    stored_answers.keep(KEY, b"{}")
    assert stored_answers.take_lease(KEY, row) is False, "an answer came since the row was seen"
    assert stored_answers.take_lease(KEY, None) is False, "as above"


# -- clocks -------------------------------------------------------------------------------------
@pytest.mark.parametrize("ahead", [timedelta(seconds=20), HOUR])
def test_a_lease_from_the_future_is_no_lease(catalog, ahead):
    now = timezone.now()
    CachedAnswerFactory(fetched_at=None, body="", lease_until=now + stored_answers.LEASE + ahead)
    assert catalog.popular(page=1).document == {"call": 1}


@pytest.mark.parametrize("ahead", [timedelta(seconds=20), HOUR, timedelta(days=400)])
def test_a_copy_from_the_future_is_asked_for_again_and_serves_meanwhile(catalog, inner, ahead):
    CachedAnswerFactory(fetched_at=timezone.now() + ahead, body='{"call":0}')
    inner.error = CatalogUnavailable(reason="timeout")
    answer = catalog.popular(page=1)
    assert (answer.document, answer.how, answer.age) == ({"call": 0}, "fwd=stale", 30)
    inner.error = None
    assert catalog.popular(page=1).document == {"call": 2}
    assert catalog.popular(page=1).how == "hit"


def test_this_nodes_clock_plays_no_part(catalog, inner, monkeypatch):
    catalog.popular(page=1)
    for wrong in (timedelta(days=-2), timedelta(days=2)):
        moment = timezone.now() + wrong
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        assert catalog.popular(page=1).how == "hit"
    assert len(inner.calls) == 1


def test_who_waits_does_so_by_a_clock_that_nobody_sets(catalog, leased, monkeypatch):
    """The other node renews its lease for ever; whoever waits gives up all the same."""
    leased()
    ticks = count()

    def renew(_seconds):
        CachedAnswer.objects.update(lease_until=timezone.now() + timedelta(seconds=5))

    # A clock for this module alone: the database's connections are watched by the real one.
    clock = SimpleNamespace(monotonic=lambda: float(next(ticks)), sleep=renew, time=time.time)
    monkeypatch.setattr(copies, "time", clock)
    with pytest.raises(CatalogBusy):
        catalog.popular(page=1)
    assert next(ticks) < 10


# -- a database that reads but does not write ---------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_a_database_that_cannot_write_costs_no_answer(catalog, inner, logged, request, known):
    if known:
        CachedAnswerFactory(body='{"call":0}', fetched_at=timezone.now() - HOUR)
    request.getfixturevalue("read_only")
    answer = catalog.popular(page=1)
    how = "fwd=stale; stored" if known else "fwd=miss; stored"
    assert answer == Answer(b'{"call":1}', 0, how, cacheable=True)
    seen = [(record.getMessage(), record.what) for record in logged]
    assert seen == [("not written", "take_lease")]
    inner.error = MovieNotFound()
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=1)
    inner.error = CatalogUnavailable(reason="timeout")
    if known:
        stale = catalog.popular(page=1)
        assert (stale.document, stale.how, stale.detail) == ({"call": 0}, "fwd=stale", "timeout")
    else:
        with pytest.raises(CatalogUnavailable):
            catalog.popular(page=1)


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_cannot_be_ended_ends_by_itself(catalog, inner, monkeypatch, request):
    ask = inner.popular

    def fill_the_disk(**question):
        request.getfixturevalue("read_only")
        return ask(**question)

    monkeypatch.setattr(inner, "popular", fill_the_disk)
    assert catalog.popular(page=1).document == {"call": 1}
    assert CachedAnswer.objects.get().lease_until > timezone.now()


def test_without_cache_a_missing_movie_is_missing_all_the_same(catalog, inner, monkeypatch, logged):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(fast, "set", away)
    inner.error = MovieNotFound()
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=1)
    assert [record.getMessage() for record in logged] == ["movies_without_cache"]
    assert CachedAnswer.objects.count() == 0


# -- the end of copies --------------------------------------------------------------------------
