"""A cache around any catalogue.

Fresh answers come from Django's cache. Behind it each answer is kept in the database, which
outlives restarts and serves when the catalogue fails. One caller of all processes asks the
catalogue: a lease in the row says so, and no transaction is open meanwhile. The others get the
stale copy at once or, without one, wait a little for the answer.

Few threads of a process wait for long (`SLOTS`), so that a slow catalogue cannot take the threads
that other routes need: whoever finds no slot gets the stale copy or a 503. They wait a moment
before they give up, unless the catalogue was slow just now.
"""

import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from movies.catalog import copies
from movies.catalog.port import MovieCatalog, type_document
from movies.catalog.tmdb import TmdbCatalog
from movies.constants import MAX_MOVIE_ID
from movies.errors import CatalogBusy, CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer

logger = logging.getLogger("plaza.catalog")

SLOTS = max(1, settings.WEB_THREADS // 2)
SLOT_WAIT = 0.3
# Everybody may wait for an answer that was asked for just now; for an older one only with a slot.
FREE_WAIT = 1.0
LONGEST_WAIT = 4.2
POLL = 0.03
# So long nobody waits without a slot, after the catalogue was slow; a quick answer ends it.
SLOW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A document as bytes, its age, and how the cache came by it (RFC 9211)."""

    body: bytes
    age: float
    how: str
    ttl: float | None = None
    detail: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that announce it."""
        status = f"plaza; {self.how}"
        if self.ttl is not None:
            status += f"; ttl={math.floor(self.ttl)}"
        if self.detail:
            status += f"; detail={self.detail}"
        return {"Age": str(max(0, int(self.age))), "Cache-Status": status}


class Flight:
    """An answer on its way in this process; others may wait for it."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.ready = threading.Event()
        self.answer: Answer | None = None
        self.error: Exception | None = None

    def offer(self, answer: Answer) -> None:
        """Hand out a stale copy while a newer answer is on its way."""
        self.answer = replace(answer, how="hit", detail="revalidating")
        self.ready.set()


class CachingCatalog:
    """A catalogue's answers: fresh for ``seconds``, good enough for ``stale`` when it fails."""

    def __init__(self, catalog: MovieCatalog, *, seconds: float, stale: timedelta) -> None:
        self.catalog = catalog
        self.seconds = seconds
        self.stale = stale
        self.slots = threading.BoundedSemaphore(SLOTS)
        self.slow_until = 0.0
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    def popular(self, *, page: int, language: str = "", region: str = "") -> Answer:
        """Return a page of popular movies."""
        return self._answer(
            f"popular:{page}:{language}:{region}",
            lambda: self.catalog.popular(page=page, language=language, region=region),
        )

    def movie(self, *, movie_id: int) -> Answer:
        """Return everything about one movie, or raise MovieNotFound."""
        if movie_id > MAX_MOVIE_ID:
            raise MovieNotFound
        return self._answer(f"movie:{movie_id}", lambda: self.catalog.movie(movie_id=movie_id))

    # -- the fast layer -------------------------------------------------------------------------
    def _answer(self, key: str, load: Callable[[], type_document]) -> Answer:
        """Return the answer from the cache, or fetch it together with whoever else wants it."""
        return self._cached(key) or self._fly(key, load)

    def _cached(self, key: str) -> Answer | None:
        try:
            entry = cache.get(f"movies:{key}")
        except Exception as error:  # noqa: BLE001 - each cache backend raises its own; slower, never wrong
            logger.warning("movies_without_cache", extra={"cause": type(error).__name__})
            return None
        if entry is None:
            return None
        body, fetched = entry
        age = time.time() - fetched
        if age >= self.seconds:
            return None
        return Answer(body, age, "hit", ttl=self.seconds - age)

    def _keep(self, key: str, body: bytes, age: float = 0.0) -> None:
        try:
            cache.set(f"movies:{key}", (body, time.time() - age), self.seconds - age)
        except Exception as error:  # noqa: BLE001 - as above
            logger.warning("movies_without_cache", extra={"cause": type(error).__name__})

    # -- one caller per process -----------------------------------------------------------------
    def _fly(self, key: str, load: Callable[[], type_document]) -> Answer:
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Flight()
        if not leads:
            return self._follow(flight)
        try:
            flight.answer = self._lead(key, load, flight)
        except Exception as error:
            flight.answer, flight.error = None, error
            raise
        else:
            return flight.answer
        finally:
            with self._lock:
                del self._flights[key]
            flight.ready.set()

    def _follow(self, flight: Flight) -> Answer:
        """Wait for the answer that another thread is after."""
        waited = time.monotonic() - flight.started
        if not flight.ready.wait(max(0.0, self._patience(FREE_WAIT) - waited)):
            with self._slot(0):
                flight.ready.wait(LONGEST_WAIT - FREE_WAIT)
        answer, error = flight.answer, flight.error
        if answer is not None:
            how = answer.how.removesuffix("; stored")
            return answer if how == "hit" else replace(answer, how=f"{how}; collapsed")
        if error is not None:
            raise type(error)  # a new one: an exception belongs to its thread
        raise CatalogBusy

    # -- one process of all ---------------------------------------------------------------------
    def _lead(self, key: str, load: Callable[[], type_document], flight: Flight) -> Answer:
        """Answer from the database, or ask the catalogue unless another process does."""
        row = copies.find(key)
        copy = self._copy(row)
        if copy is not None and copy.age < self.seconds:
            self._keep(key, copy.body, copy.age)
            return copy
        if copy is not None:
            flight.offer(copy)
        lease = copies.take_lease(key, row)
        if lease is False:
            return self._other(key)
        body = self._ask(key, load, copy)
        if isinstance(body, Answer):
            return body
        if lease:  # without one the database takes no writes: not to be waited for twice
            copies.keep(key, body)
        self._keep(key, body)
        return Answer(body, 0, f"fwd={'miss' if copy is None else 'stale'}; stored")

    def _ask(
        self, key: str, load: Callable[[], type_document], copy: Answer | None
    ) -> bytes | Answer:
        """Return the catalogue's answer or, when it fails, the copy; without one, raise why."""
        try:
            with self._slot(SLOT_WAIT):
                return orjson.dumps(self._timed(load))
        except MovieNotFound:
            # Other processes that wait for this answer hear of it, and nobody later.
            self._keep(f"{key}:missing", b"", self.seconds - LONGEST_WAIT)
            copies.forget(key)
            raise
        except CatalogUnavailable as error:
            copies.release(key)
            if copy is None:
                raise
            return replace(copy, how="fwd=stale", detail=error.reason)
        except BaseException:
            copies.release(key)
            raise

    def _other(self, key: str) -> Answer:
        """Return the copy at hand while another process asks; without one, wait for its answer."""
        with ExitStack() as waiting:
            waits_long = False
            while True:
                row = copies.find(key)
                copy = self._copy(row)
                if copy is not None:
                    stale = copy.age >= self.seconds
                    return replace(copy, detail="revalidating" if stale else "")
                waited = copies.under_way(row) if row is not None else None
                if waited is None:  # the other one has no answer either
                    missing = self._cached(f"{key}:missing") is not None
                    raise MovieNotFound if missing else CatalogUnavailable
                if waited > LONGEST_WAIT:
                    raise CatalogBusy
                if waited > self._patience(FREE_WAIT) and not waits_long:
                    waiting.enter_context(self._slot(0))
                    waits_long = True
                time.sleep(POLL)

    def _copy(self, row: CachedAnswer | None) -> Answer | None:
        """Return the stored answer unless it is too old to be served."""
        if row is None or row.fetched_at is None:
            return None
        age = timezone.now() - row.fetched_at
        if age > self.stale:
            return None
        seconds = max(0.0, age.total_seconds())
        return Answer(row.body.encode(), seconds, "hit", ttl=self.seconds - seconds)

    # -- threads that other routes need ---------------------------------------------------------
    def _patience(self, seconds: float) -> float:
        """Return how long to wait without a slot: not at all when it was in vain just now."""
        return 0.0 if time.monotonic() < self.slow_until else seconds

    def _note(self, took: float) -> None:
        """Remember whether the catalogue is slow."""
        self.slow_until = time.monotonic() + SLOW_SECONDS if took >= FREE_WAIT else 0.0

    def _timed(self, load: Callable[[], type_document]) -> type_document:
        started = time.monotonic()
        try:
            return load()
        finally:
            self._note(time.monotonic() - started)

    @contextmanager
    def _slot(self, wait: float) -> Iterator[None]:
        """Hold one of the few places of those who wait for long."""
        if not self.slots.acquire(timeout=self._patience(wait)):
            self._note(FREE_WAIT)
            raise CatalogBusy
        try:
            yield
        finally:
            self.slots.release()


@functools.lru_cache(maxsize=4)
def _catalog(url: str, key: str, token: str, seconds: float, days: float) -> CachingCatalog:
    tmdb = TmdbCatalog(url, api_key=key, access_token=token)
    return CachingCatalog(tmdb, seconds=seconds, stale=timedelta(days=days))


def catalog() -> CachingCatalog:
    """Return this process's catalogue: one per configuration, so that calls share their flights."""
    return _catalog(
        settings.TMDB_API_URL,
        settings.TMDB_API_KEY,
        settings.TMDB_ACCESS_TOKEN,
        settings.MOVIES_CACHE_SECONDS,
        settings.MOVIES_STALE_DAYS,
    )
