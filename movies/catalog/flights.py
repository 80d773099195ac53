"""Threads of one process that have the same question at the same time: one of them asks it."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from movies.catalog import slots
from movies.catalog.decorator import CatalogDecorator
from movies.catalog.port import Answer, MovieCatalog, type_on_stale
from movies.errors import CatalogBusy


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


class Flights(CatalogDecorator):
    """The first thread with a question leads: it asks. The others follow: they get what it gets.

    Three threads want movie 7, and TMDB takes 0.2 s. The first finds no flight ``movie:7`` and
    takes off; the other two wait for it. After 0.2 s it lands with ``fwd=miss; stored``, the others
    return the same body as ``fwd=miss; collapsed``, and the flight is over: a fourth thread would
    lead anew. Had a stale copy been at hand, both would have returned that at once.
    """

    def __init__(self, inner: MovieCatalog, pool: slots.SlotPool) -> None:
        super().__init__(inner)
        self.pool = pool
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    def answer(
        self, key: str, ask: Callable[..., Answer], on_stale: type_on_stale | None
    ) -> Answer:
        """Ask, or wait for the thread that does. Who follows is not the one to keep the answer."""
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Flight()
        if not leads:
            return self._follow(flight)
        try:
            flight.answer = ask(on_stale=flight.offer)
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
        if not flight.ready.wait(max(0.0, self.pool.patience() - waited)):
            with self.pool.slot():
                flight.ready.wait(slots.MAX_WAIT_SECONDS - slots.FREE_WAIT_SECONDS)
        answer, error = flight.answer, flight.error
        if answer is not None:
            how = answer.how.removesuffix("; stored")
            how = how if how == "hit" else f"{how}; collapsed"
            return replace(answer, how=how, cacheable=False)
        if error is not None:
            raise type(error)  # a new one: an exception belongs to its thread
        raise CatalogBusy
