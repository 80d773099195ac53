"""What a server's processes use, from Linux' /proc, under the names that Prometheus' users know.

Under gunicorn and Celery the process that answers is one of several; the sum is what a server
costs. Memory that they share is counted for each (the upper bound). Without /proc: nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessTree(Collector):
    """One process and those that it started."""

    def __init__(self, root: int) -> None:
        self.root = root

    def pids(self) -> list[int]:
        """Return the process and all below it."""
        found = [self.root]
        for pid in found:
            for task in (PROC / str(pid) / "task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def collect(self) -> Iterator[Metric]:
        """Add up what the processes say; one that ends meanwhile is left out."""
        seconds, memory, files, count, started = 0.0, 0, 0, 0, 0.0
        try:
            pids = self.pids()
            boot = float(_line(PROC / "stat", "btime"))
        except (OSError, StopIteration):
            return
        for pid in pids:
            folder = PROC / str(pid)
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                memory += int((folder / "statm").read_text().split()[1]) * _PAGE
                files += sum(1 for _ in (folder / "fd").iterdir())
            except OSError:
                continue
            # With those of children that ended, so that the sum never falls.
            seconds += sum(map(int, fields[11:15])) / _TICKS
            count += 1
            if pid == self.root:
                started = boot + int(fields[19]) / _TICKS
        if not count:
            return
        yield CounterMetricFamily("process_cpu_seconds", "CPU seconds.", value=seconds)
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=memory)
        yield GaugeMetricFamily("process_open_fds", "Open file descriptors.", value=files)
        yield GaugeMetricFamily("process_start_time_seconds", "Unix time of start.", value=started)
        yield GaugeMetricFamily("plaza_processes", "Processes of this server.", value=count)


def _line(path: Path, name: str) -> str:
    return next(
        value
        for line in path.read_text().splitlines()
        for key, _, value in [line.partition(" ")]
        if key == name
    )
