"""The copies in the database: fresh, stale, leased, forgotten, purged."""

import time
from datetime import timedelta

import pytest
from django.core.cache import cache as fast
from django.db.models import F
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


# -- one process --------------------------------------------------------------------------------
def test_a_new_answer_is_stored(catalog, inner, django_assert_num_queries):
    with django_assert_num_queries(4):  # the row, its lease (two), the answer
        answer = catalog.popular(page=1)
    assert answer == Answer(b'{"call":1}', 0, "fwd=miss; stored", cacheable=True)
    row = CachedAnswer.objects.get()
    assert (row.key, row.body, row.lease_until) == (KEY, '{"call":1}', None)
    assert inner.calls == [{"page": 1, "language": "", "region": ""}]


@still
def test_a_fresh_copy_serves(catalog, inner, age, django_assert_num_queries):
    catalog.popular(page=1)
    age(seconds=20)
    with django_assert_num_queries(1):
        answer = catalog.popular(page=1)
    assert answer == Answer(b'{"call":1}', 20, "hit", ttl=10, cacheable=True)
    assert len(inner.calls) == 1


def test_other_questions_have_rows_of_their_own(catalog, inner):
    catalog.popular(page=1)
    catalog.popular(page=2)
    catalog.popular(page=1, language="es")
    catalog.popular(page=1, region="CO")
    catalog.popular(page=1, language="es", region="CO")
    catalog.movie(movie_id=1)
    assert len(inner.calls) == 6
    assert set(CachedAnswer.objects.values_list("key", flat=True)) == {
        "popular:1::",
        "popular:2::",
        "popular:1:es:",
        "popular:1::CO",
        "popular:1:es:CO",
        "movie:1",
    }


def test_an_old_answer_is_asked_for_again(catalog, age):
    catalog.popular(page=1)
    age(seconds=31)
    answer = catalog.popular(page=1)
    assert (answer.document, answer.how, answer.age) == ({"call": 2}, "fwd=stale; stored", 0)
    assert answer.cacheable
    assert CachedAnswer.objects.get().body == '{"call":2}'
    assert CachedAnswer.objects.get().lease_until is None


@still
@pytest.mark.parametrize("days", [0.1, 29.9])
def test_the_stale_copy_serves_when_the_catalogue_fails(catalog, inner, age, days):
    catalog.popular(page=1)
    age(days=days)
    inner.error = CatalogUnavailable(reason="timeout")
    for call in (2, 3):
        answer = catalog.popular(page=1)
        assert (answer.document, len(inner.calls), answer.cacheable) == ({"call": 1}, call, False)
        seconds = int(days * 86_400)
        assert answer.headers["Age"] == str(seconds)
        status = f"plaza; fwd=stale; ttl={30 - seconds}; detail=timeout"
        assert answer.headers["Cache-Status"] == status
    inner.error = None
    assert catalog.popular(page=1).document == {"call": 4}


def test_the_stale_copy_serves_when_there_is_no_slot(catalog, inner):
    CachedAnswerFactory(fetched_at=timezone.now() - HOUR, body="{}")
    inner.error = CatalogBusy()
    answer = catalog.popular(page=1)
    assert (answer.body, answer.how, answer.detail) == (b"{}", "fwd=stale", "busy")
    assert CachedAnswer.objects.get().lease_until is None


@still
def test_the_stale_copy_is_offered_before_the_inner_one_is_asked(catalog, inner):
    CachedAnswerFactory(fetched_at=timezone.now() - HOUR, body="{}")
    offered = []

    def offer(answer):
        assert inner.calls == []
        assert CachedAnswer.objects.get().lease_until is None
        offered.append(answer)

    assert catalog.popular(page=1, on_stale=offer).document == {"call": 1}
    assert offered == [Answer(b"{}", 3600, "hit", ttl=-3570)]


@pytest.mark.parametrize("old", [None, timedelta(seconds=20), timedelta(days=31)])
def test_what_is_fresh_or_too_old_is_not_offered(catalog, old):
    if old is not None:
        CachedAnswerFactory(fetched_at=timezone.now() - old, body="{}")
    catalog.popular(page=1, on_stale=lambda _answer: pytest.fail("offered"))


def test_a_copy_that_is_too_old_does_not_serve(catalog, inner, age):
    catalog.popular(page=1)
    age(days=30, seconds=1)
    inner.error = CatalogUnavailable(reason="timeout")
    with pytest.raises(CatalogUnavailable) as caught:
        catalog.popular(page=1)
    assert caught.value is inner.error
    assert CachedAnswer.objects.get().lease_until is None


