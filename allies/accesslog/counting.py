"""Counts whose memory is bounded, however many different things are counted."""

from collections.abc import Hashable
from dataclasses import dataclass, field
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
        failed = self.failed
        sizes = {key: calls + failed.get(key, 0) for key, calls in self.calls.items()}
        smallest = sorted(sizes.values())[-self.limit]
        room = self.limit - sum(size > smallest for size in sizes.values())
        for key, size in sizes.items():
            if size > smallest:
                continue
            if size == smallest and room:
                room -= 1
                continue
            self.other_calls += self.calls.pop(key)
            self.other_failed += failed.pop(key, 0)

    def final(self) -> dict[Key, tuple[int, int]]:
        """Return calls and failures by key; the others last."""
        self.settle()
        named = {key: (calls, self.failed.get(key, 0)) for key, calls in self.calls.items()}
        if self.other_calls:
            named[self.others] = (self.other_calls, self.other_failed)
        return named
