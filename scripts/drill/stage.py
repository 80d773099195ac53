"""An act that is being played: what it may break, and what it has to say."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.drill.clients import Clients
from scripts.drill.rig import Rig
from scripts.proxy import Proxy

ADDED_SECONDS = 0.1  # that what is away may add to the 99th percentile


@dataclass
class Stage:
    """The rig with its clients busy."""

    rig: Rig
    proxy: Proxy
    clients: Clients
    repaired: float = 0.0
    said: list[tuple[bool, str]] = field(default_factory=list)

    def is_whole(self) -> None:
        """Say that the fault is over now."""
        self.repaired = time.monotonic()

    def promise(self, kept: bool, text: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Hold something that only this act is about."""
        self.said.append((kept, text))

    def p99(self, start: float, end: float, but: frozenset[str]) -> float:
        """Return the 99th percentile, in seconds, of what began within a time, but some kinds."""
        times = sorted(
            one.end - one.tries[0].start
            for one in list(self.clients.operations)
            if start <= one.tries[0].start < end and one.kind not in but
        )
        return times[int(len(times) * 0.99)] if times else 0.0

    def without(
        self,
        what: str,
        kill: Callable[[], None],
        seconds: float,
        but: frozenset[str] = frozenset(),
    ) -> None:
        """Hold that the 99th percentile is hardly higher while something is away."""
        time.sleep(seconds)
        gone = time.monotonic()
        before = self.p99(gone - seconds, gone, but)
        kill()
        time.sleep(seconds)
        during = self.p99(gone, time.monotonic(), but)
        # A busy machine moves it by as much as it is.
        more = max(ADDED_SECONDS, before)
        text = (
            f"p99 at most {more * 1000:.0f} ms more ({before * 1000:.0f}, then {during * 1000:.0f})"
        )
        self.promise(during - before <= more, f"without {what} {text}")
