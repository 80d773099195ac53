"""The catalogue of movies: a port, its adapter, and what stands between them.

Each decorator implements the port (`port.py`) and has one idea:

- `Cached`: an answer of the last seconds serves, from Django's cache;
- `Flights`: threads of a process with the same question make one call;
- `Copies`: the database keeps each answer, and one of all processes asks for a newer one;
- `InEnglish`: the English text stands in for an empty one of another language;
- `Slots`: only some threads of a process wait for TMDB;
- `Tmdb`: the adapter, with checked answers only.

``GET /api/movies/popular``, 40 s after TMDB was asked last, goes through all of them: `Cached` has
nothing younger than 30 s, `Flights` leads, `Copies` finds a stale copy, offers that to the flight's
followers and takes the lease, `InEnglish` has nothing to do, `Slots` has a place, `Tmdb` asks. On
its way back `Copies` stores the answer and names it ``fwd=stale; stored``, `Flights` lands,
`Cached` keeps it. The next one gets no further than `Cached`.
"""

import functools
from datetime import timedelta

from django.conf import settings

from movies.catalog.cache import Cached
from movies.catalog.copies import Copies
from movies.catalog.english import InEnglish
from movies.catalog.flights import Flights
from movies.catalog.port import MovieCatalog
from movies.catalog.slots import SlotPool, Slots
from movies.catalog.tmdb import Tmdb


def decorate(source: MovieCatalog, *, seconds: float, stale: timedelta) -> MovieCatalog:
    """Return ``source`` behind all decorators: fresh for ``seconds``, served for ``stale``."""
    pool = SlotPool()
    translated = InEnglish(Slots(source, pool))
    copies = Copies(translated, pool, seconds=seconds, stale=stale)
    translated.english = Cached(Flights(copies, pool), seconds=seconds)
    return translated.english


@functools.lru_cache(maxsize=4)
def _catalog(url: str, key: str, token: str, seconds: float, days: float) -> MovieCatalog:
    tmdb = Tmdb(url, api_key=key, access_token=token)
    return decorate(tmdb, seconds=seconds, stale=timedelta(days=days))


def catalog() -> MovieCatalog:
    """Return this process's catalogue: one per configuration, so that calls share their flights."""
    return _catalog(
        settings.TMDB_API_URL,
        settings.TMDB_API_KEY,
        settings.TMDB_ACCESS_TOKEN,
        settings.MOVIES_CACHE_SECONDS,
        settings.MOVIES_STALE_DAYS,
    )
