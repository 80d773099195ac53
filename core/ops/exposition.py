"""The page that Prometheus reads: ``/metrics`` of a web node, ``WORKER_METRICS_PORT`` of a worker.

Counters of several processes lie in files (config/metrics.py); whoever is asked adds them up. What
stands in the database is asked then, by ``collect()`` of each app's ``metrics.py``: in a thread of
its own, at most every few seconds, and waited for no longer than Prometheus waits. Without an
answer the page leaves it out, and ``plaza_metrics_failed`` says whose numbers are missing.
"""

import logging
import os
import platform
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
    start_http_server,
    values,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core import plugs, problems
from core.ops.processes import ProcessTree

logger = logging.getLogger("plaza.metrics")

FRESH_SECONDS = 5.0  # several Prometheus servers, or a person who reloads, cost one look
PATIENCE_SECONDS = 3.0


def ask() -> list[Metric]:
    """Ask every app what its rows say; one that fails does not take the others along."""
    found: list[Metric] = []
    failed = GaugeMetricFamily(
        "plaza_metrics_failed", "1: an app's numbers are missing here.", labels=("app",)
    )
    for app in plugs.enabled():
        part = app.part("metrics")
        if part is None:
            continue
        try:
            found += part.collect()
            failed.add_metric([app.name], 0)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other numbers are wanted
            logger.warning("metrics_missing", extra={"app": app.name, "cause": str(error)[:200]})
            failed.add_metric([app.name], 1)
    return [*found, failed]


def _ask_and_close() -> list[Metric]:
    try:
        return ask()
    finally:
        connection.close()  # this thread's own


class Facts(Collector):
    """What the apps' rows say, remembered for some seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None  # made when first asked: after fork
        self._asked: Future[list[Metric]] | None = None
        self._at = 0.0

    def collect(self) -> Iterable[Metric]:
        """Return what was found lately, or now; without an answer in time, that all is missing."""
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(1, thread_name_prefix="metrics")
            late = time.monotonic() - self._at >= FRESH_SECONDS
            if self._asked is None or (self._asked.done() and late):
                self._asked = self._threads.submit(_ask_and_close)
                self._at = time.monotonic()
            asked = self._asked
        wait([asked], PATIENCE_SECONDS)
        if asked.done():
            return asked.result()
        failed = GaugeMetricFamily(
            "plaza_metrics_failed", "1: an app's numbers are missing here.", labels=("app",)
        )
        failed.add_metric(["all"], 1)
        return [failed]


class Build(Collector):
    """What runs here."""

    def collect(self) -> Iterator[Metric]:
        """Say it."""
        yield InfoMetricFamily(
            "plaza_build",
            "What runs here.",
            value={
                "version": str(settings.BUILD_VERSION),
                "commit": settings.BUILD_COMMIT,
                "python": platform.python_version(),
                "django": django.get_version(),
            },
        )


facts = Facts()


class Page(Collector):
    """Everything that one server says; ``root`` is the first of its processes."""

    def __init__(self, root: int) -> None:
        shared = values.ValueClass is not values.MutexValue  # several processes share the files
        if shared:
            counted: Collector = MultiProcessCollector(None)  # type: ignore[no-untyped-call]  # untyped
            self.parts = [counted, ProcessTree(root), Build(), facts]
        else:  # prometheus-client's own registry has the process, too
            self.parts = [REGISTRY, Build(), facts]  # a registry collects, too

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        for part in self.parts:
            yield from part.collect()


def page(root: int) -> CollectorRegistry:
    """Return a registry of everything that the server of process ``root`` says."""
    registry = CollectorRegistry()
    registry.register(Page(root))
    return registry


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer ``GET /metrics`` in Prometheus' text format."""
    if refused := problems.refuse_writing(request):
        return refused
    text = generate_latest(page(os.getppid()))  # of gunicorn's workers, the first process
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def serve(host: str, port: int) -> None:
    """Answer Prometheus from a thread of this process, which is the first one of its server."""
    try:
        start_http_server(port, host, page(os.getpid()))
    except OSError as error:
        logger.warning("metrics_not_served", extra={"port": port, "cause": str(error)})
