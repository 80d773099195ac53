"""What the admin's home page shows of studies: how many, and nothing of a patient."""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.constants import UrgencyLevel
from clinic.models import Study
from core.admin.cards import Figure, Point, address, daily

DAYS = 30


def by_urgency() -> list[Point]:
    """Return the studies that were stored in the last 30 days, by urgency."""
    since = timezone.now() - timedelta(days=DAYS)
    counted = dict(
        Study.objects.filter(created_at__gte=since)
        .order_by()
        .values_list("urgency_level")
        .annotate(Count("pk"))
    )
    return [
        Point(str(level.label), counted.get(level, 0), address(Study, {"urgency_level": level}))
        for level in UrgencyLevel
    ]


FIGURES = [
    Figure(
        "clinic.studies",
        _("Studies"),
        lambda: Study,
        daily(Study.objects.all, "created_at"),
        is_daily=True,
    ),
    Figure("clinic.by_urgency", _("Studies of 30 days by urgency"), lambda: Study, by_urgency),
]
