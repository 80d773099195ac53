"""Holding stored figures against the visits, and having a period counted anew."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from stores.constants import FigureScope
from stores.figures import statements
from stores.figures.statements import AREA, MONTH, PAIR, SELLER_MONTH, Table
from stores.figures.words import as_rows, month_after, month_of, rows
from stores.models import (
    AreaDay,
    DailyFigure,
    DirtyDay,
    FigureMark,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
    Visit,
)


class Period(NamedTuple):
    """Days from the first to the last, both included."""

    first: dt.date
    last: dt.date

    def days(self) -> list[dt.date]:
        """Return each of them."""
        count = (self.last - self.first).days + 1
        return [self.first + dt.timedelta(days=number) for number in range(count)]

    def months(self) -> list[dt.date]:
        """Return the first day of each month that it touches."""
        return sorted({month_of(day) for day in self.days()})


class Difference(NamedTuple):
    """A row that is not what the visits say; one of the two is None where it is missing."""

    table: str
    key: tuple[Any, ...]
    stored: tuple[Any, ...] | None
    counted: tuple[Any, ...] | None


# -- a period is counted anew ----------------------------------------------------------------------
@transaction.atomic
def mark_day(day: dt.date) -> int:
    """Have a day counted anew, also where no visit is any more; return of how many sellers."""
    sellers = set(Visit.objects.filter(day=day).order_by().values_list("seller_id", flat=True))
    sellers |= set(DailyFigure.objects.filter(day=day).values_list("seller_id", flat=True))
    now = timezone.now()
    DirtyDay.objects.bulk_create(
        [DirtyDay(day=day, seller_id=seller, marked_at=now) for seller in sorted(sellers)],
        ignore_conflicts=True,
    )
    places: set[tuple[str, str]] = set()
    for model in (AreaDay, RegionDay, ProductDay):
        found = model._default_manager.filter(day=day).order_by()
        places |= set(found.values_list("region", "typology").distinct())
    add_marks(
        FigureMark(scope=FigureScope.AREA, day=day, region=region, typology=typology, marked_at=now)
        for region, typology in sorted(places)
    )
    return len(sellers)


@transaction.atomic
def mark_month(month: dt.date) -> None:
    """Have a month counted anew: what has rows; the days bring what has none."""
    now = timezone.now()
    sellers = StoreMonth.objects.filter(month=month).order_by().values_list("seller_id", flat=True)
    regions = ProductMonth.objects.filter(month=month).order_by().values_list("region", flat=True)
    add_marks(
        FigureMark(scope=FigureScope.SELLER_MONTH, day=month, seller_id=one, marked_at=now)
        for one in sorted(set(sellers.distinct()))
    )
    add_marks(
        FigureMark(scope=FigureScope.MONTH, day=month, region=one, marked_at=now)
        for one in sorted(set(regions.distinct()))
    )


def add_marks(marks: Iterable[FigureMark]) -> None:
    """Store marks that are not there yet."""
    FigureMark.objects.bulk_create(marks, ignore_conflicts=True)


# -- what is stored against what the visits say ----------------------------------------------------
@contextmanager
def one_moment() -> Iterator[None]:
    """Let all queries inside see the database as it is now."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def plain(value: Any) -> Any:
    """Return a value as both databases would give it: raw SQL leaves SQLite's as texts."""
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC)  # SQLite: UTC already
        return moment.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, str) and value[:1] in {"{", "["}:
        return json.dumps(json.loads(value), sort_keys=True)
    return int(value) if isinstance(value, int) or hasattr(value, "as_tuple") else value


def differences(table: Table, names: Iterable[str], units: Iterable[Any]) -> list[Difference]:
    """Return in which rows of some units a table is not what it is counted from."""
    listed = list(units)
    if not listed:
        return []
    parameter = as_rows(tuple(names), listed)
    key = key_size(table)
    stored, counted = (
        {tuple(map(plain, row[:key])): tuple(map(plain, row[key:])) for row in rows(sql, parameter)}
        for sql in (table.stored(), table.select())
    )
    return [
        Difference(table.name, one, stored.get(one), counted.get(one))
        for one in sorted({*stored, *counted}, key=str)
        if stored.get(one) != counted.get(one)
    ]


def key_size(table: Table) -> int:
    """Return how many of a table's first columns are its key."""
    constraint = table.model._meta.constraints[0]
    return len(getattr(constraint, "fields", ()))


def check_day(day: dt.date) -> list[Difference]:
    """Return what is wrong with a day; what waits to be counted is left out."""
    with one_moment():
        waiting = set(DirtyDay.objects.filter(day=day).values_list("seller_id", flat=True))
        sellers = set(Visit.objects.filter(day=day).order_by().values_list("seller_id", flat=True))
        sellers |= set(DailyFigure.objects.filter(day=day).values_list("seller_id", flat=True))
        pairs = [(day, seller) for seller in sorted(sellers - waiting)]
        found = differences(statements.DAILY, PAIR, pairs)
        marks = FigureMark.objects.filter(scope=FigureScope.AREA, day=day)
        marked = set(marks.values_list("region", "typology"))
        places: set[tuple[str, str]] = set()
        for model in (DailyFigure, AreaDay, RegionDay, ProductDay):
            rows_of_day = model._default_manager.filter(day=day).order_by()
            places |= set(rows_of_day.values_list("region", "typology").distinct())
        areas = [(day, *place) for place in sorted(places - marked)]
        found += differences(statements.AREAS, AREA, areas)
        found += differences(statements.REGIONS, AREA, areas)
        if not waiting:  # their visits may be in any area
            found += differences(statements.PRODUCT_DAYS, AREA, areas)
    return found


def check_month(month: dt.date) -> list[Difference]:
    """Return what is wrong with a month; what waits to be counted is left out."""
    until = month_after(month)
    with one_moment():
        marks = FigureMark.objects.filter(day=month)
        of_days = DirtyDay.objects.filter(day__gte=month, day__lt=until)
        waiting = set(of_days.order_by().values_list("seller_id", flat=True).distinct())
        waiting |= set(
            marks.filter(scope=FigureScope.SELLER_MONTH).values_list("seller_id", flat=True)
        )
        visits = Visit.objects.filter(day__gte=month, day__lt=until).order_by()
        sellers = set(visits.values_list("seller_id", flat=True).distinct())
        stored = StoreMonth.objects.filter(month=month).order_by()
        sellers |= set(stored.values_list("seller_id", flat=True).distinct())
        units = [(month, until, seller) for seller in sorted(sellers - waiting)]
        found = differences(statements.STORE_MONTHS, SELLER_MONTH, units)
        marked = set(marks.filter(scope=FigureScope.MONTH).values_list("region", flat=True))
        regions: set[str] = set()
        for model in (StoreMonth, ProductMonth):
            rows_of_month = model._default_manager.filter(Q(month=month)).order_by()
            regions |= set(rows_of_month.values_list("region", flat=True).distinct())
        for unit in statements.product_units(month, regions - marked):
            found += differences(statements.PRODUCT_MONTHS, MONTH, [unit])
    return found


def waiting_in(period: Period) -> int:
    """Return how many sellers' days, areas and months of a period wait to be counted."""
    marks = FigureMark.objects.filter(day__gte=month_of(period.first), day__lte=period.last)
    return DirtyDay.objects.filter(day__range=period).count() + marks.count()
