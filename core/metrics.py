"""What the kernel's rows say at ``/metrics``: waiting work, breakers, the database itself."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core import plugs
from core.jobs import work
from core.outbound import breaker

MAX_ROWS = 100_000  # more are not counted: the number says enough, and the scrape stays cheap
_CONNECTIONS = """
SELECT coalesce(state, 'unknown'), count(*),
    count(*) FILTER (WHERE wait_event_type = 'Lock'),
    coalesce(max(extract(epoch FROM now() - xact_start)), 0),
    current_setting('max_connections')::int
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
GROUP BY 1
"""


def collect() -> Iterator[Metric]:
    """Yield the kernel's families; one query for each kind of work, one for the connections.

    Raises:
        DatabaseError: the database does not answer.
    """
    yield from waiting_work()
    yield from breakers()
    if connection.vendor == "postgresql":
        yield from connections()


def waiting_work() -> Iterator[Metric]:
    """Yield how many rows of each kind wait, and for how long the first one has been due."""
    for app in plugs.enabled():
        app.part("tasks")  # whoever imports it has registered its work
    pending = GaugeMetricFamily(
        "plaza_work_pending", f"Rows that wait, {MAX_ROWS} at most.", labels=("kind",)
    )
    overdue = GaugeMetricFamily(
        "plaza_work_overdue_seconds",
        "Seconds since the oldest waiting row was due; 0: none is.",
        labels=("kind",),
    )
    now = timezone.now()
    for kind in work.registry:
        rows = kind.rows.filter(**{kind.status: work.PENDING}).order_by(kind.due)
        found = rows.values(kind.due)[:MAX_ROWS].aggregate(rows=Count("*"), first=Min(kind.due))
        late = (now - found["first"]).total_seconds() if found["first"] else 0.0
        pending.add_metric([kind.task], found["rows"])
        overdue.add_metric([kind.task], max(0.0, late))
    yield pending
    yield overdue


def breakers() -> Iterator[Metric]:
    """Yield the state of each circuit breaker that this process knows; they share it by cache."""
    state = GaugeMetricFamily(
        "plaza_outbound_breaker", "1 for the state it is in.", labels=("upstream", "state")
    )
    for name, now in breaker.states().items():
        for each in ("closed", "half_open", "open"):
            state.add_metric([name, each], each == now)
    yield state


def connections() -> Iterator[Metric]:
    """Yield how PostgreSQL's connections are used; behind a pooler, its own to the server."""
    with connection.cursor() as cursor:
        cursor.execute(_CONNECTIONS)
        found = cursor.fetchall()
    used = GaugeMetricFamily(
        "plaza_database_connections", "Connections, ours among them.", labels=("state",)
    )
    for state, count, _locked, _oldest, _most in found:
        used.add_metric([state], count)
    yield used
    locked, oldest = sum(row[2] for row in found), max((float(row[3]) for row in found), default=0)
    yield GaugeMetricFamily("plaza_database_lock_waits", "Of those, waiting.", value=locked)
    yield GaugeMetricFamily(
        "plaza_database_oldest_transaction_seconds", "Age of the oldest one.", value=oldest
    )
    yield GaugeMetricFamily(
        "plaza_database_max_connections", "What the server allows.", value=found[0][4]
    )
