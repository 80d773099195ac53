"""Clients that write and read without pause, and what they saw: the load of `make smoke`."""

import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from scripts.calls import OK, Caller

TOKEN = "abcdef1234567890"  # noqa: S105 - the demo data's public token
CLIENTS = 6
MAX_TRIES = 4
MIN_REQUESTS = 300
MAX_LOAD_SECONDS = 60  # so long a load runs on to reach its minimum


@dataclass
class Outcome:
    """One request as its client saw it."""

    name: str
    first: int  # the status of the first try, NO_ANSWER or BROKEN_OFF
    last: int
    tries: int
    start: float
    end: float
    slowest_try: float


@dataclass
class Load:
    """Clients that write and read without pause, and what they saw."""

    port: int
    writes: bool = True
    outcomes: list[Outcome] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    reconnected: int = 0

    def client(self, number: int) -> None:
        """Create a dog, read it, and so on until told to stop; or only read."""
        caller = Caller(self.port, TOKEN)
        count = 0
        while not self.stop.is_set():
            count += 1
            if not self.writes:
                self.request(caller, "GET", "Lazy", {})
                continue
            name = f"smoke-{uuid4().hex[:12]}-{number}-{count}"
            key = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
            self.request(caller, "POST", name, key)
            self.request(caller, "GET", name, {})
        caller.close()
        self.reconnected += caller.reconnected

    def request(self, caller: Caller, method: str, name: str, headers: dict[str, str]) -> None:
        """Send one request, again with the same key while it fails, and remember it."""
        body = b"{}" if method == "POST" else None
        start = time.monotonic()
        statuses: list[int] = []
        seconds: list[float] = []
        while not statuses or (statuses[-1] not in OK and len(statuses) < MAX_TRIES):
            if statuses:
                time.sleep(0.05 * 2 ** len(statuses))
            before = time.monotonic()
            statuses.append(caller.once(method, f"/api/dogs/{name}", body, headers).status)
            seconds.append(time.monotonic() - before)
        end = time.monotonic()
        # What was never created cannot be read.
        if method == "POST" or statuses[-1] != 404:  # noqa: PLR2004 - not found
            outcome = Outcome(
                name if method == "POST" else "",
                statuses[0],
                statuses[-1],
                len(statuses),
                start,
                end,
                max(seconds),
            )
            self.outcomes.append(outcome)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the clients busy inside the block."""
        threads = [threading.Thread(target=self.client, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        try:
            yield
            time.sleep(1)
            deadline = time.monotonic() + MAX_LOAD_SECONDS
            while len(self.outcomes) < MIN_REQUESTS and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(60)

    def report(self) -> dict[str, Any]:
        """Return the numbers that promises are about."""
        ends = sorted(one.end for one in self.outcomes if one.last in OK)
        times = sorted(one.end - one.start for one in self.outcomes)
        return {
            "requests": len(self.outcomes),
            "failed_first": dict(Counter(o.first for o in self.outcomes if o.first not in OK)),
            "failed_after_retry": sum(one.last not in OK for one in self.outcomes),
            "longest_gap_ms": round(1000 * max(map(float.__sub__, ends[1:], ends), default=99)),
            "p50_ms": round(1000 * statistics.median(times), 1),
            "p99_ms": round(1000 * times[int(len(times) * 0.99)], 1),
            "slowest_try_ms": round(1000 * max(one.slowest_try for one in self.outcomes)),
            "reconnected": self.reconnected,
        }

    def missing(self, port: int) -> int:
        """Return how many acknowledged dogs are not there."""
        caller = Caller(port, TOKEN)
        created = [one.name for one in self.outcomes if one.name and one.last in OK]
        return sum(caller.once("GET", f"/api/dogs/{name}").status != OK[0] for name in created)
