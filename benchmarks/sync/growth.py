"""Whether the sync costs the same with more sellers: ``python -m benchmarks.sync.growth``.

Makes a database for each size (1, 10 and 100 times 120 sellers with 40 establishments and 50 visits
each; the last takes minutes and 3 GB), starts Plaza on each, and asks them in turn. A figure is the
median over the rounds.
"""

import argparse
import time
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

from benchmarks import data, servers
from benchmarks.common import DATABASE_URL, PORTS
from benchmarks.run import Bench, log, median
from benchmarks.sync.scenarios import FIRST_SYNC, HEAD, NOTHING_NEW, ONE_VISIT

SCALES = (1, 10, 100)
SCENARIOS = (HEAD, FIRST_SYNC, NOTHING_NEW, ONE_VISIT)


def url_of(scale: int) -> str:
    """Return the address of the database of a size."""
    parts = urlsplit(DATABASE_URL)
    return urlunsplit(parts._replace(path=f"{parts.path}_x{scale}"))


def main() -> None:
    """Measure each scenario at each size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync.growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken over these")
    parser.add_argument("--seconds", type=int, default=2, help="of load per scenario and size")
    options = parser.parse_args()
    for scale in SCALES:
        began = time.monotonic()
        data.prepare_scaled(url_of(scale), scale)
        log(f"bench: {scale}×: data ready after {time.monotonic() - began:.0f} s")
    with ExitStack() as stack:
        benches = {}
        for place, scale in enumerate(SCALES):
            server = servers.Server(
                "plaza", database_url=url_of(scale), port=max(PORTS.values()) + 1 + place
            )
            stack.callback(server.stop)
            server.wait()
            benches[scale] = Bench({"plaza": server}, options, url_of(scale))
            for scenario in SCENARIOS:
                benches[scale].warm_up(scenario, "plaza")
        for number in range(options.rounds):
            for scenario in SCENARIOS:
                for bench in benches.values():
                    bench.measure(scenario, "plaza", number)
    log("| CPU ms per request | " + " | ".join(f"{scale}×" for scale in SCALES) + " | 100× ÷ 1× |")
    log("|---|" + "--:|" * (len(SCALES) + 1))
    for scenario in SCENARIOS:
        found = [median(bench.figures[scenario.name, "plaza"]).cpu_ms for bench in benches.values()]
        cells = [*(f"{one:.2f}" for one in found), f"{found[-1] / found[0]:.2f}"]
        log(f"| {scenario.name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
