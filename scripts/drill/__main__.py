"""Break a platform of real processes under load: ``make drill``."""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path

from scripts.drill import disk, patroni, programs, promises
from scripts.drill.acts import ACTS, BY_NAME, Act
from scripts.drill.director import Director
from scripts.drill.rig import Rig

EPILOG = """\
examples:
  make drill                        every act, some 20 minutes on two busy processors
  make drill ACT=failover           one, or several with commas
  make drill ACT=patroni-machine-lost,patroni-server-killed    with Patroni and etcd
  make drill DRILL_ARGS=--list      what there is
"""
STARTED = time.monotonic()


def say(text: str) -> None:
    """Print at once, with the seconds since the start."""
    sys.stdout.write(f"{time.monotonic() - STARTED:6.1f} {text}\n")
    sys.stdout.flush()


def chosen(names: str) -> list[Act]:
    """Return the acts of a list with commas; for none, all but those under Patroni.

    Raises:
        SystemExit: there is no such act.
    """
    found = []
    for name in filter(None, names.replace(" ", ",").split(",")):
        if name not in BY_NAME:
            raise SystemExit(f"drill: there is no act {name}. There are: {', '.join(BY_NAME)}")
        found.append(BY_NAME[name])
    return found or [act for act in ACTS if not act.needs_patroni]


def without_disk(acts: list[Act]) -> list[Act]:
    """Return those acts that can be played without a disk to fill; say which are left out."""
    for act in (act for act in acts if act.needs_disk):
        say(f"{act.name}: left out, nobody but root may mount the disk that it fills here")
    return [act for act in acts if not act.needs_disk]


def without_patroni(acts: list[Act]) -> list[Act]:
    """Return those acts that can be played without Patroni; say which are left out."""
    for act in (act for act in acts if act.needs_patroni):
        say(f"{act.name}: left out, no Patroni and etcd (apt-get install patroni etcd-server)")
    return [act for act in acts if not act.needs_patroni]


def without_compiler(acts: list[Act]) -> list[Act]:
    """Return those acts that can be played without shifting a clock; say which are left out."""
    for act in (act for act in acts if act.needs_compiler):
        say(f"{act.name}: left out, cc is not here (Debian: apt-get install gcc libc6-dev)")
    return [act for act in acts if not act.needs_compiler]


def listing() -> str:
    """Return every act with what it does and what its control takes away."""
    return "".join(f"{act.name:22} {act.title}\n{'':22}   control: {act.control}\n" for act in ACTS)


def play(acts: list[Act], report: Path | None, at: Path | None) -> int:
    """Play acts on a rig of their own; return the exit status."""
    with (
        tempfile.TemporaryDirectory(prefix="plaza-drill-", ignore_cleanup_errors=True) as name,
        Rig(Path(name), say, at) as rig,
    ):
        director = Director(rig, say)
        for act in acts:
            director.play(act)
    where = f"{os.cpu_count()} processors, {platform.platform()}"
    loads = [run.load for run in director.runs]
    say(f"{time.strftime('%Y-%m-%d')}, {where}, load {min(loads):.1f} to {max(loads):.1f}")
    sys.stdout.write(f"{promises.table(director.runs)}\n")
    if report:
        rows = [
            dict(zip(promises.COLUMNS, promises.row(run), strict=True)) for run in director.runs
        ]
        report.write_text(json.dumps(rows, indent=1) + "\n")
    for text in director.broken:
        say(f"BROKEN {text}")
    say(f"drill: {len(acts)} acts, {len(director.broken)} promises broken")
    return 1 if director.broken else 0


def main() -> int:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.drill",
        description=(__doc__ or "").partition("\n")[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("acts", nargs="?", default="", help="names with commas (default: all)")
    parser.add_argument("--list", action="store_true", help="list the acts and end")
    parser.add_argument("--json", type=Path, help="write the table's rows to this file")
    parser.add_argument(
        "--disk", type=Path, help="where a small disk is mounted that may be filled"
    )
    options = parser.parse_args()
    if options.list:
        sys.stdout.write(listing())
        return 0
    acts = chosen(options.acts)
    if absent := programs.missing():
        for line in absent:
            say(f"left out everything: {line}")
        return 2
    if programs.compiler() is None:
        acts = without_compiler(acts)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    if any(act.needs_disk for act in acts) and not (options.disk or disk.may_mount()):
        disk.start_again(sys.argv[1:])
        acts = without_disk(acts)
    if any(act.needs_patroni for act in acts) and patroni.found() is None:
        acts = without_patroni(acts)
    return play(acts, options.json, options.disk) if acts else 2


if __name__ == "__main__":
    sys.exit(main())
