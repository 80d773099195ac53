"""Counts whose memory is bounded, however many different things are counted."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import islice, repeat
from operator import add
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
# So many are counted by name; the smallest of further ones share one line.
MAX_DISTINCT = 10_000
OTHERS = "(others)"


@dataclass(slots=True)
class Counts(Generic[Key]):
    """Calls and failures by key: add to both dictionaries, and call ``bound`` now and then.

    Beyond four times ``limit`` keys, the smallest join ``others``. So what comes late and often
    still gets its own line after ten million keys that came once.
    """

    others: Key
    limit: int = MAX_DISTINCT
    calls: dict[Key, int] = field(default_factory=dict)
    failed: dict[Key, int] = field(default_factory=dict)
    other_calls: int = 0
    other_failed: int = 0

    def bound(self) -> None:
        """Forget the smallest when there are far too many."""
        if len(self.calls) > 4 * self.limit:
            self.settle()

    def settle(self) -> None:
        """Keep the biggest ``limit``; a failure weighs as much as another call."""
        if len(self.calls) <= self.limit:
            return
        calls, failed = self.calls, self.failed
        sizes = [*map(add, calls.values(), map(failed.get, calls, repeat(0)))]
        smallest = sorted(sizes)[-self.limit]
        kept = [key for key, size in zip(calls, sizes, strict=True) if size > smallest]
        last = (key for key, size in zip(calls, sizes, strict=True) if size == smallest)
        kept += islice(last, self.limit - len(kept))
        self.calls = {key: calls[key] for key in kept}
        self.failed = {key: failed[key] for key in kept if key in failed}
        self.other_calls += sum(calls.values()) - sum(self.calls.values())
        self.other_failed += sum(failed.values()) - sum(self.failed.values())

    def final(self) -> dict[Key, tuple[int, int]]:
        """Return calls and failures by key; the others last."""
        self.settle()
        named = {key: (calls, self.failed.get(key, 0)) for key, calls in self.calls.items()}
        if self.other_calls:
            named[self.others] = (self.other_calls, self.other_failed)
        return named
