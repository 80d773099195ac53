"""The cache around a catalogue: fresh, stale, forgotten, purged."""

from datetime import timedelta

import pytest
from django.core.cache import cache as fast
from django.utils import timezone

from movies.catalog import cache, copies
from movies.errors import CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer
from movies.tests.catalogs import HOUR, KEY, body
from movies.tests.factories import CachedAnswerFactory

pytestmark = pytest.mark.django_db
still = pytest.mark.usefixtures("still")


@still
def test_the_same_question_is_asked_once(cached, inner, django_assert_num_queries):
    first = cached.popular(page=1)
    assert (body(first), first.how) == ({"call": 1}, "fwd=miss; stored")
    assert first.headers == {"Age": "0", "Cache-Status": "plaza; fwd=miss; stored"}
    with django_assert_num_queries(0):
        again = cached.popular(page=1)
    assert (again.body, again.how) == (first.body, "hit")
    assert again.headers == {"Age": "0", "Cache-Status": "plaza; hit; ttl=30"}
    assert inner.calls == [{"page": 1, "language": "", "region": ""}]


def test_other_questions_are_asked(cached, inner):
    cached.popular(page=1)
    cached.popular(page=2)
    cached.popular(page=1, language="es")
    cached.popular(page=1, region="CO")
    cached.popular(page=1, language="es", region="CO")
    cached.movie(movie_id=1)
    assert len(inner.calls) == 6
    assert CachedAnswer.objects.count() == 6


@still
def test_the_fast_cache_forgot_but_the_database_did_not(cached, inner, age):
    cached.popular(page=1)
    age(seconds=20)
    answer = cached.popular(page=1)
    assert (answer.how, int(answer.age)) == ("hit", 20)
    assert cached.popular(page=1).headers == {"Age": "20", "Cache-Status": "plaza; hit; ttl=10"}
    assert len(inner.calls) == 1


def test_an_old_answer_is_asked_for_again(cached, inner, age):
    cached.popular(page=1)
    age(seconds=31)
    answer = cached.popular(page=1)
    assert (body(answer), answer.how, answer.age) == ({"call": 2}, "fwd=stale; stored", 0)
    assert CachedAnswer.objects.get().body == '{"call":2}'
    assert CachedAnswer.objects.get().lease_until is None


def test_an_answer_that_got_old_in_the_fast_cache_is_asked_for_again(cached, inner, monkeypatch):
    cached.popular(page=1)
    cached.seconds = 0
    assert cached._cached(KEY) is None


@still
@pytest.mark.parametrize("days", [0.1, 29.9])
def test_the_stale_copy_serves_when_the_catalogue_fails(cached, inner, age, days):
    cached.popular(page=1)
    age(days=days)
    inner.error = CatalogUnavailable(reason="timeout")
    for call in (2, 3):
        answer = cached.popular(page=1)
        assert (body(answer), len(inner.calls)) == ({"call": 1}, call)
        seconds = int(days * 86_400)
        assert answer.headers["Age"] == str(seconds)
        status = f"plaza; fwd=stale; ttl={30 - seconds}; detail=timeout"
        assert answer.headers["Cache-Status"] == status
    inner.error = None
    assert body(cached.popular(page=1)) == {"call": 4}


def test_a_copy_that_is_too_old_does_not_serve(cached, inner, age):
    cached.popular(page=1)
    age(days=30, seconds=1)
    inner.error = CatalogUnavailable(reason="timeout")
    with pytest.raises(CatalogUnavailable):
        cached.popular(page=1)
    assert CachedAnswer.objects.get().lease_until is None


def test_nothing_is_kept_of_a_failure(cached, inner):
    inner.error = CatalogUnavailable(reason="garbage")
    for _ in range(2):
        with pytest.raises(CatalogUnavailable):
            cached.popular(page=1)
    assert len(inner.calls) == 2
    assert CachedAnswer.objects.count() == 0
    assert fast.get(f"movies:{KEY}") is None


def test_a_movie_that_is_gone_is_forgotten(cached, inner, age):
    cached.movie(movie_id=1)
    age(hours=1)
    inner.error = MovieNotFound()
    with pytest.raises(MovieNotFound):
        cached.movie(movie_id=1)
    assert CachedAnswer.objects.count() == 0


def test_a_defect_releases_the_lease(cached, inner, age):
    cached.popular(page=1)
    age(hours=1)
    inner.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        cached.popular(page=1)
    assert CachedAnswer.objects.get().lease_until is None
    assert cached._flights == {}


def test_a_cache_that_is_away_makes_it_slower_but_not_wrong(cached, inner, monkeypatch, logged):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache.cache, "get", away)
    monkeypatch.setattr(cache.cache, "set", away)
    assert body(cached.popular(page=1)) == {"call": 1}
    assert (body(cached.popular(page=1)), len(inner.calls)) == ({"call": 1}, 1)
    assert {record.getMessage() for record in logged} == {"movies_without_cache"}


def test_purge(monkeypatch):
    now = timezone.now()
    CachedAnswerFactory(key="too old", fetched_at=now - timedelta(days=31))
    CachedAnswerFactory(key="abandoned", fetched_at=None, lease_until=now - HOUR)
    CachedAnswerFactory(key="under way", fetched_at=None, lease_until=now)
    CachedAnswerFactory(key="good", fetched_at=now - timedelta(days=29))
    assert copies.purge() == 2
    assert set(CachedAnswer.objects.values_list("key", flat=True)) == {"under way", "good"}


def test_purge_keeps_the_newest_only(monkeypatch):
    monkeypatch.setattr(copies, "MAX_ANSWERS", 2)
    for minutes in range(4):
        moment = timezone.now() - timedelta(minutes=minutes)
        CachedAnswerFactory(key=str(minutes), fetched_at=moment)
    assert copies.purge() == 2
    assert set(CachedAnswer.objects.values_list("key", flat=True)) == {"0", "1"}


def test_one_catalogue_per_configuration(settings):
    first = cache.catalog()
    assert cache.catalog() is first
    settings.MOVIES_CACHE_SECONDS = 7
    second = cache.catalog()
    assert (second is first, second.seconds, second.stale) == (False, 7, timedelta(days=30))


# -- a database that reads but does not write ---------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_a_database_that_cannot_write_costs_no_answer(cached, inner, logged, request, known):
    if known:
        CachedAnswerFactory(body='{"call":0}', fetched_at=timezone.now() - HOUR)
    request.getfixturevalue("read_only")
    answer = cached.popular(page=1)
    assert (body(answer), answer.how.startswith("fwd=")) == ({"call": 1}, True)
    assert cached.popular(page=1).how == "hit"
    assert [record.getMessage() for record in logged] == ["not written"]
    inner.error = MovieNotFound()
    with pytest.raises(MovieNotFound):
        cached.movie(movie_id=1)
    inner.error = CatalogUnavailable(reason="timeout")
    fast.clear()
    if known:
        stale = cached.popular(page=1)
        assert (body(stale), stale.how, stale.detail) == ({"call": 0}, "fwd=stale", "timeout")
    else:
        with pytest.raises(CatalogUnavailable):
            cached.popular(page=1)


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_cannot_be_ended_ends_by_itself(cached, monkeypatch, request):
    load = cached.catalog.popular

    def fill_the_disk(**question):
        request.getfixturevalue("read_only")
        return load(**question)

    monkeypatch.setattr(cached.catalog, "popular", fill_the_disk)
    assert body(cached.popular(page=1)) == {"call": 1}
    assert CachedAnswer.objects.get().lease_until > timezone.now()