def test_nothing_is_kept_of_a_failure(catalog, inner):
    inner.error = CatalogUnavailable(reason="garbage")
    for _ in range(2):
        with pytest.raises(CatalogUnavailable):
            catalog.popular(page=1)
    assert len(inner.calls) == 2
    assert CachedAnswer.objects.count() == 0


def test_a_movie_that_is_gone_is_forgotten_on_the_third_day(catalog, inner, age):
    catalog.movie(movie_id=1)
    age(hours=1)
    inner.error = MovieNotFound()
    for day in (1, 2):
        for _ in range(3):
            answer = catalog.movie(movie_id=1)
            assert (answer.document, answer.how) == ({"call": 1}, "fwd=stale")
            assert (answer.detail, answer.cacheable) == ("not_found", False)
        row = CachedAnswer.objects.get()
        assert (row.absent_days, row.lease_until) == (day, None)
        CachedAnswer.objects.update(absent_on=F("absent_on") - timedelta(days=1))
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=1)
    assert CachedAnswer.objects.count() == 0


def test_an_answer_ends_the_doubt(catalog, inner, age):
    catalog.movie(movie_id=1)
    age(hours=1)
    inner.error = MovieNotFound()
    catalog.movie(movie_id=1)
    inner.error = None
    assert catalog.movie(movie_id=1).how == "fwd=stale; stored"
    row = CachedAnswer.objects.get()
    assert (row.absent_days, row.absent_on) == (0, None)


def test_a_movie_without_a_copy_is_missing_at_once(catalog, inner):
    inner.error = MovieNotFound()
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=1)
    assert CachedAnswer.objects.count() == 0


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()])
def test_a_defect_releases_the_lease(catalog, inner, age, error):
    catalog.popular(page=1)
    age(hours=1)
    inner.error = error
    with pytest.raises(type(error)):
        catalog.popular(page=1)
    assert CachedAnswer.objects.get().lease_until is None


def test_a_fresh_answer_costs_no_query_and_leaves_no_copy(
    catalog, inner, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert catalog.movie(movie_id=1, fresh=True) == Answer(b'{"call":1}')
    assert inner.calls == [{"movie_id": 1, "language": "", "fresh": True}]
    inner.error = MovieNotFound()
    CachedAnswerFactory(key="movie:1")
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=1, fresh=True)
    assert CachedAnswer.objects.count() == 1


# -- other processes ----------------------------------------------------------------------------
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
        monkeypatch.setattr(copies.time, "sleep", lambda _seconds: action())

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
    ticks = iter(range(100))
    monkeypatch.setattr(copies.time, "monotonic", lambda: float(next(ticks)))

    def renew(_seconds):
        CachedAnswer.objects.update(lease_until=timezone.now() + timedelta(seconds=5))

    monkeypatch.setattr(copies.time, "sleep", renew)
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
def test_purge():
    now = timezone.now()
    CachedAnswerFactory(key="too old", fetched_at=now - timedelta(days=31))
    CachedAnswerFactory(key="abandoned", fetched_at=None, lease_until=now - HOUR)
    CachedAnswerFactory(key="under way", fetched_at=None, lease_until=now)
    CachedAnswerFactory(key="good", fetched_at=now - timedelta(days=29))
    assert stored_answers.purge() == 2
    assert set(CachedAnswer.objects.values_list("key", flat=True)) == {"under way", "good"}


def test_purge_begins_the_time_of_what_came_from_the_future():
    CachedAnswerFactory(key="early", fetched_at=timezone.now() + timedelta(days=400))
    CachedAnswerFactory(key="held", fetched_at=None, lease_until=timezone.now() + HOUR)
    assert stored_answers.purge() == 1
    row = stored_answers.find("early")
    assert timedelta(seconds=29) < stored_answers.age(row) < timedelta(seconds=60)


def test_searches_do_not_push_out_lists_and_movies(monkeypatch):
    monkeypatch.setattr(stored_answers, "MAX_SEARCHES", 2)
    CachedAnswerFactory(key="popular:1::", fetched_at=timezone.now() - HOUR)
    for number in range(4):
        stored_answers.keep(f"search:{number}:1:", b"{}")
        time.sleep(0.002)  # SQLite's clock has milliseconds
    kept = set(CachedAnswer.objects.values_list("key", flat=True))
    assert kept == {"popular:1::", "search:2:1:", "search:3:1:"}


def test_purge_keeps_the_newest_only(monkeypatch):
    monkeypatch.setattr(stored_answers, "MAX_ANSWERS", 2)
    for minutes in range(4):
        moment = timezone.now() - timedelta(minutes=minutes)
        CachedAnswerFactory(key=str(minutes), fetched_at=moment)
    assert stored_answers.purge() == 2
    assert set(CachedAnswer.objects.values_list("key", flat=True)) == {"0", "1"}
