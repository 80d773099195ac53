"""Time ``analyse_log`` beside goaccess: ``python -m benchmarks.logs [--lines 1000000]``.

Writes a made-up log in the combined format and reads it with both, each as a process of its own;
the figures are CPU seconds (user and system, ``os.times``), which other work on the machine hardly
changes. goaccess is left out where it is not installed. Needs a database that ``prepare`` has made.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2023, 10, 10, tzinfo=UTC)
AGENTS = ("curl/7.88.1", "okhttp/4.9.3")


def log_lines(count: int) -> Iterator[str]:
    """Yield lines of 2,000 clients and 500 allies, a third of them about credentials."""
    chance = random.Random(7)
    clients = [f"10.{n >> 8}.{n & 255}.{n % 250}" for n in range(2_000)]
    allies = [f"{chance.getrandbits(32):08x}-store" for _ in range(500)]
    for number in range(count):
        ally = f"/allies/{chance.choice(allies)}/credentials"
        path = chance.choice((ally, "/health", f"/api/dogs/{chance.randrange(1000)}"))
        time = START + timedelta(seconds=number // 20)
        status = chance.choice((200, 200, 200, 201, 404, 500))
        yield (
            f"{chance.choice(clients)} - - [{time:%d/%b/%Y:%H:%M:%S +0000}]"
            f' "{chance.choice(("GET", "POST"))} {path} HTTP/1.1" {status}'
            f' {chance.randrange(9999)} "-" "{chance.choice(AGENTS)}"\n'
        )


def cpu_seconds(command: list[str]) -> float:
    """Run a command; return the CPU seconds of it and its children."""
    before = os.times()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (
        after.children_user - before.children_user + after.children_system - before.children_system
    )


def main() -> None:
    """Write the log and print a line per program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="the best one counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        with log.open("w") as file:
            file.writelines(log_lines(options.lines))
        commands = {"analyse_log": [sys.executable, "manage.py", "analyse_log", "--json", str(log)]}
        if goaccess := shutil.which("goaccess"):
            report = str(Path(folder) / "report.json")
            combined = ["--log-format=COMBINED", "--no-progress", "-o", report]
            commands["goaccess"] = [goaccess, str(log), *combined]
        sys.stdout.write(f"{options.lines} lines, {log.stat().st_size / 1e6:.0f} MB\n")
        for name, command in commands.items():
            best = min(cpu_seconds(command) for _ in range(options.rounds))
            sys.stdout.write(f"{name}: {best:.1f} CPU s, {options.lines / best:,.0f} lines/s\n")


if __name__ == "__main__":
    main()
