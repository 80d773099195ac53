"""What a log says, counted: every line in exactly one bucket."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import IO

from django.utils import timezone

from allies.accesslog.lines import Entry, read_line, read_time
from allies.accesslog.reading import LogStream
from allies.accesslog.routes import route_of, text

# So many different clients, routes and ids are counted by name; further ones share one line.
MAX_DISTINCT = 10_000
OTHERS = "(others)"
MAX_SHOWN_LINES = 1_000
MAX_SHOWN_CHARACTERS = 300
FAILED_FROM_STATUS = 400
NEVER = (datetime.min.replace(tzinfo=UTC), -1)


@dataclass(slots=True)
class Calls:
    """The calls about one ally's credentials, with one method."""

    attempts: int = 0
    failed: int = 0
    first_failure: datetime | None = None
    last_failure: datetime | None = None
    last_failed_at: tuple[datetime, int] = NEVER
    last_succeeded_at: tuple[datetime, int] = NEVER

    def add(self, status: int, moment: datetime | None, number: int) -> None:
        """Count one call; what came later is decided by time, then by the order of lines."""
        self.attempts += 1
        # Without a time it happened when its neighbours did: after what was last seen.
        latest = max(self.last_failed_at, self.last_succeeded_at)[0]
        place = (moment or latest, number)
        if status < FAILED_FROM_STATUS:
            self.last_succeeded_at = max(self.last_succeeded_at, place)
            return
        self.failed += 1
        self.last_failed_at = max(self.last_failed_at, place)
        if moment is not None:
            self.first_failure = min(self.first_failure or moment, moment)
            self.last_failure = max(self.last_failure or moment, moment)

    @property
    def recovered(self) -> bool:
        """Tell whether an attempt after the last failure succeeded."""
        return self.last_succeeded_at > self.last_failed_at


@dataclass(slots=True)
class Tally:
    """The counts of a log, before the database is asked who the allies are."""

    since: datetime | None = None
    until: datetime | None = None
    zone: tzinfo = field(default_factory=timezone.get_default_timezone)
    lines: int = 0
    succeeded: int = 0
    failed: int = 0
    not_understood: int = 0
    outside: int = 0
    problem: str = ""
    by_status: Counter = field(default_factory=Counter)
    by_route: Counter = field(default_factory=Counter)
    failed_by_route: Counter = field(default_factory=Counter)
    by_client: Counter = field(default_factory=Counter)
    failed_by_client: Counter = field(default_factory=Counter)
    allies: dict[str, dict[str, Calls]] = field(default_factory=dict)
    allies_not_told_apart: int = 0
    shown: list[tuple[int, str]] = field(default_factory=list)

    def read(
        self,
        stream: LogStream,
        *,
        progress: Callable[[int], object] = lambda _position: None,
        reject: Callable[[int, bytes], object] = lambda _number, _line: None,
    ) -> "Tally":
        """Count every line of a stream; ``reject`` gets the ones that are not understood."""
        for batch in stream.batches():
            for line in batch:
                self.count(line, reject)
            progress(stream.position())
        self.problem = stream.problem
        return self

    def count(self, line: bytes, reject: Callable[[int, bytes], object]) -> None:
        """Put one line into its bucket."""
        self.lines += 1
        entry = read_line(line)
        if entry is not None and (self.since or self.until):
            moment = read_time(entry.time, self.zone)
            if moment is None:
                entry = None  # whether it belongs into the window is doubtful
            elif (self.since and moment < self.since) or (self.until and moment >= self.until):
                self.outside += 1
                return
        if entry is None:
            self.not_understood += 1
            if len(self.shown) < MAX_SHOWN_LINES:
                self.shown.append((self.lines, text(line[:MAX_SHOWN_CHARACTERS].rstrip(b"\r"))))
            reject(self.lines, line)
            return
        self.add(entry)

    def add(self, entry: Entry) -> None:
        """Count a line that is understood."""
        status = entry.status
        shown, ally = route_of(entry.path)
        route, client = (entry.method, shown), entry.client
        self.by_status[status] += 1
        if route not in self.by_route and len(self.by_route) >= MAX_DISTINCT:
            route = (b"", OTHERS)
        self.by_route[route] += 1
        if client not in self.by_client and len(self.by_client) >= MAX_DISTINCT:
            client = OTHERS.encode()
        self.by_client[client] += 1
        if status < FAILED_FROM_STATUS:
            self.succeeded += 1
        else:
            self.failed += 1
            self.failed_by_route[route] += 1
            self.failed_by_client[client] += 1
        if ally is not None:
            self.add_ally(ally, entry)

    def add_ally(self, ally: str, entry: Entry) -> None:
        """Count a call about an ally's credentials."""
        calls = self.allies.get(ally)
        if calls is None:
            if len(self.allies) >= MAX_DISTINCT:
                self.allies_not_told_apart += 1
                return
            calls = self.allies[ally] = {}
        method = entry.method.decode("ascii", "replace")
        mine = calls.get(method)
        if mine is None:
            mine = calls[method] = Calls()
        mine.add(entry.status, read_time(entry.time, self.zone), self.lines)

    def affected(self) -> Iterator[tuple[str, dict[str, Calls]]]:
        """Yield the ids with failed calls, and those calls by method."""
        for ally, calls in self.allies.items():
            failed = {method: mine for method, mine in calls.items() if mine.failed}
            if failed:
                yield ally, failed


def tally_of(
    file: IO[bytes],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    max_bytes: int | None = None,
    max_lines: int | None = None,
    progress: Callable[[int], object] = lambda _position: None,
    reject: Callable[[int, bytes], object] = lambda _number, _line: None,
) -> Tally:
    """Count a whole log."""
    stream = LogStream(file, max_bytes=max_bytes, max_lines=max_lines)
    return Tally(since=since, until=until).read(stream, progress=progress, reject=reject)
