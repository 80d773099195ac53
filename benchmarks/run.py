"""Measures Plaza beside its peers: ``python -m benchmarks.run`` (``make bench``).

All servers run at once and one is asked at a time: in every round each scenario goes to each server
in turn, so whatever else the machine does hits all alike. A result is the median over the rounds.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import data, load, plot, servers
from benchmarks.common import DATABASE_URL, PORTS, ROOT, THREADS, WORKERS
from benchmarks.peers.kinto import records
from benchmarks.scenarios import (
    READ_BY_PAGE,
    SCENARIOS,
    USER_OF,
    Caller,
    Scenario,
    Turn,
    cursor_of_page,
    email_of,
)
from benchmarks.sync.phones import phones
from benchmarks.sync.scenarios import SYNC_SCENARIOS, SyncScenario

RESULTS = ROOT / "benchmarks" / "results.json"
WARM_UP_REQUESTS = 30
WARM_UP_SECONDS = 4  # at most, for those that take long
SETTLE_SECONDS = 0.15
EVERY_SCENARIO: list[Scenario | SyncScenario] = [*SCENARIOS, *SYNC_SCENARIOS]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round, or the median of all, says about one server and one scenario."""

    cpu_ms: float
    web_ms: float
    database_ms: float
    rps: float
    p50_ms: float
    p99_ms: float


def log(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Bench:
    """One run."""

    def __init__(
        self,
        running: dict[str, servers.Server],
        options: argparse.Namespace,
        database_url: str = DATABASE_URL,
    ) -> None:
        self.running = running
        self.options = options
        self.callers = {name: Caller(server.url) for name, server in running.items()}
        self.database = servers.Database(database_url)
        plaza = self.callers["plaza"]
        self.tokens = {role: plaza.token(email_of(role)) for role in USER_OF}
        self.paths: dict[str, str] = {}
        self.phones = phones(plaza, self.database.connection)
        self.stamp = dt.datetime.now().strftime("%H%M%S")
        self.figures: dict[tuple[str, str], list[Figures]] = {}

    def servers_of(self, scenario: Scenario | SyncScenario) -> list[str]:
        """Return who takes part in a scenario, Plaza first."""
        return [name for name in self.running if name == "plaza" or name in scenario.peers]

    def turn(self, name: str, number: str = "") -> Turn:
        """Return one server's turn."""
        return Turn(
            server=name,
            caller=self.callers[name],
            stamp=f"{self.stamp}{number}",
            tokens=self.tokens,
            paths=self.paths,
            phones=self.phones,
            database=self.database.connection,
        )

    def compare(self, scenario: Scenario | SyncScenario) -> None:
        """Stop unless every server gives the same answer."""
        answers = {}
        for name in self.servers_of(scenario):
            turn = self.turn(name)
            answers[name] = scenario.answer(turn)
            scenario.clean(turn)
        for name, answer in answers.items():
            expected = scenario.expected(answers["plaza"], answer)
            if not same(answer, expected, exact_times=name != "limit"):
                raise SystemExit(
                    f"bench: {name} answers “{scenario.name}” differently:\n"
                    f"{json.dumps(answer, ensure_ascii=False)[:600]}\nPlaza says:\n"
                    f"{json.dumps(expected, ensure_ascii=False)[:600]}"
                )

    def measure(self, scenario: Scenario | SyncScenario, name: str, number: int) -> None:
        """Load one server with one scenario, and note what it cost."""
        server, turn = self.running[name], self.turn(name, f"-{number}")
        wanted = scenario.load_of(turn)
        backends, web = self.database.backends(), server.cpu_seconds()
        seen = wanted.run(server.url, self.options.seconds)
        if not seen.requests:  # a busy machine: nothing was done in time
            seen = wanted.run(server.url, self.options.seconds * 5)
        time.sleep(SETTLE_SECONDS)  # what wrk left unfinished is finished, and counted below
        web_seconds = server.cpu_seconds() - web
        after = self.database.backends()
        if backends.keys() - after.keys():
            log(f"bench: {name} closed database connections; what they cost is not in its figure")
        database_seconds = servers.spent(backends, after)
        scenario.clean(turn)
        if seen.errors or not seen.requests:
            raise SystemExit(f"bench: {name} failed {seen.errors} requests of “{scenario.name}”.")
        handled = (seen.requests + seen.in_flight) / scenario.requests
        figures = Figures(
            cpu_ms=(web_seconds + database_seconds) / handled * 1000,
            web_ms=web_seconds / handled * 1000,
            database_ms=database_seconds / handled * 1000,
            rps=seen.requests / seen.seconds,
            p50_ms=seen.p50_ms,
            p99_ms=seen.p99_ms,
        )
        self.figures.setdefault((scenario.name, name), []).append(figures)

    def warm_up(self, scenario: Scenario | SyncScenario, name: str) -> None:
        """Let one server answer a scenario until nothing happens for the first time."""
        until = time.monotonic() + WARM_UP_SECONDS
        for number in range(WARM_UP_REQUESTS):
            turn = self.turn(name, f"-w{number}")
            scenario.answer(turn)
            scenario.clean(turn)
            if time.monotonic() > until:
                return

    def run(self, scenarios: list[Scenario | SyncScenario]) -> None:
        """Compare, warm up, and measure in rounds."""
        for scenario in scenarios:
            self.compare(scenario)
        log(f"bench: {len(scenarios)} scenarios, answers equal; warming up")
        for scenario in scenarios:
            for name in self.servers_of(scenario):
                self.warm_up(scenario, name)
        for number in range(self.options.rounds):
            began = time.monotonic()
            for scenario in scenarios:
                order = self.servers_of(scenario)
                for name in order if number % 2 == 0 else reversed(order):
                    self.measure(scenario, name, number)
            log(f"bench: round {number + 1} took {time.monotonic() - began:.0f} s")

    def result(self, scenario: Scenario | SyncScenario) -> dict[str, Any]:
        """Return a scenario's medians as results.json has them."""
        plaza = median(self.figures[scenario.name, "plaza"])
        peers = {}
        for name in self.servers_of(scenario)[1:]:
            peer = median(self.figures[scenario.name, name])
            ratio = statistics.median(
                one.cpu_ms / ours.cpu_ms
                for one, ours in zip(
                    self.figures[scenario.name, name],
                    self.figures[scenario.name, "plaza"],
                    strict=True,
                )
            )
            peers[name] = {**rounded(peer), "cpu_ratio": round(ratio, 2)}
        return {"name": scenario.name, "plaza": rounded(plaza), "peers": peers}


def same(answer: Any, expected: Any, *, exact_times: bool) -> bool:
    """Tell whether two answers are equal; PostgreSQL's JSON drops trailing zeros of a second."""
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == expected.keys()
            and all(same(answer[key], expected[key], exact_times=exact_times) for key in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(answer, list)
            and len(answer) == len(expected)
            and all(
                same(one, two, exact_times=exact_times)
                for one, two in zip(answer, expected, strict=True)
            )
        )
    if answer != expected and not exact_times and isinstance(expected, str):
        with contextlib.suppress(TypeError, ValueError):
            return dt.datetime.fromisoformat(answer) == dt.datetime.fromisoformat(expected)
    return type(answer) is type(expected) and answer == expected


def median(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    table = [asdict(one) for one in rounds]
    return Figures(**{key: statistics.median(row[key] for row in table) for key in table[0]})


def rounded(figures: Figures) -> dict[str, float]:
    """Return figures as JSON."""
    return {
        key: round(value, 3 if key.endswith("_ms") else 1) for key, value in asdict(figures).items()
    }


def machine() -> dict[str, Any]:
    """Describe the machine and what ran on it."""
    model = "unknown"
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(one for one in lines if one.startswith("model name")).partition(": ")[2]
    with servers.Database().connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0]
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "postgresql": postgres.partition(" ")[0],
        "date": dt.date.today().isoformat(),
        "workers": WORKERS,
        "threads": THREADS,
        "connections": load.CONNECTIONS,
    }


