"""The most that 12,000 sellers ask in a second, and more, until the platform does not keep up.

``make load LOAD_ARGS=--peak``; what it means: docs/load.md.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.common import ROOT
from benchmarks.day.plan import Plan
from benchmarks.day.run import FOLDER, Platform, log, lost, prepare
from benchmarks.day.steps import Outcome, Step, steps, table, until_saturated, verdict
from benchmarks.quiet import busy_seconds

PAUSE_SECONDS = 3.0  # between two steps


class Sender:
    """The process that sends the load."""

    def __init__(self, url: str, seed: int) -> None:
        command = [sys.executable, "-m", "benchmarks.day.arrivals", url, str(FOLDER), str(seed)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def play(self, step: Step, here: Platform) -> Outcome:
        """Have a step played, and count what it cost."""
        here.count()
        web, database, busy = here.web_seconds, here.database_seconds, busy_seconds()
        self.process.stdin.write(f"{step.heads} {step.pushes} {step.seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("load: the process that sends it has ended")
        busy = busy_seconds() - busy
        here.count()
        spent = {"web": here.web_seconds - web, "database": here.database_seconds - database}
        return Outcome(step, **json.loads(line), **spent, busy=busy)

    def end(self) -> None:
        """Have it write down what was acknowledged."""
        self.process.stdin.close()
        self.process.wait(60)


def played(sender: Sender, here: Platform, asked: Iterator[Step]) -> Iterator[Outcome]:
    """Play step after step."""
    for step in asked:
        log(f"load: {step.heads:g} heads and {step.pushes:g} pushes a second")
        yield sender.play(step, here)
        time.sleep(PAUSE_SECONDS)


def main(plan: Plan, first: int, each: int) -> None:
    """Find out how much the platform keeps up with."""
    prepare(plan)
    here = Platform()
    try:
        sender = Sender(here.server.url, plan.seed)
        load = os.getloadavg()[0]
        found = list(until_saturated(played(sender, here, steps(first, each))))
        sender.end()
    finally:
        here.server.stop()
    visits = lost([json.loads((FOLDER / "outcome-0.json").read_text())])
    causes = sorted({cause for one in found for cause in one.failures})
    where = f"{os.cpu_count()} cores, load before {load:.1f}, {platform.platform()}"
    log(f"{time.strftime('%Y-%m-%d')}, {where}, {plan.sellers:,} sellers\n{table(found)}")
    log("\n".join([verdict(found), *causes, json.dumps(visits)]))
    (FOLDER / "peak.json").write_text(json.dumps([asdict(one) for one in found]) + "\n")
    if visits["lost"] or not visits["acknowledged"]:
        raise SystemExit("load: visits that were acknowledged are not in the database")
