"""Restart and kill nodes under load: ``make smoke``.

Real nginx with the repository's configuration, two real gunicorn nodes of the platform on loopback,
no root, a database of its own. It fails when a promise is broken: a request is lost, an effect
happens twice, the answers pause for too long, or nginx costs too much. A control without the
failover settings must go wrong: otherwise the measurement is blind.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from subprocess import run as run_command
from typing import Any
from uuid import uuid4

from scripts.nodes import Node, environment
from scripts.proxy import ROOT, Proxy

TOKEN = "abcdef1234567890"  # noqa: S105 - the demo data's public token
CLIENTS = 6
TRIES = 4
MINIMUM = 300
GAP_RESTART = 0.3
GAP_KILL = 1.0
NGINX_COST = 0.001
OK = range(200, 300)


@dataclass
class Outcome:
    """One request as its client saw it."""

    name: str
    first: int  # the status of the first try; 0: the connection broke
    last: int
    tries: int
    start: float
    end: float


@dataclass
class Load:
    """Clients that write and read without pause, and what they saw."""

    port: int
    outcomes: list[Outcome] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    reconnected: int = 0

    def client(self, number: int) -> None:
        """Create a dog, read it, and so on until told to stop."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        count = 0
        while not self.stop.is_set():
            count += 1
            name = f"smoke-{uuid4().hex[:12]}-{number}-{count}"
            key = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
            self.ask(connection, "POST", name, key)
            self.ask(connection, "GET", name, {})
        connection.close()

    def ask(
        self, connection: HTTPConnection, method: str, name: str, headers: dict[str, str]
    ) -> None:
        """Send one request, again with the same key while it fails, and remember it."""
        start = time.monotonic()
        statuses: list[int] = []
        while not statuses or (statuses[-1] not in OK and len(statuses) < TRIES):
            if statuses:
                time.sleep(0.05 * 2 ** len(statuses))
            statuses.append(self.once(connection, method, f"/api/dogs/{name}", headers))
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
            )
            self.outcomes.append(outcome)

    def once(
        self, connection: HTTPConnection, method: str, path: str, headers: dict[str, str]
    ) -> int:
        """Return the status of one try. A kept connection that was closed while idle is reopened.

        nginx closes idle connections when it reloads; every HTTP client reconnects then.
        """
        headers = {"Authorization": f"Bearer {TOKEN}", **headers}
        reused = connection.sock is not None
        for _ in range(2):
            try:
                connection.request(method, path, b"{}" if method == "POST" else None, headers)
                response = connection.getresponse()
                response.read()
            except (HTTPException, OSError):
                connection.close()
                if not reused:
                    return 0
                reused = False
                self.reconnected += 1
            else:
                return response.status
        return 0

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
            "slowest_ms": round(1000 * times[-1]),
            "reconnected": self.reconnected,
        }

    def missing(self, port: int) -> int:
        """Return how many acknowledged dogs are not there."""
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        created = [one.name for one in self.outcomes if one.name and one.last in OK]
        return sum(
            self.once(connection, "GET", f"/api/dogs/{name}", {}) != OK[0] for name in created
        )


def rolling_restart(proxy: Proxy, nodes: list[Node], *, drain: bool) -> None:
    """Restart every node, one after the other; with ``drain`` nobody is sent to it meanwhile."""
    for node in nodes:
        if drain:
            proxy.nodes({one.port: "down" if one is node else "" for one in nodes})
            proxy.reload()
            time.sleep(0.5)  # what was sent before the reload is answered
        node.terminate()
        node.start()
        for _ in range(4):  # the first request of a process is its slowest
            node.status("/api/dogs?limit=1")
        if drain:
            proxy.nodes({one.port: "" for one in nodes})
            proxy.reload()
            time.sleep(0.5)


def kill_and_restart(nodes: list[Node]) -> None:
    """Kill one node, master and workers; start it again two seconds later."""
    nodes[0].kill()
    time.sleep(2)
    nodes[0].start()


def cost_of_nginx(node: Node, proxy: Proxy, rounds: int = 400) -> float:
    """Return by how much nginx moves the median of a cheap request, in seconds."""
    direct, through = (HTTPConnection("127.0.0.1", port) for port in (node.port, proxy.port))
    times: dict[HTTPConnection, list[float]] = {direct: [], through: []}
    for _ in range(rounds):
        for connection, seen in times.items():
            start = time.perf_counter()
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            seen.append(time.perf_counter() - start)
    return statistics.median(times[through]) - statistics.median(times[direct])


