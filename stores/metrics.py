"""What the phones' rows say at ``/metrics``: when each was heard of, and what waits on it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from stores.models import DirtyDay, SyncSeen

# Seconds. A phone is noted every five minutes at most, so nothing finer would mean anything.
BOUNDS = (300, 600, 900, 1800, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600)
_COLUMNS = {"pull": "last_pull_at", "push": "last_push_at"}


def collect() -> Iterator[Metric]:
    """Yield the families; two queries. ``within`` is in seconds, and cumulative.

    Raises:
        DatabaseError: the database does not answer.
    """
    now = timezone.now()
    counts: dict[str, Any] = {"held": Sum("backlog")}
    for kind, column in _COLUMNS.items():
        counts[f"{kind}_+Inf"] = Count(column)
        for bound in BOUNDS:
            since = Q(**{f"{column}__gte": now - timedelta(seconds=bound)})
            counts[f"{kind}_{bound}"] = Count("pk", filter=since)
    found = SyncSeen.objects.filter(seller__is_active=True).aggregate(**counts)
    phones = GaugeMetricFamily(
        "plaza_sync_phones",
        "Phones of active sellers whose last pull or push is at most so many seconds ago.",
        labels=("kind", "within"),
    )
    for kind in _COLUMNS:
        for within in (*map(str, BOUNDS), "+Inf"):
            phones.add_metric([kind, within], found[f"{kind}_{within}"])
    yield phones
    yield GaugeMetricFamily(
        "plaza_sync_backlog_visits", "Visits that phones say they hold.", value=found["held"] or 0
    )
    yield GaugeMetricFamily(
        "plaza_stores_figures_pending",
        "Days of sellers whose figures wait.",
        value=DirtyDay.objects.count(),
    )
