"""Counting figures again: exactly what is marked, safe twice, and nothing is lost when killed.

A push marks a seller's day (:func:`stores.services.visits.mark_dirty`). Counting it locks the mark,
deletes the day's rows, inserts them from the visits and deletes the mark, in one transaction; a
push that comes meanwhile waits for the mark and makes a new one. Whatever adds up these rows is
marked in turn: areas of the day, the seller's month, the products of a month. One process counts at
a time, so the tables of figures have one writer.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from core.db import advisory_lock
from core.values import business_day
from stores.constants import FigureScope
from stores.figures import statements
from stores.figures.statements import AREA, MONTH, PAIR, SELLER_MONTH, WHOLE_MONTH, Table
from stores.figures.words import as_rows, asked, execute, month_after, month_of
from stores.models import DirtyDay, FigureMark, StoreMonth

LOCK = "stores.figures"
PAIRS_AT_ONCE = 500  # pushes of these sellers wait for as long as the batch takes: some 0.1 s
SELLER_MONTHS_AT_ONCE = 100
WORK_MEMORY_MB = 64  # of one process: a day's products in 4 MB are sorted on disk


def recount(table: Table, names: Sequence[str], units: Iterable[Sequence[Any]]) -> None:
    """Delete the rows of some units and count them anew."""
    parameter = as_rows(names, units)
    execute(table.delete(), parameter)
    execute(table.insert(), parameter)


def until_none(batch: Callable[[], int | None]) -> int:
    """Repeat a batch until nothing is left, or somebody else counts; return how many units."""
    total = 0
    while count := batch():
        total += count
    return total


def mark_areas_of(pairs: str) -> None:
    """Mark the areas in which sellers' days have figures; ``pairs`` is the JSON of the days."""
    execute(
        f"""
        INSERT INTO stores_figuremark (scope, day, seller_id, region, typology, marked_at)
        SELECT DISTINCT '{FigureScope.AREA.value}', f.day, 0, f.region, f.typology,
            {"CAST(%s AS timestamptz)" if statements.is_postgresql() else "%s"}
        FROM {asked(**statements.DAILY.asked)}
        JOIN stores_dailyfigure f ON {statements.DAILY.own}
        WHERE true ON CONFLICT DO NOTHING""",  # noqa: S608 - our own names
        connection.ops.adapt_datetimefield_value(timezone.now()),
        pairs,
    )


def may_count() -> bool:
    """Take the lock of whoever counts, if it is free, and room to sort and group in memory."""
    if not advisory_lock(LOCK, wait=False):
        return False
    if connection.vendor == "postgresql":
        execute(f"SET LOCAL work_mem = '{WORK_MEMORY_MB}MB'")
    return True


# -- sellers' days ---------------------------------------------------------------------------------
@transaction.atomic
def count_batch_of_days() -> int | None:
    """Count some marked days of sellers; return how many, None if another process counts."""
    if not may_count():
        return None
    marks = DirtyDay.objects.select_for_update(
        skip_locked=connection.features.has_select_for_update
    )
    found = list(marks.order_by("day", "seller_id")[:PAIRS_AT_ONCE])
    if not found:
        return 0
    count_pairs([(one.day, one.seller_id) for one in found])
    DirtyDay.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)


def count_pairs(pairs: Sequence[tuple[dt.date, int]]) -> None:
    """Count days of sellers, and mark what adds them up. The caller holds the lock."""
    parameter = as_rows(PAIR, pairs)
    mark_areas_of(parameter)
    recount(statements.DAILY, PAIR, pairs)
    mark_areas_of(parameter)
    now = timezone.now()
    months = sorted({(month_of(day), seller) for day, seller in pairs})
    FigureMark.objects.bulk_create(
        [
            FigureMark(scope=FigureScope.SELLER_MONTH, day=month, seller_id=seller, marked_at=now)
            for month, seller in months
        ],
        ignore_conflicts=True,
    )