@dataclass
class Smoke:
    """The nodes, the folder they work in and what was found."""

    folder: Path
    nodes: list[Node]
    found: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def under_load(
        self, title: str, act: Callable[[Proxy], None], **failover: str
    ) -> dict[str, Any]:
        """Run one act under load behind a new nginx and return its report."""
        proxy = Proxy(self.folder / title.replace(" ", "-"), **failover)
        proxy.nodes({node.port: "" for node in self.nodes})
        with proxy:
            load = Load(proxy.port)
            with load.running():
                act(proxy)
            report = {**load.report(), "missing": load.missing(self.nodes[1].port)}
        self.found[title] = report
        sys.stdout.write(f"{title}: {json.dumps(report)}\n")
        return report

    def promise(self, kept: bool, words: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Write a promise down as kept or broken."""
        sys.stdout.write(f"  {'kept' if kept else 'BROKEN'}: {words}\n")
        if not kept:
            self.broken.append(words)

    def check(self, title: str, act: Callable[[Proxy], None], *, raw: bool, gap: float) -> None:
        """Run an act whose promises must hold."""
        report = self.under_load(title, act)
        self.promise(report["requests"] >= MINIMUM, f"{title}: at least {MINIMUM} requests")
        if raw:
            self.promise(not report["failed_first"], f"{title}: no request failed")
        self.promise(report["failed_after_retry"] == 0, f"{title}: none failed after a retry")
        self.promise(report["missing"] == 0, f"{title}: nothing acknowledged is missing")
        self.promise(
            report["longest_gap_ms"] <= gap * 1000, f"{title}: no pause over {gap * 1000:.0f} ms"
        )

    def control(self, title: str, act: Callable[[Proxy], None]) -> None:
        """Run an act without failover: it must be seen to fail."""
        report = self.under_load(title, act, FAILOVER="off", FAILOVER_KEYED="off")
        self.promise(report["requests"] >= MINIMUM, f"{title}: at least {MINIMUM} requests")
        self.promise(bool(report["failed_first"]), f"{title}: failures are seen")


def prepared_nodes(folder: Path, database_url: str) -> list[Node]:
    """Return two nodes on a database of their own, not started."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SECRET_KEY": uuid4().hex + uuid4().hex,
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'smoke.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "memory://",
        "LOG_LEVEL": "WARNING",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "8",
    }
    command = [sys.executable, "manage.py", "prepare", "--demo", "--verbosity", "0"]
    run_command(command, cwd=ROOT, env=environment(**settings), check=True)  # noqa: S603 - ours
    return [Node(folder, **settings) for _ in range(2)]


def main() -> int:
    """Run everything and say what was promised, kept and broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database-url", default="", help="default: an SQLite file of its own")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plaza-smoke-") as name:
        nodes = prepared_nodes(Path(name), options.database_url)
        smoke = Smoke(Path(name), nodes)
        try:
            for node in nodes:
                node.start()
            proxy = Proxy(Path(name) / "cost")
            proxy.nodes({nodes[0].port: ""})
            with proxy:
                cost = cost_of_nginx(nodes[0], proxy)
            smoke.found["nginx_p50_ms"] = round(cost * 1000, 2)
            smoke.promise(cost <= NGINX_COST, f"nginx adds at most 1 ms ({cost * 1000:.2f} ms)")
            smoke.check(
                "rolling restart",
                lambda p: rolling_restart(p, nodes, drain=True),
                raw=True,
                gap=GAP_RESTART,
            )
            smoke.check("node killed", lambda _: kill_and_restart(nodes), raw=False, gap=GAP_KILL)
            smoke.control(
                "control without draining", lambda p: rolling_restart(p, nodes, drain=False)
            )
            smoke.control("control without failover", lambda _: kill_and_restart(nodes))
        finally:
            for node in nodes:
                node.kill()
    if options.json:
        options.json.write_text(json.dumps(smoke.found, indent=2) + "\n")
    sys.stdout.write(f"smoke: {len(smoke.broken)} promises broken\n")
    return 1 if smoke.broken else 0


if __name__ == "__main__":
    sys.exit(main())
