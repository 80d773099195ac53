"""What a run found: medians, a table for people, a document for programs."""

import contextlib
import datetime as dt
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import load, servers
from benchmarks.common import BARE, THREADS, WORKERS
from benchmarks.quiet import Watch


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round, or the median of all, says about one server and one scenario."""

    cpu_ms: float
    web_ms: float
    database_ms: float
    rps: float
    p50_ms: float
    p99_ms: float


def median(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    table = [asdict(one) for one in rounds]
    return Figures(**{key: statistics.median(row[key] for row in table) for key in table[0]})


def rounded(figures: Figures) -> dict[str, float]:
    """Return figures as JSON."""
    return {
        key: round(value, 3 if key.endswith("_ms") else 1) for key, value in asdict(figures).items()
    }


def machine(watch: Watch) -> dict[str, Any]:
    """Describe the machine and what ran on it."""
    model = "unknown"
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(one for one in lines if one.startswith("model name")).partition(": ")[2]
    database = servers.Database()
    with database.connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0]
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "postgresql": postgres.partition(" ")[0],
        "redis": database.cache.info("server")["redis_version"],
        "load": [round(one, 1) for one in os.getloadavg()],
        "busy_share": round(watch.worst, 3),
        "date": dt.date.today().isoformat(),
        "workers": WORKERS,
        "threads": THREADS,
        "connections": load.CONNECTIONS,
    }


def table(results: list[dict[str, Any]], names: list[str], *, bare: bool) -> str:
    """Return the results as a Markdown table, beside peers with the same promises or bare ones."""
    peers = [name for name in names if name != "plaza" and name.endswith(BARE) == bare]
    shown = [row for row in results if any(name in row["peers"] for name in peers)]
    if not shown:
        return ""
    what = "bare" if bare else "same promises"
    titles = [name.removesuffix(BARE) for name in peers]
    ratios = [f"{name} ÷ plaza" for name in titles]
    heads = [f"CPU ms per request, {what}", "plaza", *titles, *ratios, "rps", "p99 ms"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    for row in shown:
        cells = [row["name"], f"{row['plaza']['cpu_ms']:.2f}"]
        for key, form in (("cpu_ms", "{:.2f}"), ("cpu_ratio", "{:.2f}×")):
            cells += [
                form.format(row["peers"][name][key]) if name in row["peers"] else "–"
                for name in peers
            ]
        cells += [f"{row['plaza']['rps']:.0f}", f"{row['plaza']['p99_ms']:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
