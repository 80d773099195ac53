"""TMDB as the sandbox plays it, over real HTTP, and a catalogue that is none."""

from datetime import timedelta

import pytest
from django.utils import timezone

import sandbox
from core.tests.caches import forget_cache
from movies import caching
from movies.models import CachedAnswer
from movies.tests.catalogs import Catalog


@pytest.fixture(autouse=True)
def _no_catalog_left():
    """Give each test catalogues, connections and flights of its own."""
    made = []
    build = caching._catalog.__wrapped__

    def remembered(*arguments):
        made.append(build(*arguments))
        return made[-1]

    caching._catalog.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caching, "_catalog", caching.functools.lru_cache(remembered))
        yield
    for catalog in made:
        catalog.catalog.upstream.close()


@pytest.fixture
def tmdb(sandbox_server, settings):
    """A healthy TMDB that nobody has called yet."""
    sandbox_server.reset()
    settings.TMDB_API_URL = f"{sandbox_server.url}/tmdb/3"
    settings.TMDB_API_KEY = sandbox.API_KEY
    return sandbox_server


@pytest.fixture
def impatient(tmdb):
    """TMDB's adapter with short bounds, so that faults cost tests no seconds."""

    def shorten():
        upstream = caching.catalog().catalog.upstream
        upstream.timeout, upstream.total_deadline, upstream.backoff = (0.15, 0.15), 0.4, 0.01
        upstream.close()
        return upstream

    shorten()
    return shorten


@pytest.fixture
def age():
    """Return a function that lets the stored answers get older, and the fast cache forget."""

    def grow(**time):
        forget_cache()
        CachedAnswer.objects.update(fetched_at=timezone.now() - timedelta(**time))

    return grow


@pytest.fixture
def inner():
    """A catalogue without a cache."""
    return Catalog()


@pytest.fixture
def cached(inner):
    """The same with one."""
    return caching.CachingCatalog(inner, seconds=30, stale=timedelta(days=30))
