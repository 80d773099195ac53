"""Coverage and adherence of months: which of the assigned establishments were visited, how often.

An establishment that was assigned on any day of the month counts once, where it is now, however
often and by whomever it was visited. Visits to be expected are those of its typology in a month, in
proportion to the days that are over; there is no plan of single visits to hold them against.

Places are answered from rows that are counted in advance. Sellers are not: two of them may have
been to one establishment, so what is theirs does not add up.
"""

import calendar
import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from core.values import business_day
from stores.figures.questions import Question
from stores.figures.words import month_after
from stores.models import Assignment, CoverageMonth, StoreMonth, Typology

type_sums = dict[tuple[Any, ...], dict[str, Any]]

PATHS = {
    "region": "establishment__city__department__region",
    "department": "establishment__city__department",
    "city": "establishment__city",
    "typology": "establishment__typology",
    "seller": "seller",
}


def rows_of(question: Question) -> list[dict[str, Any]]:
    """Return assigned and visited establishments, visits and expected visits, with their shares."""
    groups = [name for name in question.groups if name != "month"]
    found = []
    for month in question.period.months():
        of_month = {"month": month.isoformat()} if "month" in question.groups else {}
        of_groups = counted_month if is_counted(question, month) else month_of_groups
        sums = of_groups(question, month, groups)
        for key, row in sorted(sums.items(), key=str):
            named = {**of_month, **dict(zip(groups, key, strict=True))}
            found.append({**{name: named[name] for name in question.groups}, **shares(row)})
    return found


def shares(row: dict[str, Any]) -> dict[str, Any]:
    """Return sums with their ratios."""
    assigned, expected = row["assigned"], row["expected"]
    return {
        "assigned": assigned,
        "visited": row["visited"],
        "coverage": round(row["visited"] / assigned, 4) if assigned else None,
        "visits": row["visits"],
        "expected": round(float(expected), 2),
        "adherence": round(float(row["visits"] / expected), 4) if expected else None,
    }


def is_counted(question: Question, month: dt.date) -> bool:
    """Tell whether a month was counted in advance; those before an upgrade may not have been."""
    by_place = question.source is CoverageMonth
    return by_place and CoverageMonth.objects.filter(month=month).exists()


def counted_month(question: Question, month: dt.date, groups: Sequence[str]) -> type_sums:
    """Return the sums of a month by the values of the groups, from rows counted in advance."""
    found: type_sums = {}
    often = dict(Typology.objects.values_list("code", "visits_per_month"))
    elapsed = share_of_month(month, business_day())
    by = {f"by_{name}": question.expression(name) for name in groups}
    sums = {f"sum_{name}": Sum(name) for name in ("assigned", "visited", "visits")}
    rows: Any = question.rows().filter(month=month).values(of_typology=F("typology"), **by)
    for row in rows.annotate(**sums):
        added = found.setdefault(tuple(row[name] for name in by), nothing())
        for name in ("assigned", "visited", "visits"):
            added[name] += row[f"sum_{name}"]
        added["expected"] += row["sum_assigned"] * often.get(row["of_typology"], 0) * elapsed
    return found


def nothing() -> dict[str, Any]:
    """Return sums of nothing."""
    return {"assigned": 0, "visited": 0, "expected": Fraction(0), "visits": 0}


def month_of_groups(question: Question, month: dt.date, groups: Sequence[str]) -> type_sums:
    """Return the sums of a month by the values of the groups, from assignments and visits."""
    found: type_sums = {}
    by_seller = "seller" in {*question.groups, *question.filters}
    columns = {f"by_{name}": F(PATHS[name]) for name in groups}
    assigned = assignments(question, month)
    of_month = StoreMonth.objects.filter(month=month)
    theirs = Q(establishment=OuterRef("establishment"))
    if by_seller:
        theirs &= Q(seller=OuterRef("seller"))
    counted: Any = assigned.values(
        **columns, often=F("establishment__typology__visits_per_month")
    ).annotate(
        assigned=Count("establishment", distinct=True),
        visited=Count("establishment", distinct=True, filter=Exists(of_month.filter(theirs))),
    )
    elapsed = share_of_month(month, business_day())
    for row in counted:
        sums = found.setdefault(tuple(row[name] for name in columns), nothing())
        sums["assigned"] += row["assigned"]
        sums["visited"] += row["visited"]
        sums["expected"] += row["assigned"] * row["often"] * elapsed
    visits: Any = of_month.filter(Exists(assigned.filter(theirs))).order_by().values(**columns)
    for row in visits.annotate(visits_sum=Sum("visits")):
        found[tuple(row[name] for name in columns)]["visits"] += row["visits_sum"]
    return found


def assignments(question: Question, month: dt.date) -> QuerySet[Assignment]:
    """Return the assignments that held on a day of a month, in the places that are asked for."""
    began = Q(released_on__isnull=True) | Q(released_on__gte=F("valid_from"))
    lasts = Q(valid_until__isnull=True) | Q(valid_until__gte=month) | Q(released_on__gte=month)
    found: QuerySet[Assignment] = Assignment.objects.filter(
        began, lasts, valid_from__lt=month_after(month)
    )
    for name, value in question.filters.items():
        found = found.filter(**{PATHS[name]: value})
    return found.order_by()


def share_of_month(month: dt.date, today: dt.date) -> Fraction:
    """Return how much of a month is over, today included."""
    days = calendar.monthrange(month.year, month.month)[1]
    return Fraction(min(max((today - month).days + 1, 0), days), days)