def table(results: list[dict[str, Any]], names: list[str]) -> str:
    """Return the results as a Markdown table."""
    peers = [name for name in names if name != "plaza"]
    heads = ["CPU ms per request", "plaza", *peers, *(f"{name} ÷ plaza" for name in peers),
             "rps", "p99 ms"]  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    for row in results:
        cells = [row["name"], f"{row['plaza']['cpu_ms']:.2f}"]
        for key, form in (("cpu_ms", "{:.2f}"), ("cpu_ratio", "{:.2f}×")):
            cells += [
                form.format(row["peers"][name][key]) if name in row["peers"] else "–"
                for name in peers
            ]
        cells += [f"{row['plaza']['rps']:.0f}", f"{row['plaza']['p99_ms']:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken over these")
    parser.add_argument("--seconds", type=int, default=2, help="of load per scenario and server")
    parser.add_argument("--quick", action="store_true", help="one round of a second, not stored")
    parser.add_argument("--only", metavar="TEXT", action="append", help="scenarios with this text")
    parser.add_argument("--servers", default=",".join(PORTS), help="comma-separated")
    parser.add_argument("--anew", action="store_true", help="make the database anew")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1
    return options


def main() -> None:
    """Run the benchmark."""
    options = arguments()
    load.require_wrk()
    began = time.monotonic()
    data.prepare(anew=options.anew)
    log(f"bench: data ready after {time.monotonic() - began:.0f} s")
    wanted = [name for name in PORTS if name in options.servers.split(",")]
    scenarios = [
        one
        for one in EVERY_SCENARIO
        if not options.only or any(text in one.name for text in options.only)
    ]
    with servers.running(wanted) as running:
        bench = Bench(running, options)
        if any(one.name == READ_BY_PAGE for one in scenarios):
            bench.paths[READ_BY_PAGE] = cursor_of_page(bench.callers["plaza"], 1000)
        if "kinto" in running:
            records.fill(bench.phones)
        bench.run(scenarios)
        memory = running["plaza"].memory_mb()
    results = [bench.result(scenario) for scenario in scenarios]
    log(table(results, wanted))
    log(f"Plaza's workers after the run: {', '.join(f'{size:.0f} MB' for size in memory)}")
    if options.quick or options.only or wanted != list(PORTS):
        return
    document = {"machine": machine(), "scenarios": results}
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    plot.draw(document, ROOT / "docs" / "performance.png")
    log(f"bench: {RESULTS.relative_to(ROOT)} written after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
