"""The calls about allies' credentials: who failed, how often, by whom, and whether it passed."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from allies import selectors
from allies.accesslog.counting import MAX_DISTINCT
from allies.accesslog.entry import Entry

FAILED_FROM_STATUS = 400
NEVER = (datetime.min.replace(tzinfo=UTC), -1)
# Clients by name, of one ally and of all together; those with the fewest failures are summed up.
MAX_CLIENTS = 100
MIN_CLIENTS = 3
MAX_PAIRS = 200_000
Route = tuple[bytes, str]


@dataclass(slots=True)
class Span:
    """How many failures, and the first and last of those whose time is known."""

    failed: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, moment: datetime | None) -> None:
        """Count one failure."""
        self.failed += 1
        if moment is not None:
            if self.first is None or moment < self.first:
                self.first = moment
            if self.last is None or moment > self.last:
                self.last = moment


@dataclass(slots=True)
class Calls:
    """The calls with one method on one route."""

    attempts: int = 0
    span: Span = field(default_factory=Span)
    latest: tuple[datetime, int] = NEVER
    # Whether the latest call succeeded: then what failed before has recovered.
    recovered: bool = False

    @property
    def failed(self) -> int:
        """Return how many of them failed."""
        return self.span.failed

    def add(self, status: int, moment: datetime | None, number: int) -> None:
        """Count one call; what came later is decided by time, then by the order of lines."""
        self.attempts += 1
        failed = status >= FAILED_FROM_STATUS
        if failed:
            self.span.add(moment)
        # Without a time it happened when its neighbours did: after what was last seen.
        place = (moment or self.latest[0], number)
        if place > self.latest:
            self.latest = place
            self.recovered = not failed


def together(parts: Iterable[Calls]) -> Calls:
    """Return the calls of several routes as one."""
    total = Calls()
    for part in parts:
        total.attempts += part.attempts
        if part.latest > total.latest:
            total.latest, total.recovered = part.latest, part.recovered
        total.span = joined(total.span, part.span)
    return total


def joined(one: Span, other: Span) -> Span:
    """Return the failures of both."""
    firsts = [span.first for span in (one, other) if span.first]
    lasts = [span.last for span in (one, other) if span.last]
    return Span(one.failed + other.failed, min(firsts, default=None), max(lasts, default=None))


@dataclass(slots=True)
class AllyCalls:
    """The calls about one ally: by method and route, and the clients whose calls failed."""

    routes: dict[Route, Calls] = field(default_factory=dict)
    clients: dict[bytes, Span] = field(default_factory=dict)
    failed_of_others: int = 0

    def keep_clients(self, limit: int) -> None:
        """Sum up the failures of all clients but the worst."""
        ranked = sorted(self.clients.items(), key=lambda item: -item[1].failed)
        self.failed_of_others += sum(span.failed for _client, span in ranked[limit:])
        self.clients = dict(ranked[:limit])

    @property
    def failed(self) -> int:
        """Return how many calls failed."""
        return sum(calls.failed for calls in self.routes.values())

    @property
    def attempts(self) -> int:
        """Return how many calls there were."""
        return sum(calls.attempts for calls in self.routes.values())

    def by_method(self) -> dict[str, Calls]:
        """Return the calls by method; when adding failed, only adding recovers an ally."""
        methods = sorted({method for method, _route in self.routes})
        return {
            method.decode("ascii", "replace"): together(
                calls for (one, _route), calls in self.routes.items() if one == method
            )
            for method in methods
        }


@dataclass(slots=True)
class Allies:
    """Calls by ally. Allies that exist are never dropped; ids that nobody has are, beyond a limit.

    ``existing`` tells which ids exist. It is asked for ``limit`` new ids at a time, so that memory
    is bounded by the allies that there are and not by the ids that somebody makes up.
    """

    existing: Callable[[Collection[str]], set[str]] = selectors.existing_ids
    limit: int = MAX_DISTINCT
    known: dict[str, AllyCalls] = field(default_factory=dict)
    unchecked: dict[str, AllyCalls] = field(default_factory=dict)
    unknown: dict[str, AllyCalls] = field(default_factory=dict)
    further_attempts: int = 0
    further_failed: int = 0
    pairs: int = 0
    max_pairs: int = MAX_PAIRS

    def add(
        self, ally: str, route: str, entry: Entry, moment: datetime | None, number: int
    ) -> None:
        """Count a call."""
        mine = self.unchecked.get(ally) or self.known.get(ally) or self.unknown.get(ally)
        if mine is None:
            if len(self.unchecked) >= self.limit:
                self.check()
            mine = self.unchecked[ally] = AllyCalls()
        key = (entry.method, route)
        calls = mine.routes.get(key)
        if calls is None:
            calls = mine.routes[key] = Calls()
        calls.add(entry.status, moment, number)
        if entry.status >= FAILED_FROM_STATUS:
            span = mine.clients.get(entry.client)
            if span is None:
                self.make_room(mine)
                span = mine.clients[entry.client] = Span()
            span.add(moment)

    def make_room(self, mine: AllyCalls) -> None:
        """Count one more pair of ally and client, within the limits."""
        if len(mine.clients) >= 2 * MAX_CLIENTS:
            self.pairs -= len(mine.clients) - MAX_CLIENTS
            mine.keep_clients(MAX_CLIENTS)
        elif self.pairs >= self.max_pairs:
            groups = (self.known, self.unchecked, self.unknown)
            allies = [calls for group in groups for calls in group.values()]
            fair = max(MIN_CLIENTS, MAX_PAIRS // 2 // len(allies))
            for calls in allies:
                calls.keep_clients(fair)
            self.pairs = sum(len(calls.clients) for calls in allies)
            self.max_pairs = max(MAX_PAIRS, 2 * self.pairs)
        self.pairs += 1

    def check(self) -> None:
        """Ask which of the new ids exist, and forget the smallest of the others."""
        found = self.existing(self.unchecked)
        for ally, calls in self.unchecked.items():
            (self.known if ally in found else self.unknown)[ally] = calls
        self.unchecked = {}
        self.settle()

    def settle(self) -> None:
        """Sum up the unknown ids beyond the limit, those with the fewest failures first."""
        if len(self.unknown) <= self.limit:
            return
        ranked = sorted(self.unknown.items(), key=lambda item: (-item[1].failed, -item[1].attempts))
        for _ally, calls in ranked[self.limit :]:
            self.further_attempts += calls.attempts
            self.further_failed += calls.failed
            self.pairs -= len(calls.clients)
        self.unknown = dict(ranked[: self.limit])

    def affected(self) -> Iterator[tuple[str, AllyCalls]]:
        """Yield the ids with failed calls."""
        for group in (self.known, self.unchecked, self.unknown):
            for ally, calls in group.items():
                if calls.failed:
                    yield ally, calls