# -- what adds them up -----------------------------------------------------------------------------
def marked(scope: FigureScope, count: int) -> list[FigureMark]:
    """Return some marks of a scope, the oldest days first."""
    return list(FigureMark.objects.filter(scope=scope).order_by("day", "pk")[:count])


def done(marks: Sequence[FigureMark]) -> int:
    """Remove marks whose figures are counted; return how many."""
    FigureMark.objects.filter(pk__in=[one.pk for one in marks]).delete()
    return len(marks)


@transaction.atomic
def count_batch_of_areas() -> int | None:
    """Count the marked areas of one day; return how many, None if another process counts."""
    if not may_count():
        return None
    first = marked(FigureScope.AREA, 1)
    found = list(
        FigureMark.objects.filter(scope=FigureScope.AREA, day__in=[one.day for one in first])
    )
    if found:
        units = [(one.day, one.region, one.typology) for one in found]
        recount(statements.AREAS, AREA, units)
        recount(statements.REGIONS, AREA, units)
        recount(statements.PRODUCT_DAYS, AREA, units)
    return done(found)


@transaction.atomic
def count_batch_of_seller_months() -> int | None:
    """Count some marked months of sellers; return how many, None if another process counts."""
    if not may_count():
        return None
    found = marked(FigureScope.SELLER_MONTH, SELLER_MONTHS_AT_ONCE)
    if found:
        units = [(one.day, month_after(one.day), one.seller_id) for one in found]
        parameter = as_rows(SELLER_MONTH, units)
        regions = set(regions_of(units))
        execute(statements.STORE_MONTHS.delete(), parameter)
        execute(statements.STORE_MONTHS.insert(), parameter)
        regions |= set(regions_of(units))
        now = timezone.now()
        FigureMark.objects.bulk_create(
            [
                FigureMark(scope=FigureScope.MONTH, day=month, region=region, marked_at=now)
                for month, region in sorted(regions)
            ],
            ignore_conflicts=True,
        )
    return done(found)


def regions_of(units: Sequence[tuple[dt.date, dt.date, int]]) -> Iterable[tuple[dt.date, str]]:
    """Return the months and regions in which months of sellers have rows."""
    asked = Q()
    for month in {unit[0] for unit in units}:
        asked |= Q(month=month, seller__in=[unit[2] for unit in units if unit[0] == month])
    rows = StoreMonth.objects.filter(asked)
    return rows.order_by().values_list("month", "region").distinct()


@transaction.atomic
def count_batch_of_months() -> int | None:
    """Count the products of one marked month and region; None if another process counts."""
    if not may_count():
        return None
    found = marked(FigureScope.MONTH, 1)
    if found:
        for unit in statements.product_units(found[0].day, [found[0].region]):
            recount(statements.PRODUCT_MONTHS, MONTH, [unit])
        others = FigureMark.objects.filter(scope=FigureScope.MONTH, day=found[0].day)
        if not others.exclude(pk=found[0].pk).exists():
            count_coverage(found[0].day)
    return done(found)


def count_coverage(month: dt.date) -> None:
    """Count which of a month's assigned establishments were visited. The caller holds the lock."""
    recount(statements.COVERAGE, WHOLE_MONTH, [(month, month_after(month))])


@transaction.atomic
def count_coverage_of_today() -> None:
    """Count this month's coverage: assignments change it without any mark."""
    if may_count():
        count_coverage(month_of(business_day()))


def count_days() -> dict[str, int]:
    """Count the marked days of sellers; return how many."""
    return {"days": until_none(count_batch_of_days)}


def count_areas() -> dict[str, int]:
    """Count the marked areas of days, and their products; return how many."""
    return {"areas": until_none(count_batch_of_areas)}


def count_months() -> dict[str, int]:
    """Count what is marked of months; return how many sellers' months and regions were."""
    counted = {
        "seller_months": until_none(count_batch_of_seller_months),
        "months": until_none(count_batch_of_months),
    }
    count_coverage_of_today()
    return counted
