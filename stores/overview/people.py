"""Sellers who have visited nobody yet, and cases that wait: what a morning asks first."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, QuerySet, Window
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import cases
from core.admin.cards import listed
from core.roles import Role
from core.values import business_time
from stores.constants import CaseKind
from stores.figures.coverage import PATHS
from stores.models import Assignment, DailyFigure
from stores.overview import words
from stores.overview.scope import Scope

BY_HOUR = 10  # in TIME_ZONE: from then on, who has visited nobody is somebody to call
SHOWN = 20
MAX_NARROWED = 1_000


def without_visit(scope: Scope) -> dict[str, Any]:
    """Return the sellers with establishments in these places and no visit on the last day.

    Whose places are the chosen ones is looked at for ``MAX_NARROWED`` sellers at most: early in the
    morning all of a large company's have none yet.
    """
    now = business_time()
    day = min(scope.period.last, scope.today)
    found = sellers_without(day, {})
    is_early = False
    if scope.places:
        keys = list(found.values_list("pk", flat=True)[: MAX_NARROWED + 1])
        is_early = len(keys) > MAX_NARROWED
        found = found.none() if is_early else sellers_without(day, scope.places, keys)
    # Counted by the same look.
    rows = found.annotate(number=Window(Count("pk"))).order_by("name", "last_name", "pk")
    sellers = list(rows[:SHOWN])
    return {
        "day": words.day(day),
        "number": sellers[0].number if sellers else 0,
        "sellers": sellers,
        "is_early": is_early,
        "most": words.number(MAX_NARROWED),
        "is_urgent": day < scope.today or now.hour >= BY_HOUR,
        "hour": f"{BY_HOUR}:00",
    }


def sellers_without(
    day: dt.date, places: Mapping[str, Any], keys: Sequence[int] | None = None
) -> QuerySet[Any]:
    """Return active sellers, maybe among some, with assignments in places and no visit that day."""
    theirs = Assignment.objects.covering(day).filter(seller=OuterRef("pk"))
    for name, value in places.items():
        theirs = theirs.filter(**{PATHS[name]: value})
    sellers = get_user_model()._default_manager.filter(role=Role.SELLER, is_active=True)
    if keys is not None:
        sellers = sellers.filter(pk__in=keys)
    visited = DailyFigure.objects.filter(day=day, seller=OuterRef("pk"))
    return sellers.filter(Exists(theirs), ~Exists(visited))


def ages() -> dict[str, Any] | None:
    """Return how old the open cases are that sellers report, or that their visits bring.

    None where nobody keeps any.
    """
    reported = {name for name, kind in cases.kinds().items() if Role.SELLER in kind.reported_by}
    found = cases.ages(reported | {*CaseKind.values})
    if found is None:
        return None
    most = max(found.counts, default=0)
    return {
        "model": listed(found.label),
        "total": words.number(found.total),
        "overdue": found.overdue,
        "bars": [
            {
                "title": title,
                "number": words.number(count),
                "percent": round(100 * count / most) if most else 0,
            }
            for title, count in zip(spans(), found.counts, strict=True)
        ],
    }


def spans() -> list[str]:
    """Return the ages that are told apart, in words."""
    younger = ngettext("less than %d day", "less than %d days", cases.AGE_DAYS[0])
    between = [
        _("%(first)d to %(last)d days") % {"first": first, "last": last}
        for first, last in zip(cases.AGE_DAYS, cases.AGE_DAYS[1:], strict=False)
    ]
    last = cases.AGE_DAYS[-1]
    older = ngettext("more than %d day", "more than %d days", last)
    return [younger % cases.AGE_DAYS[0], *between, older % last]
