"""Whether reads cost the same with more rows: ``python -m benchmarks.growth`` (``make growth``).

Makes a database for each size: 1, 10 and 100 times 10,000 dogs, 5,000 patients with 15,000 studies,
and 120 sellers with 40 establishments, 50 visits and 50 favourites each (the last takes minutes and
4 GB). Plaza is started on each and asked in turn; a figure is the median over the rounds. On quiet
cores the lines are drawn (docs/growth.png), and the status is 1 where a cost moves by more than a
tenth; on busy ones nothing is published and it is 75.
"""

import argparse
import json
import sys
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from benchmarks import data, plot, servers
from benchmarks.common import DATABASE_URL, PORTS, ROOT
from benchmarks.load import Load
from benchmarks.quiet import EX_TEMPFAIL, Watch
from benchmarks.report import machine, median
from benchmarks.run import Bench, log
from benchmarks.scenarios import Scenario, cursor_of_page
from benchmarks.sync.scenarios import FIRST_SYNC, HEAD, NOTHING_NEW, ONE_VISIT, SyncScenario

SCALES = (1, 10, 100)
RESULTS = ROOT / "benchmarks" / "growth.json"
MAX_GROWTH = 1.1
FAR_PAGE = "page 150 of dogs"
SCENARIOS: list[Scenario | SyncScenario] = [
    Scenario("one dog by name", Load("/api/dogs/dog-4321")),
    Scenario("page of 50 dogs", Load("/api/dogs"), is_list=True),
    Scenario(FAR_PAGE, Load("/api/dogs"), is_list=True),
    Scenario("adopted dogs", Load("/api/dogs?is_adopted=true"), is_list=True),
    Scenario("one patient", Load("/api/patients/4321"), "CLINICIAN"),
    Scenario("patients with studies", Load("/api/patients"), "CLINICIAN", is_list=True),
    Scenario(
        "patients by birth date",
        Load("/api/patients?ordering=birth_date"),
        "CLINICIAN",
        is_list=True,
    ),
    Scenario(
        "studies by urgency", Load("/api/studies?ordering=urgency"), "CLINICIAN", is_list=True
    ),
    Scenario("favourites", Load("/api/movies/favorites"), "USER", is_list=True),
    HEAD, FIRST_SYNC, NOTHING_NEW, ONE_VISIT,
]  # fmt: skip


def url_of(scale: int) -> str:
    """Return the address of the database of a size."""
    parts = urlsplit(DATABASE_URL)
    return urlunsplit(parts._replace(path=f"{parts.path}_x{scale}"))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken over these")
    parser.add_argument("--seconds", type=int, default=1, help="of load per scenario and size")
    parser.add_argument("--only", metavar="TEXT", action="append", help="scenarios with this text")
    parser.add_argument("--scales", default=",".join(map(str, SCALES)), help="comma-separated")
    return parser.parse_args()


def measure(
    scales: list[int], scenarios: list[Scenario | SyncScenario], options: argparse.Namespace
) -> tuple[Watch, list[dict[str, Any]]]:
    """Return what each scenario costs at each size, in milliseconds of CPU."""
    watch = Watch()
    with ExitStack() as stack:
        benches = {}
        for place, scale in enumerate(scales):
            server = servers.Server(
                "plaza", database_url=url_of(scale), port=max(PORTS.values()) + 1 + place
            )
            stack.callback(server.stop)
            server.wait()
            bench = benches[scale] = Bench({"plaza": server}, options, url_of(scale))
            bench.paths[FAR_PAGE, "plaza"] = cursor_of_page(bench.callers["plaza"], 150)
            for scenario in scenarios:
                bench.warm_up(scenario, "plaza")
        watch.look()
        for number in range(options.rounds):
            for scenario in scenarios:
                for bench in benches.values():
                    bench.measure(scenario, "plaza", number)
            watch.look()
    return watch, [
        {
            "name": one.name,
            "cpu_ms": {
                str(scale): round(median(bench.figures[one.name, "plaza"]).cpu_ms, 3)
                for scale, bench in benches.items()
            },
        }
        for one in scenarios
    ]


def growth_of(row: dict[str, Any]) -> float:
    """Return how many times the dearest size costs what the smallest one does."""
    first, *others = row["cpu_ms"].values()
    return max(others, default=first) / first


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    scales = [*rows[0]["cpu_ms"]]
    lines = ["| CPU ms per request | " + " | ".join(f"{one}×" for one in scales) + " | dearest |"]
    lines.append("|---|" + "--:|" * (len(scales) + 1))
    for row in rows:
        cells = [*(f"{one:.2f}" for one in row["cpu_ms"].values()), f"{growth_of(row):.2f}×"]
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def publish(rows: list[dict[str, Any]], watch: Watch, *, is_whole: bool) -> int:
    """Print the figures, store those of a whole run on quiet cores; return the status."""
    log(table(rows))
    log(f"bench: {watch}")
    if watch.is_busy:
        log("bench: the cores had other work, so these figures are not published")
        return EX_TEMPFAIL
    if is_whole:
        document = {"machine": machine(watch), "scenarios": rows}
        RESULTS.write_text(json.dumps(document, indent=2) + "\n")
        plot.draw_growth(document, ROOT / "docs" / "growth.png")
    grown = [row["name"] for row in rows if growth_of(row) > MAX_GROWTH]
    if grown:
        log(f"bench: dearer with more rows: {', '.join(grown)}")
    return 1 if grown else 0


def main() -> int:
    """Measure each scenario at each size; return the program's status."""
    options = arguments()
    scales = [int(one) for one in options.scales.split(",")]
    scenarios = [
        one
        for one in SCENARIOS
        if not options.only or any(text in one.name for text in options.only)
    ]
    for scale in scales:
        began = time.monotonic()
        data.prepare_scaled(url_of(scale), scale)
        log(f"bench: {scale}×: data ready after {time.monotonic() - began:.0f} s")
    watch, rows = measure(scales, scenarios, options)
    is_whole = not options.only and scales == list(SCALES)
    return publish(rows, watch, is_whole=is_whole)


if __name__ == "__main__":
    sys.exit(main())
