"""Whether the process is alive, and whether it can do its work.

``/health/live`` asks nobody. ``/health/ready`` asks the database and its migrations, without which
nothing works (503), and the cache, the broker, beat, the workers and the clock, without which all
still works (200, ``degraded``). Every question has a deadline, so that something that swallows
packets cannot hang the answer, and what it says names no host, user or password.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import math
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from health_check.base import HealthCheck, HealthCheckResult
from health_check.exceptions import HealthCheckException, ServiceUnavailable
from kombu import Connection

from core import plugs, problems
from core.ops import heartbeat
from core.ops.clock import Clock, ClockOff
from core.patience import patience

logger = logging.getLogger("plaza.health")

FRESH_SECONDS = 0.5  # many probes at once, or a flood of them, cost one
RETRY_AFTER_SECONDS = "2"
NEVER_KEPT = {"Cache-Control": "no-store"}

ASKED_SECONDS = 1.0

# Bounded: threads that hang on a black hole cannot pile up, later probes time out in the queue.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")
# With the connections that the two questions to the database keep.
_database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health-database")
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health-background")
_broker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health-broker")
_brokers: dict[str, Connection] = {}  # at most one: what the thread before it keeps
_migrated = threading.Event()
_lock = threading.Lock()


class Finding(HealthCheckException):
    """What is wrong, in words that hold no secret and may be shown."""


class Unmigrated(Finding):
    """The code knows migrations that the database has not seen."""


@dataclasses.dataclass
class Database(HealthCheck):
    """The database answers, on a connection that its thread keeps.

    A new one for each probe would cost a process of PostgreSQL's, and fail where no session is
    left though all that are open go on serving.
    """

    timeout = dt.timedelta(seconds=2)

    def run(self) -> None:
        """Ask; once more on a new connection, as the kept one may have been ended long ago."""
        kept = connection.connection is not None
        try:
            self.ask()
        except (OperationalError, InterfaceError):
            connection.close()
            if not kept:
                raise
            self.ask()

    def ask(self) -> None:
        """Ask for an answer, which takes no time but the way."""
        with patience(ASKED_SECONDS), connection.cursor() as cursor:
            cursor.execute("SELECT 1")


@dataclasses.dataclass
class Background(HealthCheck):
    """Beat and a worker have shown that they work; work waits in its rows while they do not."""

    timeout = dt.timedelta(seconds=2)

    def run(self) -> None:
        """Look at their signs of life."""
        try:
            with patience(ASKED_SECONDS):
                found = heartbeat.silent()
        except (OperationalError, InterfaceError):
            connection.close()
            raise
        if found:
            raise Finding("; ".join(found))


@dataclasses.dataclass
class Migrations(HealthCheck):
    """Every migration is applied. Once seen, it stays so for the life of the process."""

    timeout = dt.timedelta(seconds=2)

    def run(self) -> None:
        """Compare the tables' history with the code."""
        if _migrated.is_set():
            return
        try:
            executor = MigrationExecutor(connection)
            missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        finally:
            connection.close()  # this thread's own
        if missing:
            raise Unmigrated(f"{missing} not applied")
        _migrated.set()


@dataclasses.dataclass
class Cache(HealthCheck):
    """The cache gives back what was put in (an ignored failure gives back nothing)."""

    timeout = dt.timedelta(seconds=1)

    def run(self) -> None:
        """Write and read one key of this process."""
        key, value = f"health:{os.getpid()}", str(time.monotonic_ns())
        cache.set(key, value, timeout=10)
        if cache.get(key) != value:
            raise ServiceUnavailable("no answer")


@dataclasses.dataclass
class Broker(HealthCheck):
    """The broker answers, on a connection that its thread keeps. Work waits while it is away.

    A connection of its own for each probe costs this process ten times what a question on a kept
    one does, and RabbitMQ some processes of its own.
    """

    timeout = dt.timedelta(seconds=1)

    def run(self) -> None:
        """Ask; once more on a new connection, as the kept one may have been ended long ago."""
        kept = _brokers.get("kept")
        try:
            self.ask(kept or self.open())
        except Exception:  # each transport has its own kinds
            drop_broker()
            if kept is None:
                raise
            self.ask(self.open())

    def open(self) -> Connection:
        """Return a new connection, which the next probes ask on."""
        made: Connection = import_string(settings.CELERY_APP).connection_for_write()
        if made.transport.driver_type == "amqp":  # its answers are waited for without end
            limits = {"read_timeout": 1, "write_timeout": 1}
            made.transport_options = {**(made.transport_options or {}), **limits}
        made.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
        _brokers["kept"] = made
        return made

    def ask(self, broker: Connection) -> None:
        """Open a channel and close it again: two answers, and nothing stays."""
        with broker.channel():
            pass


