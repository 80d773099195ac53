"""Measures Plaza beside its peers: ``python -m benchmarks.run`` (``make bench``).

Peers with the same promises run at once beside Plaza, then bare ones do (all of them would take
more connections than PostgreSQL has), and one is asked at a time: in every round each scenario goes
to each server in turn, so whatever else the machine does hits all alike. A result is the median
over the rounds; Plaza's own figure is that of the first pass.
When the cores had other work, the figures are printed, nothing is published, and the status is 75.
"""

import argparse
import contextlib
import datetime as dt
import json
import statistics
import sys
import time
from typing import Any

from benchmarks import data, effects, load, plot, servers
from benchmarks.common import BARE, DATABASE_URL, PORTS, ROOT
from benchmarks.peers.kinto import records
from benchmarks.quiet import EX_TEMPFAIL, Watch
from benchmarks.report import Figures, machine, median, rounded, table
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
        self.paths: dict[tuple[str, str], str] = {}
        self.phones = phones(plaza, self.database.connection)
        self.stamp = dt.datetime.now().strftime("%H%M%S")
        self.figures: dict[tuple[str, str], list[Figures]] = {}
        self.watch = Watch()

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
            if not same(answer, expected, exact_times=not name.startswith("limit")):
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
            raise SystemExit(
                f"bench: {name} failed {seen.errors} requests of “{scenario.name}”; PostgreSQL has"
                f" {self.database.connections()} connections, see {server.log_path}."
            )
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
        effects.compare({name: self.turn(name) for name in self.running}, self.running)
        for scenario in scenarios:
            self.compare(scenario)
        log(f"bench: {len(scenarios)} scenarios, answers and effects equal; warming up")
        for scenario in scenarios:
            for name in self.servers_of(scenario):
                self.warm_up(scenario, name)
        self.look()
        for number in range(self.options.rounds):
            began = time.monotonic()
            for scenario in scenarios:
                order = self.servers_of(scenario)
                for name in order if number % 2 == 0 else reversed(order):
                    self.measure(scenario, name, number)
            log(f"bench: round {number + 1} took {time.monotonic() - began:.0f} s")
            self.look()

    def look(self) -> None:
        """See whether the machine has other work, and say so at once."""
        if self.watch.look() and self.watch.is_busy:
            log(f"bench: the cores have other work ({self.watch}); nothing will be published")

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
        return {
            "name": scenario.name,
            "kind": scenario.kind,
            "plaza": rounded(plaza),
            "peers": peers,
        }


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


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument("--seconds", type=int, default=1, help="of load per scenario and server")
    parser.add_argument("--quick", action="store_true", help="one round of a second, not stored")
    parser.add_argument("--only", metavar="TEXT", action="append", help="scenarios with this text")
    parser.add_argument("--servers", default=",".join(PORTS), help="comma-separated")
    parser.add_argument("--anew", action="store_true", help="make the database anew")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1
    return options


def run(
    names: list[str],
    scenarios: list[Scenario | SyncScenario],
    options: argparse.Namespace,
    watch: Watch,
) -> list[dict[str, Any]]:
    """Measure some servers; return what each scenario cost."""
    with servers.running(names) as running:
        bench = Bench(running, options)
        bench.watch = watch
        if any(one.name == READ_BY_PAGE for one in scenarios):
            for name in filter(effects.promising, running):
                path = cursor_of_page(bench.callers[name], 1000)
                bench.paths[READ_BY_PAGE, name] = path
        if "kinto" in running:
            records.fill(bench.phones)
        bench.run(scenarios)
        memory = ", ".join(f"{size:.0f} MB" for size in running["plaza"].memory_mb())
        log(f"bench: Plaza's workers: {memory}")
    return [bench.result(scenario) for scenario in scenarios]


def main() -> int:
    """Run the benchmark; return the program's status."""
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
    watch, by_name = Watch(), {}
    for is_bare in (False, True):
        names = [name for name in wanted if name.endswith(BARE) == is_bare or name == "plaza"]
        asked = [one for one in scenarios if not is_bare or set(names) & set(one.peers)]
        if is_bare and names == ["plaza"]:
            continue
        for one in run(names, asked, options, watch):
            known = by_name.setdefault(one["name"], one)
            known["peers"] |= one["peers"]
    results = list(by_name.values())
    log("\n\n".join(filter(None, (table(results, wanted, bare=bare) for bare in (False, True)))))
    is_whole = not (options.quick or options.only) and wanted == list(PORTS)
    return publish(results, watch, is_whole=is_whole)


def publish(results: list[dict[str, Any]], watch: Watch, *, is_whole: bool) -> int:
    """Say where the figures come from, and store those of a whole run on quiet cores.

    Return the program's status.
    """
    found = machine(watch)
    log(f"On {found['cores']} × {found['cpu']}, Python {found['python']}; {watch}")
    if watch.is_busy:
        log("bench: the cores had other work, so these figures are not published")
        return EX_TEMPFAIL
    if is_whole:
        document = {"machine": found, "scenarios": results}
        RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        plot.draw(document, ROOT / "docs" / "performance.png")
        log(f"bench: {RESULTS.relative_to(ROOT)} and docs/performance.png written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
