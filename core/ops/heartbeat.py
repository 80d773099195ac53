"""Signs of life of beat and workers, in rows: web processes on other machines see them.

The sweep is what both must do for work to go on: beat sends it every ``SWEEP_SECONDS``, a worker
runs it.
"""

import logging
import threading
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, models
from django.db.models.functions import Now

from core.models import Heartbeat

logger = logging.getLogger(__name__)

BEAT, WORKER = KINDS = ("beat", "worker")
EVERY_SECONDS = 5.0
# A worker whose hands are full sweeps when a task is done, which takes a minute at most.
PATIENCE_SECONDS = 60

clock = time.monotonic
_last: dict[str, float] = {}
_lock = threading.Lock()


def show(name: str) -> None:
    """Write down that this kind of process works, every five seconds at most.

    A database that is away is no reason to stop: what does not arrive is what is noticed.
    """
    now = clock()
    with _lock:
        if now - _last.get(name, -EVERY_SECONDS) < EVERY_SECONDS:
            return
        _last[name] = now
    try:
        Heartbeat.objects.update_or_create(name=name, defaults={"at": Now()})
    except (DatabaseError, InterfaceError) as error:
        if connection.in_atomic_block:
            raise
        logger.warning("no sign of life written", extra={"error": type(error).__name__})


def silent() -> list[str]:
    """Return who has shown nothing for too long, a phrase each."""
    limit = PATIENCE_SECONDS + 3 * settings.SWEEP_SECONDS
    now = models.ExpressionWrapper(Now(), output_field=models.DateTimeField())
    rows = Heartbeat.objects.filter(name__in=KINDS).annotate(now=now)
    ages = {row.name: (row.now - row.at).total_seconds() for row in rows}
    found = []
    for name in KINDS:
        if name not in ages:
            found.append(f"{name} not seen yet")
        elif ages[name] > limit:
            found.append(f"{name} silent for {ages[name]:.0f} s")
    return found
