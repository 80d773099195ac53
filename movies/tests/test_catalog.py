"""All decorators together: what one does not do, the next does."""

from datetime import timedelta

import pytest
from django.core.cache import cache as fast
from django.utils import timezone

from core.tests.caches import forget_cache
from movies.catalog import Cached, Copies, Flights, InEnglish, Slots, Tmdb, catalog, slots
from movies.errors import CatalogBusy, CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer
from movies.tests.catalogs import HOUR, KEY, layers
from movies.tests.factories import CachedAnswerFactory

pytestmark = pytest.mark.django_db
still = pytest.mark.usefixtures("still")


@still
def test_the_same_question_is_asked_once(whole, inner, django_assert_num_queries):
    first = whole.popular(page=1)
    assert (first.document, first.how) == ({"call": 1}, "fwd=miss; stored")
    assert first.headers == {"Age": "0", "Cache-Status": "plaza; fwd=miss; stored"}
    with django_assert_num_queries(0):
        again = whole.popular(page=1)
    assert (again.body, again.how) == (first.body, "hit")
    assert again.headers == {"Age": "0", "Cache-Status": "plaza; hit; ttl=30"}
    assert inner.calls == [{"page": 1, "language": "", "region": ""}]


@still
def test_the_fast_cache_forgot_but_the_database_did_not(whole, inner, age):
    whole.popular(page=1)
    age(seconds=20)
    answer = whole.popular(page=1)
    assert (answer.how, int(answer.age)) == ("hit", 20)
    assert whole.popular(page=1).headers == {"Age": "20", "Cache-Status": "plaza; hit; ttl=10"}
    assert len(inner.calls) == 1


def test_a_stale_copy_is_not_kept_in_the_fast_cache(whole, inner, age):
    whole.popular(page=1)
    age(hours=1)
    inner.error = CatalogUnavailable(reason="timeout")
    for call in (2, 3):
        assert (whole.popular(page=1).document, len(inner.calls)) == ({"call": 1}, call)
    assert fast.get(f"movies:{KEY}") is None


def test_few_calls_at_once_and_the_others_get_their_copies_or_503(whole, inner, monkeypatch):
    monkeypatch.setattr(slots, "SLOT_WAIT_SECONDS", 0.01)
    CachedAnswerFactory(key="popular:2::", fetched_at=timezone.now() - HOUR, body="{}")
    (pool,) = {layer.pool for layer in layers(whole) if hasattr(layer, "pool")}
    for _ in range(slots.MAX_SLOTS):
        pool.places.acquire()
    with pytest.raises(CatalogBusy):
        whole.popular(page=1)
    answer = whole.popular(page=2)
    assert (answer.body, answer.how, answer.detail) == (b"{}", "fwd=stale", "busy")
    assert inner.calls == []
    assert [row.lease_until for row in CachedAnswer.objects.all()] == [None]
    assert whole.movie(movie_id=7, fresh=True).document == {"call": 1}


def test_a_cache_that_is_away_makes_it_slower_but_not_wrong(whole, inner, monkeypatch, logged):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(fast, "get", away)
    monkeypatch.setattr(fast, "set", away)
    assert whole.popular(page=1).document == {"call": 1}
    assert (whole.popular(page=1).document, len(inner.calls)) == ({"call": 1}, 1)
    assert [record.getMessage() for record in logged] == ["movies_without_cache"] * 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_what_cannot_be_stored_is_kept_in_the_fast_cache(whole, inner, logged, request, known):
    if known:
        CachedAnswerFactory(body='{"call":0}', fetched_at=timezone.now() - HOUR)
    request.getfixturevalue("read_only")
    answer = whole.popular(page=1)
    assert (answer.document, answer.how.startswith("fwd=")) == ({"call": 1}, True)
    assert whole.popular(page=1).how == "hit"
    assert [record.getMessage() for record in logged] == ["not written"]
    inner.error = MovieNotFound()
    with pytest.raises(MovieNotFound):
        whole.movie(movie_id=1)
    inner.error = CatalogUnavailable(reason="timeout")
    forget_cache()
    if known:
        stale = whole.popular(page=1)
        assert (stale.document, stale.how, stale.detail) == ({"call": 0}, "fwd=stale", "timeout")
    else:
        with pytest.raises(CatalogUnavailable):
            whole.popular(page=1)


def test_a_defect_leaves_neither_a_lease_nor_a_flight(whole, inner, age):
    whole.popular(page=1)
    age(hours=1)
    inner.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        whole.popular(page=1)
    assert CachedAnswer.objects.get().lease_until is None
    inner.error = None
    assert whole.popular(page=1).document == {"call": 3}


def test_one_catalogue_per_configuration(settings):
    first = catalog()
    assert catalog() is first
    settings.MOVIES_CACHE_SECONDS = 7
    second = catalog()
    assert second is not first
    cached, flights, copies, english, slots_, tmdb = layers(second)
    kinds = [Cached, Flights, Copies, InEnglish, Slots, Tmdb]
    assert [type(layer) for layer in layers(second)] == kinds
    assert english.english is cached
    assert (cached.seconds, copies.seconds, copies.stale) == (7, 7, timedelta(days=30))
    assert flights.pool is copies.pool is slots_.pool
    assert tmdb.upstream.base_url.endswith("/3")
