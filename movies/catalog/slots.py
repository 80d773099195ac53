"""How many threads of a process may wait for the catalogue: other routes need the rest."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from movies.catalog.decorator import CatalogDecorator
from movies.catalog.port import Answer, MovieCatalog, type_on_stale
from movies.errors import CatalogBusy

MAX_SLOTS = max(1, settings.WEB_THREADS // 2)
SLOT_WAIT_SECONDS = 0.3
# Everybody may wait for an answer that was asked for just now; for an older one only with a slot.
FREE_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 4.2
# So long nobody waits without a slot, after the catalogue was slow; a quick answer ends it.
SLOW_SECONDS = 30.0


class SlotPool:
    """The few places of those who wait for long, shared by all who wait in a process.

    With 8 threads there are 4 slots. TMDB needs 3 s: four cold questions take all slots, the fifth
    waits 0.3 s for one and gets :class:`movies.errors.CatalogBusy`. From then on, for 30 s or until
    an answer takes less than a second, the next ones get that at once.
    """

    def __init__(self) -> None:
        self.places = threading.BoundedSemaphore(MAX_SLOTS)
        self.slow_until = 0.0

    def patience(self, seconds: float | None = None) -> float:
        """Return how long to wait without a slot: not at all when it was in vain just now."""
        if time.monotonic() < self.slow_until:
            return 0.0
        return FREE_WAIT_SECONDS if seconds is None else seconds

    def note(self, took: float) -> None:
        """Remember whether the catalogue is slow: so many seconds something took."""
        is_slow = took >= FREE_WAIT_SECONDS
        self.slow_until = time.monotonic() + SLOW_SECONDS if is_slow else 0.0

    @contextmanager
    def slot(self, wait: float = 0.0) -> Iterator[None]:
        """Hold a slot, after at most ``wait`` seconds, or raise CatalogBusy."""
        if not self.places.acquire(timeout=self.patience(wait)):
            self.note(FREE_WAIT_SECONDS)
            raise CatalogBusy
        try:
            yield
        finally:
            self.places.release()


class Slots(CatalogDecorator):
    """Asks with a slot only, and remembers how long it took. Who finds none gets CatalogBusy."""

    def __init__(self, inner: MovieCatalog, pool: SlotPool) -> None:
        super().__init__(inner)
        self.pool = pool

    def answer(
        self, key: str, ask: Callable[..., Answer], on_stale: type_on_stale | None
    ) -> Answer:
        """Ask while a slot is held."""
        with self.pool.slot(SLOT_WAIT_SECONDS):
            started = time.monotonic()
            try:
                return ask(on_stale=on_stale)
            finally:
                self.pool.note(time.monotonic() - started)
