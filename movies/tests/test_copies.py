"""The copies in the database: fresh, stale, leased, forgotten, purged."""

import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from movies.catalog import stored_answers
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
