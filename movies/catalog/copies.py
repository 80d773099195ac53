"""Copies in the database: they serve when the catalogue fails, and one of all processes asks."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from movies.catalog import safe_cache, slots, stored_answers
from movies.catalog.decorator import CatalogDecorator
from movies.catalog.port import Answer, MovieCatalog, type_on_stale
from movies.errors import CatalogBusy, CatalogUnavailable, MovieNotFound
from movies.models import CachedAnswer

POLL_SECONDS = 0.03


class Copies(CatalogDecorator):
    """Answers that are fresh for ``seconds``, and for ``stale`` good enough when there is no newer.

    Processes A and B want the popular movies; the copy is 40 s old and fresh for 30 s. Both read
    the row. A's update of ``lease_until`` finds it free: A asks, with no transaction open. B's
    finds it taken: B returns the copy (``hit; ttl=-10; detail=revalidating``). Then A

    - gets an answer: it stores it, which ends the lease, and returns ``fwd=stale; stored``;
    - fails: it ends the lease and returns the copy, ``fwd=stale; ttl=-10; detail=timeout``;
    - hears that there is no such movie: it notes the day and returns the copy until that is
      believed (`Doubtful`); then it forgets the copy and raises MovieNotFound;
    - dies: the lease ends by itself after 6 s, and the next caller asks.

    Without a copy, B reads the row every 0.03 s until A's answer is there. If instead the lease
    ended without one, B raises what A raised: MovieNotFound, which A leaves in the cache for so
    long as anybody may wait, or else CatalogUnavailable.
    """

    def __init__(
        self, inner: MovieCatalog, pool: slots.SlotPool, *, seconds: float, stale: timedelta
    ) -> None:
        super().__init__(inner)
        self.pool = pool
        self.seconds = seconds
        self.stale = stale

    def answer(
        self, key: str, ask: Callable[..., Answer], on_stale: type_on_stale | None
    ) -> Answer:
        """Answer from the database, or ask the inner catalogue unless another process does."""
        row = stored_answers.find(key)
        copy = self._copy(row)
        if copy is not None and copy.age < self.seconds:
            return replace(copy, cacheable=True)
        if copy is not None and on_stale is not None:
            on_stale(copy)
        lease = stored_answers.take_lease(key, row)
        if lease is False:
            return self._await_other(key)
        return self._ask(key, ask, copy, can_write=lease is not None)

    def _copy(self, row: CachedAnswer | None) -> Answer | None:
        """Return the row's answer unless it is too old to be served."""
        age = None if row is None else stored_answers.age(row)
        if row is None or age is None or age > self.stale:
            return None
        seconds = age.total_seconds()
        if seconds < 0:  # stamped in the future: how old it is nobody knows
            seconds = self.seconds
        return Answer(row.body.encode(), seconds, "hit", ttl=self.seconds - seconds)

    def _ask(
        self, key: str, ask: Callable[..., Answer], copy: Answer | None, *, can_write: bool
    ) -> Answer:
        """Return a new answer or, when there is none, the copy; without one, raise why."""
        try:
            answer = ask()
        except MovieNotFound:
            if copy is not None and not stored_answers.doubt(key):
                return replace(copy, how="fwd=stale", detail="not_found")
            # Other processes that wait for this answer hear of it, and nobody later.
            safe_cache.put(f"{key}:missing", value=True, seconds=slots.MAX_WAIT_SECONDS)
            stored_answers.forget(key)
            raise
        except CatalogUnavailable as error:
            stored_answers.release(key)
            if copy is None:
                raise
            return replace(copy, how="fwd=stale", detail=error.reason)
        except BaseException:
            stored_answers.release(key)
            raise
        if can_write:  # otherwise the database was waited for once, and not again
            stored_answers.keep(key, answer.body)
        how = f"fwd={'miss' if copy is None else 'stale'}; stored"
        return replace(answer, how=how, cacheable=True)

    def _await_other(self, key: str) -> Answer:
        """Return the copy at hand while another process asks; without one, wait for its answer."""
        with ExitStack() as waiting:
            has_slot = False
            entered, before = time.monotonic(), None
            while True:
                row = stored_answers.find(key)
                copy = self._copy(row)
                if copy is not None:
                    stale = copy.age >= self.seconds
                    return replace(copy, detail="revalidating" if stale else "")
                under_way = stored_answers.under_way(row) if row is not None else None
                if under_way is None:  # the other one has no answer either
                    missing = safe_cache.get(f"{key}:missing") is not None
                    raise MovieNotFound if missing else CatalogUnavailable
                before = under_way if before is None else before
                waited = before + time.monotonic() - entered
                if waited > slots.MAX_WAIT_SECONDS:
                    raise CatalogBusy
                if waited > self.pool.patience() and not has_slot:
                    waiting.enter_context(self.pool.slot())
                    has_slot = True
                time.sleep(POLL_SECONDS)
