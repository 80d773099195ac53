"""Restart, kill and hang nodes under load: ``make smoke``.

Real nginx with the repository's configuration, two real gunicorn nodes of the platform on loopback,
no root, a database of its own. It fails when a promise is broken: a request is lost, an effect
happens twice, the answers pause for too long, or nginx costs too much. Each act is also done with
what should help switched off, and is then judged by the same promises: the control must break one,
otherwise the measurement is blind.

A busy machine pauses by itself. So what is about time may be tried again: what an act causes comes
each time, what the machine causes does not, and what it does while nothing is done is taken off.
What is about requests must hold in every try.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from scripts.calls import BROKEN_OFF
from scripts.load import MIN_REQUESTS, Load
from scripts.local import prepare, settings_in
from scripts.nodes import Node, rolling_restart
from scripts.proxy import Proxy

MAX_RESTART_GAP_MS = 300
MAX_KILL_GAP_MS = 1000
MAX_TRY_MS = 7000  # nginx leaves a node that hangs after 6 s
HANG_SECONDS = 10
NO_FAILOVER = {"FAILOVER": "off", "FAILOVER_KEYED": "off"}
NGINX_COST_SECONDS = 0.001
# How often what is about time is tried: some 10 s and 1 s each.
PACE_TRIES = 3
COST_TRIES = 10


def kill_and_restart(nodes: list[Node]) -> None:
    """Kill one node, master and workers; start it again two seconds later."""
    nodes[0].kill()
    time.sleep(2)
    nodes[0].start()


def kill_a_worker_of_each(nodes: list[Node]) -> None:
    """Kill one worker of every node within a moment; its master starts another."""
    for node in nodes:
        node.kill_worker()
        time.sleep(1)


def hang(node: Node) -> None:
    """Stop a node for a while: it listens, and nothing answers."""
    node.pause()
    time.sleep(HANG_SECONDS)
    node.resume()


def cost_of_nginx(node: Node, proxy: Proxy, rounds: int = 400) -> tuple[float, float]:
    """Return the median of a cheap request at the node, and what nginx adds to it, in seconds."""
    direct, through = (HTTPConnection("127.0.0.1", port) for port in (node.port, proxy.port))
    times: dict[HTTPConnection, list[float]] = {direct: [], through: []}
    for _ in range(rounds):
        for connection, seen in times.items():
            start = time.perf_counter()
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            seen.append(time.perf_counter() - start)
    alone = statistics.median(times[direct])
    return alone, statistics.median(times[through]) - alone


@dataclass
class Act:
    """What happens to the nodes, and what is promised meanwhile."""

    title: str
    do: Callable[[Proxy], None]
    gap_ms: int
    # The control: the same act, and nginx with other settings, so that what should help is off.
    without: Callable[[Proxy], None] | None = None
    settings: dict[str, str] = field(default_factory=lambda: dict(NO_FAILOVER))
    # A node that dies or hangs leaves answers that have begun.
    breaks_off: bool = False
    writes: bool = True


def promised(act: Act, report: dict[str, Any]) -> list[tuple[bool, str]]:
    """Return what an act promises about requests, and whether a report keeps it.

    The first try counts: whatever nginx may repeat, it repeats, and no client notices.
    """
    allowed = {BROKEN_OFF} if act.breaks_off else set()
    return [
        (report["requests"] >= MIN_REQUESTS, f"at least {MIN_REQUESTS} requests"),
        (not (set(report["failed_first"]) - allowed), "no request failed"),
        (report["slowest_try_ms"] <= MAX_TRY_MS, f"no try took over {MAX_TRY_MS} ms"),
        (report["failed_after_retry"] == 0, "none failed after a retry"),
        (report["missing"] == 0, "nothing acknowledged is missing"),
    ]


@dataclass
class Smoke:
    """The nodes, the folder they work in and what was found."""

    folder: Path
    nodes: list[Node]
    found: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def under_load(
        self, title: str, act: Callable[[Proxy], None], *, writes: bool = True, **failover: str
    ) -> dict[str, Any]:
        """Run one act under load behind a new nginx and return its report."""
        proxy = Proxy(self.folder / title.replace(" ", "-"), **failover)
        proxy.nodes({node.port: "" for node in self.nodes})
        with proxy:
            load = Load(proxy.port, writes=writes)
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

    def cheap(self, proxy: Proxy) -> None:
        """Hold that nginx adds next to nothing; a busy machine makes each process wait its turn."""
        for _ in range(COST_TRIES):
            alone, cost = cost_of_nginx(self.nodes[0], proxy)
            if cost <= max(NGINX_COST_SECONDS, alone):
                break
        self.found["nginx_p50_ms"] = round(cost * 1000, 2)
        words = f"nginx adds at most 1 ms ({cost * 1000:.2f} ms to {alone * 1000:.2f} ms)"
        self.promise(cost <= max(NGINX_COST_SECONDS, alone), words)

    def check(self, act: Act) -> None:
        """Run an act whose promises must hold, again when only the time was not kept."""
        pause = self.requests_kept(act.title, act)
        for number in range(2, PACE_TRIES + 1):
            if pause <= act.gap_ms:
                break
            calm = self.under_load(f"{act.title} not done {number}", lambda _: time.sleep(5))
            again = self.requests_kept(f"{act.title} {number}", act)
            pause = min(pause, again - calm["longest_gap_ms"])
        self.promise(pause <= act.gap_ms, f"{act.title}: no pause over {act.gap_ms} ms ({pause})")

    def requests_kept(self, title: str, act: Act) -> int:
        """Run an act, hold what it promises about requests, return its longest pause in ms."""
        report = self.under_load(title, act.do, writes=act.writes)
        for kept, words in promised(act, report):
            self.promise(kept, f"{title}: {words}")
        return int(report["longest_gap_ms"])

    def control(self, act: Act) -> None:
        """Run an act without what helps: one of the same promises about requests must break."""
        title = f"control of {act.title}"
        without = act.without or act.do
        report = self.under_load(title, without, writes=act.writes, **act.settings)
        enough = report["requests"] >= MIN_REQUESTS
        self.promise(enough, f"{title}: at least {MIN_REQUESTS} requests")
        broken = [words for kept, words in promised(act, report) if not kept]
        self.promise(bool(broken), f"{title} is seen to go wrong ({', '.join(broken)})")


def prepared_nodes(folder: Path, database_url: str) -> list[Node]:
    """Return two nodes on a database of their own, not started."""
    settings = settings_in(folder)
    if database_url:
        settings["DATABASE_URL"] = database_url
    prepare(settings)
    return [Node(folder, **settings) for _ in range(2)]


def acts(nodes: list[Node]) -> list[Act]:
    """Return what is done to the nodes, in order."""
    return [
        Act(
            "rolling restart",
            lambda proxy: rolling_restart(proxy, nodes, drain=True),
            MAX_RESTART_GAP_MS,
            without=lambda proxy: rolling_restart(proxy, nodes, drain=False),
        ),
        Act("node killed", lambda _: kill_and_restart(nodes), MAX_KILL_GAP_MS, breaks_off=True),
        Act(
            "workers killed",
            lambda _: kill_a_worker_of_each(nodes),
            MAX_KILL_GAP_MS,
            breaks_off=True,
        ),
        # The clients only read: what a stopped process has locked, who writes must wait for.
        Act(
            "node hung",
            lambda _: hang(nodes[0]),
            MAX_TRY_MS,
            settings={"READ_TIMEOUT": "20s"},
            breaks_off=True,
            writes=False,
        ),
    ]


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
                smoke.cheap(proxy)
            for act in acts(nodes):
                smoke.check(act)
                smoke.control(act)
        finally:
            for node in nodes:
                node.kill()
    if options.json:
        options.json.write_text(json.dumps(smoke.found, indent=2) + "\n")
    sys.stdout.write(f"smoke: {len(smoke.broken)} promises broken\n")
    return 1 if smoke.broken else 0


if __name__ == "__main__":
    sys.exit(main())
