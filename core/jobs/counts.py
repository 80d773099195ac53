"""What Prometheus reads of background work: runs, how they ended, how long they took.

A row that waits is no run: how many wait, and since when, says core.metrics.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

RUNS = Counter(
    "plaza_task_runs",
    "Runs of tasks. lost: its process died; late: over the time limit.",
    ("task", "outcome"),
)
SECONDS = Histogram(
    "plaza_task_seconds",
    "Seconds that a run took, unless its process died.",
    ("task",),
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0),
)
GIVEN_UP = Counter("plaza_work_given_up", "Rows whose work was given up.", ("kind",))


@contextmanager
def running(task: str) -> Iterator[None]:
    """Count one run of a task."""
    started, outcome = time.perf_counter(), "failure"
    try:
        yield
        outcome = "success"
    finally:
        SECONDS.labels(task).observe(time.perf_counter() - started)
        RUNS.labels(task, outcome).inc()
