"""Histograms of visits: how they are counted, and which percentiles come of them.

A percentile does not add up, the counts of a histogram do: so the tables have these, and an answer
makes the percentile of the sums. It is exact to a bucket, and within one a straight line.
"""

from collections.abc import Sequence
from typing import Any

from stores.constants import DELAY_MINUTES, STAY_MINUTES
from stores.figures.dialects import word

STAYS = tuple(f"stay_{minutes}" for minutes in STAY_MINUTES)
DELAYS = tuple(f"delay_{minutes}" for minutes in DELAY_MINUTES)
BUCKETS = (*STAYS, *DELAYS)
MEDIAN, MOST = 0.5, 0.95


def buckets_of_visit() -> str:
    """Return the columns ``stay`` and ``delay`` of visits ``v``: the bounds of their buckets.

    A stay is null without a duration of 0 to 4 hours. A visit that began after it came in, by a
    clock that is fast, came at once; none is longer on its way than the last bound.
    """
    stays = [f"WHEN v.seconds <= {60 * bound} THEN {bound}" for bound in STAY_MINUTES]
    *bounds, last = DELAY_MINUTES
    delays = [
        f"WHEN {word('within', 'v.occurred_at', 'v.received_at', str(60 * bound))} THEN {bound}"
        for bound in bounds
    ]
    return f"CASE {' '.join(stays)} END AS stay, CASE {' '.join(delays)} ELSE {last} END AS delay"


def counts_of_visits() -> str:
    """Return the columns of :class:`Histograms`, counted from visits ``v`` with their buckets."""
    bounds = [("stay", bound) for bound in STAY_MINUTES]
    bounds += [("delay", bound) for bound in DELAY_MINUTES]
    return ", ".join(
        f"COUNT(*) FILTER (WHERE v.{name} = {bound}) AS {name}_{bound}" for name, bound in bounds
    )


def percentile(counts: Sequence[int], bounds: Sequence[int], share: float) -> int | None:
    """Return below how many seconds a share of what was counted lies; None of nothing.

    ``counts`` are of the buckets that end at ``bounds``, in minutes; the first begins at 0. What is
    in a bucket is taken as spread evenly over it: the result is a point on the straight line
    from its lower to its upper end. Of (2, 6) up to 1 and up to 2 minutes the median is the
    second of the six in the second bucket: 80 seconds.
    """
    rank = share * sum(counts)
    below, lower = 0, 0
    for count, upper in zip(counts, bounds, strict=True):
        if count and below + count >= rank:
            return round(60 * (lower + (upper - lower) * (rank - below) / count))
        below, lower = below + count, upper
    return None


def percentiles(row: dict[str, Any]) -> dict[str, int | None]:
    """Return the percentiles of sums that have histograms; take these out of the sums.

    Both are None while rows are among them that a release without histograms counted.
    """
    stays, delays = ([row.pop(name) for name in names] for names in (STAYS, DELAYS))
    of_stays = percentile(stays, STAY_MINUTES, MEDIAN) if sum(stays) == row["timed"] else None
    of_delays = percentile(delays, DELAY_MINUTES, MOST) if sum(delays) == row["visits"] else None
    return {"seconds_median": of_stays, "delay_p95": of_delays}