def drop_broker() -> None:
    """Give back the connection to the broker that the thread which runs this keeps."""
    kept = _brokers.pop("kept", None)
    if kept is not None:
        with contextlib.suppress(Exception):  # it is broken, or not
            kept.release()


FATAL = ("database", "migrations")
# Whoever got an answer so shortly before a probe, or during it, shows that requests succeed.
RECENT_SECONDS = 1.0
SUCCEED = "asked in vain, but requests succeed"
CHECKS: dict[str, HealthCheck] = {
    "database": Database(),
    "migrations": Migrations(),
    "cache": Cache(),
    "broker": Broker(),
    "background": Background(),
    "clock": Clock(),
}


@dataclasses.dataclass
class _Answer:
    """The last answer and when it was found."""

    body: dict[str, Any]
    at: float


_last: _Answer | None = None


def checks() -> dict[str, HealthCheck]:
    """Return the kernel's checks and those of the apps' ``health.py``, which are never fatal."""
    parts = (app.part("health") for app in plugs.enabled())
    return CHECKS | {key: check for part in parts if part for key, check in part.CHECKS.items()}


def _thread_of(check: HealthCheck) -> ThreadPoolExecutor:
    if isinstance(check, Broker):
        return _broker
    if isinstance(check, Database):
        return _database
    return _background if isinstance(check, (Background, Clock)) else _threads


async def _ask(asked: Iterable[HealthCheck]) -> list[HealthCheckResult]:
    return await asyncio.gather(*(check.get_result(_thread_of(check)) for check in asked))


def _part(result: HealthCheckResult) -> dict[str, str]:
    if result.error is None:
        return {"status": "ok"}
    if isinstance(result.error, (Finding, ClockOff)):
        return {"status": "failed", "detail": result.error.message}
    # The library's own words may quote the driver's, which quote the address.
    late = result.time_taken >= result.check.timeout.total_seconds()
    return {"status": "failed", "detail": "timed out" if late else "unreachable"}


def verdict(found: dict[str, dict[str, str]], begun: float) -> str:
    """Return what the findings of a probe come to: a node that serves is never taken out."""
    failed = {name for name, part in found.items() if part["status"] != "ok"}
    if "database" in failed and answered_at() > begun - RECENT_SECONDS:
        found["database"]["detail"] = SUCCEED
        seen = found["migrations"].get("detail", "") not in {"unreachable", "timed out"}
        return "unavailable" if "migrations" in failed and seen else "degraded"
    if failed & set(FATAL):
        return "unavailable"
    return "degraded" if failed else "ok"


def answered_at() -> float:
    """Return when PostgreSQL last answered a statement of this process; SQLite's are not noted."""
    if connection.vendor != "postgresql":
        return -math.inf
    from core.postgresql.watch import Connection  # noqa: PLC0415 - psycopg2 is loaded where it is used

    return Connection.last_answer_at


def readiness() -> dict[str, Any]:
    """Ask everybody at once and return what ``/health/ready`` says."""
    global _last  # noqa: PLW0603 - one remembered answer per process
    with _lock:
        before = _last
        if before is not None and time.monotonic() - before.at < FRESH_SECONDS:
            return before.body
        asked, begun = checks(), time.monotonic()
        found = dict(zip(asked, map(_part, asyncio.run(_ask(asked.values()))), strict=True))
        status = verdict(found, begun)
        body = {"status": status, "checks": found}
        _last = _Answer(body, time.monotonic())
    if status != (before.body["status"] if before is not None else "ok"):
        logger.warning("readiness is now %s", status, extra={"checks": found})
    return body


def connection_closed() -> None:
    """Close the connection of the thread that runs this."""
    connection.close()


def forget() -> None:
    """Forget what was found, and give the kept connections back (for tests)."""
    global _last  # noqa: PLW0603 - see readiness
    _last = None
    _migrated.clear()
    for thread in (_database, _background):
        thread.submit(connection_closed)
    _broker.submit(drop_broker)


def stop() -> None:
    """Give the kept connections back for good, and end their threads (for tests)."""
    forget()
    for thread in (_database, _background, _broker):
        thread.shutdown()


def live(request: HttpRequest) -> HttpResponse:
    """Answer ``GET /health/live``: the process serves requests."""
    return problems.refuse_writing(request) or JsonResponse({"status": "ok"}, headers=NEVER_KEPT)


def ready(request: HttpRequest) -> HttpResponse:
    """Answer ``GET /health/ready``: 200 while work can be done, else 503."""
    if refused := problems.refuse_writing(request):
        return refused
    body = readiness()
    response = JsonResponse(body, headers=NEVER_KEPT)
    if body["status"] == "unavailable":
        response.status_code = 503
        response["Retry-After"] = RETRY_AFTER_SECONDS
    return response
