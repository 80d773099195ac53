"""What logs say, counted: every line in exactly one bucket."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import IO

from django.utils import timezone

from allies.accesslog.calls import FAILED_FROM_STATUS, Allies
from allies.accesslog.counting import OTHERS, Counts
from allies.accesslog.entry import Entry
from allies.accesslog.lines import LineReader
from allies.accesslog.reading import LogStream
from allies.accesslog.routes import MAX_KNOWN_BYTES, known_route, read_route, text
from allies.accesslog.times import read_time

MAX_SHOWN_LINES = 1_000
MAX_SHOWN_CHARACTERS = 300
# More lines than this part of a file that are not understood, and the report begins with it.
MANY = 0.01
EXAMPLES = 3


@dataclass(slots=True)
class FileTally:
    """What one file came to."""

    name: str = ""
    lines: int = 0
    not_understood: int = 0
    problem: str = ""
    forms: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, str]] = field(default_factory=list)

    @property
    def doubtful(self) -> bool:
        """Tell whether too much of the file is not understood."""
        return self.not_understood > MANY * self.lines


@dataclass(slots=True)
class Tally:
    """The counts of one or more logs, before the database is asked who the allies are."""

    since: datetime | None = None
    until: datetime | None = None
    zone: tzinfo = field(default_factory=timezone.get_default_timezone)
    lines: int = 0
    not_understood: int = 0
    outside: int = 0
    without_time: int = 0
    structure: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    routes: Counts[tuple[bytes, str]] = field(default_factory=lambda: Counts((b"", OTHERS)))
    clients: Counts[bytes] = field(default_factory=lambda: Counts(OTHERS.encode()))
    allies: Allies = field(default_factory=Allies)
    shown: list[tuple[str, int, str]] = field(default_factory=list)
    files: list[FileTally] = field(default_factory=list)

    @property
    def succeeded(self) -> int:
        """Return how many requests had a status below 400."""
        return sum(n for status, n in self.by_status.items() if status < FAILED_FROM_STATUS)

    @property
    def failed(self) -> int:
        """Return how many requests had a status of 400 and above."""
        return sum(n for status, n in self.by_status.items() if status >= FAILED_FROM_STATUS)

    @property
    def problem(self) -> str:
        """Return why files were not read to their end."""
        several = len(self.files) > 1
        return "; ".join(
            f"{file.name}: {file.problem}" if several else file.problem
            for file in self.files
            if file.problem
        )

    def read(
        self,
        stream: LogStream,
        *,
        name: str = "",
        newest: datetime | None = None,
        progress: Callable[[int], object] = lambda _position: None,
        reject: Callable[[bytes], object] = lambda _line: None,
    ) -> "Tally":
        """Count every line of a file; ``reject`` gets the ones that are not understood.

        ``newest`` is when the file was written last, for times without a year.
        """
        file = FileTally(name)
        self.files.append(file)
        reader = LineReader()
        read = reader.read
        for batch in stream.batches():
            if not file.lines:
                reader.learn(batch)
            reader.labelled = stream.labelled
            for line in batch:
                file.lines += 1
                entry = read(line)
                if isinstance(entry, Entry):
                    self.add(entry, file, newest)
                elif entry is None:
                    self.refuse(file, line)
                    reject(line)
                else:
                    self.structure += 1
            self.routes.bound()
            self.clients.bound()
            progress(stream.position())
        self.lines += file.lines
        for part in reader.parts.values():
            self.structure -= 1  # the rest of it never came
            self.refuse(file, part)
            reject(part)
        file.problem = stream.problem
        return self

    def refuse(self, file: FileTally, line: bytes) -> None:
        """Count a line that is not understood."""
        self.not_understood += 1
        file.not_understood += 1
        if len(self.shown) < MAX_SHOWN_LINES or len(file.examples) < EXAMPLES:
            shown = text(line[:MAX_SHOWN_CHARACTERS].rstrip(b"\r"))
            if len(self.shown) < MAX_SHOWN_LINES:
                self.shown.append((file.name, file.lines, shown))
            if len(file.examples) < EXAMPLES and shown.strip():
                file.examples.append((file.lines, shown))

    def add(self, entry: Entry, file: FileTally, newest: datetime | None) -> None:
        """Count a request."""
        method, path, status, client, time, form = entry
        file.forms[form] += 1
        if self.since or self.until:
            moment = read_time(time, self.zone, newest)
            if moment is None:
                self.without_time += 1  # whether it belongs into the window nobody knows
                return
            if (self.since and moment < self.since) or (self.until and moment >= self.until):
                self.outside += 1
                return
        self.by_status[status] += 1
        shown, ally = known_route(path) if len(path) <= MAX_KNOWN_BYTES else read_route(path)
        key = (method, shown)
        calls, by_client = self.routes.calls, self.clients.calls
        calls[key] = calls.get(key, 0) + 1
        by_client[client] = by_client.get(client, 0) + 1
        if status >= FAILED_FROM_STATUS:
            calls, by_client = self.routes.failed, self.clients.failed
            calls[key] = calls.get(key, 0) + 1
            by_client[client] = by_client.get(client, 0) + 1
        if ally is not None:
            self.allies.add(
                ally, shown, entry, read_time(time, self.zone, newest), self.lines + file.lines
            )


def tally_of(
    file: IO[bytes],
    *,
    name: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    max_bytes: int | None = None,
    max_lines: int | None = None,
) -> Tally:
    """Count a whole log."""
    stream = LogStream(file, max_bytes=max_bytes, max_lines=max_lines)
    return Tally(since=since, until=until).read(stream, name=name)
