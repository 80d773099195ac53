"""What clients did and were told, held against what the database has.

A write is acknowledged when its last try was answered 2xx. Every acknowledged write must have its
effect, and none, acknowledged or not, may have it twice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from scripts.calls import OK

NOT_FOUND = 404


@dataclass(frozen=True)
class Try:
    """One request and its answer: seconds of the machine's monotonic clock."""

    status: int
    start: float
    end: float


@dataclass
class Operation:
    """One thing that a client wanted, however often it had to ask."""

    kind: str
    name: str = ""  # what its effect is called; a read has none
    tries: list[Try] = field(default_factory=list)
    # What a repeat with the same key must be answered again.
    path: str = ""
    key: str = ""
    sent: bytes = b""
    answered: bytes = b""
    # A read of what its client had written, and been told so.
    own: bool = False

    @property
    def first(self) -> int:
        """Return the status of the first try."""
        return self.tries[0].status

    @property
    def last(self) -> int:
        """Return the status of the last try."""
        return self.tries[-1].status

    @property
    def granted(self) -> bool:
        """Tell whether it was done in the end."""
        return self.last in OK

    @property
    def end(self) -> float:
        """Return when the last answer came."""
        return self.tries[-1].end


@dataclass(frozen=True)
class Effects:
    """What of the writes is there, and what is not as it must be."""

    acknowledged: int
    lost: list[str]
    doubled: list[str]


def effects_of(operations: Iterable[Operation], there: Mapping[str, Mapping[str, int]]) -> Effects:
    """Hold every write against the database: kind → name → how many rows there are of it."""
    writes = [one for one in operations if one.name]
    acknowledged = [one for one in writes if one.granted]
    return Effects(
        acknowledged=len(acknowledged),
        lost=[one.name for one in acknowledged if not there.get(one.kind, {}).get(one.name)],
        doubled=[one.name for one in writes if there.get(one.kind, {}).get(one.name, 0) > 1],
    )


def unseen(operations: Iterable[Operation]) -> int:
    """Return how often a client did not find what it had been told was written."""
    return sum(one.own and one.last == NOT_FOUND for one in operations)


def failed_first(operations: Iterable[Operation]) -> Counter[int]:
    """Return the statuses of first tries that were not granted."""
    return Counter(one.first for one in operations if one.first not in OK)


def failed_after_retry(operations: Iterable[Operation]) -> int:
    """Return how many operations were given up."""
    return sum(not one.granted for one in operations)


def longest_gap(operations: Iterable[Operation], start: float, end: float) -> float:
    """Return the longest time, in seconds, in which nothing was granted to anybody."""
    ends = sorted(one.end for one in operations if one.granted and start <= one.end <= end)
    return max(later - earlier for earlier, later in pairwise([start, *ends, end]))


def slowest_try(operations: Iterable[Operation]) -> float:
    """Return the seconds of the longest try."""
    return max((one.end - one.start for op in operations for one in op.tries), default=0.0)


def last_failure(operations: Iterable[Operation]) -> float | None:
    """Return when the last try that failed came to its end; None when none failed."""
    failed = (one.end for op in operations for one in op.tries if one.status not in OK)
    return max(failed, default=None)
