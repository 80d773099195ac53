"""Sellers who have not begun by ten, and cases that wait: what a morning asks first."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Window
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import cases
from core.admin.cards import listed
from core.roles import Role
from core.values import business_time, in_time_zone
from stores.constants import CaseKind
from stores.figures.coverage import PATHS
from stores.models import Assignment, DailyFigure
from stores.overview import words
from stores.overview.scope import Scope

BY_HOUR = 10  # in TIME_ZONE: from then on, who has visited nobody is somebody to call
HOUR = f"{BY_HOUR}:00"
SHOWN = 20
MAX_NARROWED = 1_000


def without_visit(scope: Scope) -> dict[str, Any]:
    """Return the sellers with establishments in these places who began no visit by ten that day.

    The day is the last one. It is when a visit began that counts, not when it came in: what comes
    in late takes its seller off the list. Until ten o'clock of today these are who has none yet.
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
    rows = found.annotate(number=Window(Count("pk")), began=first_visit(day))
    sellers = list(rows.order_by("name", "last_name", "pk")[:SHOWN])
    for seller in sellers:  # as ten o'clock is: not by the clocks of whoever looks
        seller.first = time_format(business_time(seller.began)) if seller.began else ""
    return {
        "day": words.day(day),
        "number": sellers[0].number if sellers else 0,
        "sellers": sellers,
        "is_early": is_early,
        "most": words.number(MAX_NARROWED),
        "is_urgent": day < scope.today or now.hour >= BY_HOUR,
    }


def sellers_without(
    day: dt.date, places: Mapping[str, Any], keys: Sequence[int] | None = None
) -> QuerySet[Any]:
    """Return active sellers, maybe among some, with assignments in places and no visit by ten."""
    theirs = Assignment.objects.covering(day).filter(seller=OuterRef("pk"))
    for name, value in places.items():
        theirs = theirs.filter(**{PATHS[name]: value})
    sellers = get_user_model()._default_manager.filter(role=Role.SELLER, is_active=True)
    if keys is not None:
        sellers = sellers.filter(pk__in=keys)
    ten = in_time_zone(dt.datetime.combine(day, dt.time(BY_HOUR)))
    # Without a moment is what a release before this one counted, until it is counted again.
    by_ten = Q(first_at__isnull=True) | Q(first_at__lte=ten)
    visited = DailyFigure.objects.filter(by_ten, day=day, seller=OuterRef("pk"))
    return sellers.filter(Exists(theirs), ~Exists(visited))


def first_visit(day: dt.date) -> Subquery:
    """Return when a seller's first visit of a day began; null if there is none."""
    rows = DailyFigure.objects.filter(day=day, seller=OuterRef("pk")).order_by("first_at")
    return Subquery(rows.values("first_at")[:1])


def kinds_of_cases() -> set[str]:
    """Return the kinds of cases that sellers report, or that their visits bring."""
    reported = {name for name, kind in cases.kinds().items() if Role.SELLER in kind.reported_by}
    return reported | {*CaseKind.values}


def cases_of(scope: Scope) -> list[tuple[str, str]] | None:
    """Return what became of these cases in the period, in words; None where nobody keeps any."""
    found = cases.figures(kinds_of_cases(), *scope.period)
    if found is None:
        return None
    return [
        (_("Opened"), words.number(found.opened)),
        (_("Opened again"), words.number(found.reopened)),
        (_("Ended"), words.number(found.ended)),
        (_("Open when the period ends"), words.number(found.open)),
        (_("First response, half of them within"), working_time(found.response_p50)),
        (_("First response, nine in ten within"), working_time(found.response_p90)),
        (_("Due times that passed in vain"), words.number(found.breached)),
    ]


def working_time(minutes: float | None) -> str:
    """Return minutes of working time, which has no days, in words."""
    if minutes is None:
        return words.NOTHING
    hours, rest = divmod(round(minutes), 60)
    text = _("%(minutes)d min") if not hours else _("%(hours)d h %(minutes)d min")
    return text % {"hours": hours, "minutes": rest}


def ages() -> dict[str, Any] | None:
    """Return how old the open cases are that sellers report, or that their visits bring.

    None where nobody keeps any.
    """
    found = cases.ages(kinds_of_cases())
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
