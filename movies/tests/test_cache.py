"""The fast cache: what it keeps, for how long, and what happens when it is away."""

import time

import pytest
from django.core.cache import cache as fast

from movies.catalog.cache import Cached
from movies.catalog.port import Answer
from movies.constants import MAX_MOVIE_ID
from movies.errors import CatalogUnavailable, MovieNotFound
from movies.tests.catalogs import KEY, Catalog

still = pytest.mark.usefixtures("still")


@pytest.fixture
def inner():
    """Answers that should be kept."""
    return Catalog(how="fwd=miss; stored", cacheable=True)


@pytest.fixture
def catalog(inner):
    return Cached(inner, seconds=30)


@still
def test_the_same_question_is_asked_once(catalog, inner):
    first = catalog.popular(page=1)
    assert first == Answer(b'{"call":1}', 0, "fwd=miss; stored", cacheable=True)
    again = catalog.popular(page=1)
    assert again == Answer(b'{"call":1}', 0, "hit", ttl=30)
    assert again.headers == {"Age": "0", "Cache-Status": "plaza; hit; ttl=30"}
    assert inner.calls == [{"page": 1, "language": "", "region": ""}]


def test_other_questions_are_asked(catalog, inner):
    questions = [
        {"page": 1, "language": "", "region": ""},
        {"page": 2, "language": "", "region": ""},
        {"page": 1, "language": "es", "region": ""},
        {"page": 1, "language": "", "region": "CO"},
        {"page": 1, "language": "es", "region": "CO"},
    ]
    for _ in range(2):
        answers = [catalog.popular(**question).document for question in questions]
        answers.append(catalog.movie(movie_id=1).document)
        assert answers == [{"call": call} for call in range(1, 7)]
    assert inner.calls == [*questions, {"movie_id": 1, "language": ""}]


@still
def test_what_was_old_already_is_kept_for_the_rest_of_its_time(catalog, inner, monkeypatch):
    inner.values = {"age": 20, "how": "hit", "ttl": 10, "cacheable": True}
    times, keep = [], fast.set

    def spy(key, value, seconds):
        times.append(seconds)
        keep(key, value, seconds)

    monkeypatch.setattr(fast, "set", spy)
    for _ in range(2):
        answer = catalog.popular(page=1)
        assert (answer.how, answer.age, answer.ttl) == ("hit", 20, 10)
    assert (len(inner.calls), times) == (1, [10])


def test_an_answer_that_got_old_in_the_fast_cache_is_asked_for_again(catalog, inner):
    catalog.popular(page=1)
    catalog.seconds = 0
    assert fast.get(f"movies:{KEY}") is not None
    assert catalog.popular(page=1).document == {"call": 2}


def test_an_entry_is_the_body_and_when_it_was_fetched(catalog):
    before = time.time()
    catalog.popular(page=1)
    body, fetched = fast.get(f"movies:{KEY}")
    assert body == b'{"call":1}'
    assert before <= fetched <= time.time()


@pytest.mark.parametrize(
    ("ahead", "how"), [(0.5, "hit"), (20, "fwd=miss; stored"), (3600, "fwd=miss; stored")]
)
def test_an_entry_from_the_future_is_not_believed(catalog, inner, ahead, how):
    fast.set(f"movies:{KEY}", (b"{}", time.time() + ahead), 30)
    answer = catalog.popular(page=1)
    assert (answer.how, answer.headers["Age"], len(inner.calls)) == (how, "0", how != "hit")


def test_nothing_is_kept_that_somebody_else_keeps(catalog, inner):
    inner.values = {"how": "fwd=miss; collapsed"}
    for call in (1, 2):
        assert catalog.popular(page=1).document == {"call": call}
    assert fast.get(f"movies:{KEY}") is None


@pytest.mark.parametrize("error", [CatalogUnavailable(reason="garbage"), MovieNotFound()])
def test_nothing_is_kept_of_a_failure(catalog, inner, error):
    inner.error = error
    for _ in range(2):
        with pytest.raises(type(error)):
            catalog.movie(movie_id=1)
    assert len(inner.calls) == 2
    assert fast.get("movies:movie:1") is None


@pytest.mark.parametrize("fresh", [False, True])
def test_no_movie_has_an_id_beyond_tmdbs(catalog, inner, fresh):
    with pytest.raises(MovieNotFound):
        catalog.movie(movie_id=MAX_MOVIE_ID + 1, fresh=fresh)
    assert inner.calls == []
    assert catalog.movie(movie_id=MAX_MOVIE_ID, fresh=fresh).document == {"call": 1}


def test_a_fresh_answer_neither_comes_from_the_cache_nor_goes_there(catalog, inner):
    catalog.movie(movie_id=1)
    assert catalog.movie(movie_id=1, fresh=True).document == {"call": 2}
    assert catalog.movie(movie_id=1).document == {"call": 1}
    assert inner.calls == [
        {"movie_id": 1, "language": ""},
        {"movie_id": 1, "language": "", "fresh": True},
    ]


def test_a_stale_answer_is_passed_on(catalog, inner):
    inner.stale, offered = Answer(b"{}", 40, "hit"), []
    catalog.popular(page=1, on_stale=offered.append)
    catalog.movie(movie_id=1, on_stale=offered.append)
    assert offered == [inner.stale] * 2


def test_a_cache_that_is_away_makes_it_slower_but_not_wrong(catalog, inner, monkeypatch, logged):
    def away(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(fast, "get", away)
    monkeypatch.setattr(fast, "set", away)
    for call in (1, 2):
        assert catalog.popular(page=1).document == {"call": call}
    seen = [(record.getMessage(), record.name, record.cause) for record in logged]
    assert seen == [("movies_without_cache", "plaza.catalog", "ConnectionError")] * 4
