"""A circuit breaker that all processes share through Django's cache."""

import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.core.cache import cache

logger = logging.getLogger("plaza.outbound.breaker")

# An opened breaker that nobody probes for so long counts as closed.
TRIPPED_SECONDS = 3600
# Whatever an upstream asks for, nobody forgets it for longer.
MAX_REST_SECONDS = 3600
# Of the breakers in this process, by name. Whoever made names up would stop at so many.
MAX_NAMES = 50
names: set[str] = set()


class Breaker:
    """Stop calling an upstream that failed `threshold` times in a row, at most `window` s apart.

    It stays open for `open_seconds`; then one caller, the probe, may try: its success closes the
    breaker, its failure opens it again. An upstream that says for how long it answers nobody (429
    or 503 with `Retry-After`) opens it at once for that long, an hour at most. No clocks are
    compared, so nodes may disagree on the time. A cache that fails is a closed breaker, never an
    error. With a cache whose `add` is not atomic (Django's file cache) two processes may in rare
    cases probe at once: no harm.
    """

    def __init__(
        self,
        name: str,
        *,
        threshold: int = 5,
        window: float = 60,
        open_seconds: float = 15,
        probe_seconds: float = 10,
    ) -> None:
        if len(names) < MAX_NAMES:
            names.add(name)
        self.threshold = threshold
        self.window = window
        self.open_seconds = open_seconds
        self.probe_seconds = probe_seconds  # a probe that died is replaced after so long
        self._failures = f"breaker:{name}:failures"
        self._open = f"breaker:{name}:open"
        self._tripped = f"breaker:{name}:tripped"
        self._probe = f"breaker:{name}:probe:"

    def enter(self) -> "Permit | None":
        """Return the permit to make one call, or None while the breaker is open."""
        keys = [self._failures, self._open, self._tripped]
        state = self._ask(lambda: cache.get_many(keys), {})
        if self._open in state:
            return None
        if token := state.get(self._tripped):
            # The key carries the opening's token: whoever read an older state cannot probe now.
            key = f"{self._probe}{token}"
            if not self._ask(lambda: cache.add(key, 1, self.probe_seconds), default=True):
                return None
        return Permit(self, probe=bool(token), failures=bool(state.get(self._failures)))

    def wait(self) -> float:
        """Return for how many seconds the breaker was opened last."""
        return float(self._ask(lambda: cache.get(self._open)) or self.open_seconds)

    def trip(self, seconds: float | None = None) -> None:
        """Refuse the calls to this host from now on, in every process (open the circuit).

        A rest that the upstream asked for is not shortened by a failure that was on its way.
        """
        seconds = min(seconds or self.open_seconds, MAX_REST_SECONDS)
        token = uuid.uuid4().hex
        # The marker that lasts goes first: without it the end of `open` would mean closed.
        self._ask(lambda: cache.set(self._tripped, token, TRIPPED_SECONDS + seconds))
        if (self._ask(lambda: cache.get(self._open)) or 0) <= seconds:
            self._ask(lambda: cache.set(self._open, seconds, seconds))

    def close(self) -> None:
        """Forget all failures."""
        self._ask(lambda: cache.delete_many([self._tripped, self._open, self._failures]))

    def forget(self) -> None:
        """Count from zero again; what is open stays so."""
        self._ask(lambda: cache.delete(self._failures))

    def count(self) -> int:
        """Count one failure and return how many there are in a row."""

        def add_one() -> int:
            cache.add(self._failures, 0, self.window)
            count = cache.incr(self._failures)
            cache.touch(self._failures, self.window)  # some backends' incr forgets the timeout
            return int(count or 0)  # None: a backend that hides its failures

        return int(self._ask(add_one, 0))

    def _ask(self, question: Callable[[], Any], default: Any = None) -> Any:
        try:
            return question()
        except Exception as problem:  # noqa: BLE001 - each cache backend raises its own
            logger.warning("breaker_without_cache", extra={"cause": type(problem).__name__})
            return default


def states() -> dict[str, str]:
    """Return for each breaker ``closed``, ``open`` or ``half_open`` (the next call is a probe)."""
    asked = sorted(names)
    keys = [f"breaker:{name}:{key}" for name in asked for key in ("open", "tripped")]
    try:
        found = cache.get_many(keys)
    except Exception:  # noqa: BLE001 - each cache backend raises its own; see Breaker
        found = {}
    return {
        name: "open"
        if f"breaker:{name}:open" in found
        else "half_open"
        if f"breaker:{name}:tripped" in found
        else "closed"
        for name in asked
    }


class Permit:
    """The right to make one call; its holder reports how that went."""

    def __init__(self, breaker: Breaker, *, probe: bool, failures: bool) -> None:
        self._breaker = breaker
        self._probe = probe
        self._failures = failures

    def succeeded(self) -> None:
        """Report an answer; costs the cache nothing when all was well before."""
        if self._probe:
            self._breaker.close()
        elif self._failures:
            self._breaker.forget()

    def failed(self) -> None:
        """Report a failure."""
        if self._breaker.count() >= self._breaker.threshold or self._probe:
            self._breaker.trip()

    def refused(self, seconds: float) -> None:
        """Report that the upstream wants to be left alone for so long."""
        self._breaker.trip(seconds)
        self.failed()
