"""TMDB as the sandbox plays it, over real HTTP, and a catalogue that is none."""

import functools
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models import DateTimeField, Value
from django.utils import timezone

import sandbox
from core.tests.caches import forget_cache
from movies import catalog as catalogs
from movies.catalog import cache, slots, stored_answers
from movies.models import CachedAnswer
from movies.tests.catalogs import Catalog, layers


@pytest.fixture(autouse=True)
def _no_catalog_left():
    """Give each test catalogues, connections and flights of its own."""
    made = []
    build = catalogs._catalog.__wrapped__

    def remembered(*arguments):
        made.append(build(*arguments))
        return made[-1]

    catalogs._catalog.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogs, "_catalog", functools.lru_cache(remembered))
        yield
    for catalog in made:
        layers(catalog)[-1].upstream.close()


@pytest.fixture
def tmdb(sandbox_server, settings):
    """A healthy TMDB that nobody has called yet."""
    sandbox_server.reset()
    settings.TMDB_API_URL = f"{sandbox_server.url}/tmdb/3"
    settings.TMDB_API_KEY = sandbox.API_KEY
    return sandbox_server


@pytest.fixture
def bounds(tmdb):
    """Return a function that changes the bounds of TMDB's adapter; wide ones to begin with."""

    def change(*, read=10.0, total=20.0):
        upstream = layers(catalogs.catalog())[-1].upstream
        upstream.timeout, upstream.total_deadline, upstream.backoff = (10.0, read), total, 0.01

    change()
    return change


@pytest.fixture
def still(monkeypatch):
    """Stop the clocks that ages are read from, so that they come out to the second."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    moment = Value(now, output_field=DateTimeField())
    monkeypatch.setattr(stored_answers, "clock", lambda: moment)
    stopped = SimpleNamespace(**{**vars(time), "time": now.timestamp})
    monkeypatch.setattr(cache, "time", stopped)


@pytest.fixture
def age():
    """Return a function that lets the stored answers get older, and the fast cache forget."""

    def grow(**older):
        forget_cache()
        CachedAnswer.objects.update(fetched_at=timezone.now() - timedelta(**older))

    return grow


@pytest.fixture
def inner():
    """A catalogue without any decorator."""
    return Catalog()


@pytest.fixture
def whole(inner):
    """The same behind all of them."""
    return catalogs.decorate(inner, seconds=30, stale=timedelta(days=30))


@pytest.fixture
def pool():
    """The slots of a process."""
    return slots.SlotPool()


@pytest.fixture
def no_slot(pool):
    """Return a function that takes all slots; what it returns gives one back."""

    def take():
        for _ in range(slots.MAX_SLOTS):
            assert pool.places.acquire(blocking=False)
        return pool.places.release

    return take
