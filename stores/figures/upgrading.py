"""Days that the release before counted: what it did not know of is counted again.

While a release is rolled out, nodes of the former one go on counting. Their rows betray themselves:
they have visits and no histogram, or the days of regions do not follow those of areas.
"""

import datetime as dt
from functools import reduce
from operator import add
from typing import Any

from django.db.models import F, Sum

from stores.figures.checking import mark_day
from stores.figures.histograms import DELAYS
from stores.models import AreaDay, RegionDay

DAYS_AT_ONCE = 10  # of a large company a day takes seconds


def mark_outdated() -> int:
    """Have some of these days counted again, the newest first; return how many."""
    days = outdated_days()[:DAYS_AT_ONCE]
    for day in days:
        mark_day(day)
    return len(days)


def outdated_days() -> list[dt.date]:
    """Return the days whose figures are not what this release counts, the newest first."""
    of_areas, of_regions = (sums_of_days(model) for model in (AreaDay, RegionDay))
    return sorted(
        (
            day
            for day in {*of_areas, *of_regions}
            if of_areas.get(day) != of_regions.get(day) or len({*of_areas[day]}) > 1
        ),
        reverse=True,
    )


def sums_of_days(model: Any) -> dict[dt.date, tuple[int, int]]:
    """Return the visits of each day, and those of them that its histograms have."""
    sums = {"of_visits": Sum("visits"), "of_delays": Sum(reduce(add, map(F, DELAYS)))}
    rows = model.objects.order_by().values("day").annotate(**sums)
    return {row["day"]: (row["of_visits"], row["of_delays"]) for row in rows}
