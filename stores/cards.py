"""What the admin's home page and menu show of stores."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Sum
from django.db.models.functions import NullIf, Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin.cards import Attention, Figure, Point, address
from core.values import business_day
from stores.constants import GroupState
from stores.models import AreaDay, RejectedUpload, SyncSeen, UnrecognisedGroup, Visit
from stores.overview.menu import OVERVIEW

SILENT = timedelta(days=1)
SHOWN_DAYS = 7

ATTENTION = [
    Attention(
        "stores.unrecognised",
        _("Products that phones could not name"),
        lambda: UnrecognisedGroup.objects.filter(state=GroupState.OPEN),
        "first_seen_at",
        urgent=timedelta(days=3),
    ),
    Attention(
        "stores.rejected",
        _("Uploads of which no visit could be made"),
        lambda: RejectedUpload.objects.filter(processed_at__isnull=True),
        "received_at",
    ),
    Attention(
        "stores.backlogs",
        _("Phones that hold visits back for a day"),
        lambda: SyncSeen.objects.filter(backlog__gt=0, last_push_at__lt=timezone.now() - SILENT),
        "last_push_at",
        urgent=2 * SILENT,
    ),
]


def daily(number: Sum | Round) -> Callable[[], list[Point]]:
    """Return what answers with a number of each of the last days, from the figures of areas."""

    def points() -> list[Point]:
        today = business_day()
        days = [today - timedelta(days=ago) for ago in range(SHOWN_DAYS - 1, -1, -1)]
        rows = AreaDay.objects.filter(day__gte=days[0]).order_by().values_list("day")
        found = dict(rows.annotate(number=number).values_list("day", "number"))
        return [
            Point(str(day), int(found.get(day) or 0), address(Visit, visits_of(str(day))))
            for day in days
        ]

    return points


def visits_of(day: str) -> dict[str, str]:
    """Return the parameters of the list of a day's visits."""
    return {"day_from": day, "day_to": day}


FIGURES = [
    Figure("stores.visits", _("Visits"), lambda: Visit, daily(Sum("visits")), is_daily=True),
    Figure(
        "stores.compliance",
        _("Must-haves on the shelf, %"),
        lambda: Visit,
        # The ratio of the sums; never the mean of ratios.
        daily(Round(100.0 * Sum("present") / NullIf(Sum("must_have"), 0))),
        is_daily=True,
    ),
]
PAGES = [OVERVIEW]
