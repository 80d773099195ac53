"""What can be asked of figures: a period, groups, places. ``answers`` answers it.

A question goes to the smallest table that can answer it: regions' days, areas' days, sellers' days,
then months of stores. What does not add up over days is asked of whole months only.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.functions import Substr, TruncMonth, TruncWeek

from stores.figures.checking import Period
from stores.figures.words import month_after
from stores.models import (
    AreaDay,
    CoverageMonth,
    DailyFigure,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
)

MAX_GROUPS = 4
MAX_ROWS = 20_000
TIMES = ("day", "week", "month")
PLACES = ("region", "typology", "department", "city")
GROUPS = (*TIMES, *PLACES, "seller", "establishment", "product")
FILTERS = (*PLACES, "seller", "establishment", "product")
VISITS, MISSING, COVERAGE, DISTRIBUTION = MEASURES = (
    "visits",
    "missing",
    "coverage",
    "distribution",
)
# Which groups and filters each table has, beside the times. Smaller tables come first.
OF_REGIONS = frozenset({"region", "typology"})
OF_AREAS = OF_REGIONS | {"department"}
OF_PLACES = frozenset(PLACES)
SOURCES: Mapping[str, tuple[tuple[type[models.Model], frozenset[str]], ...]] = {
    VISITS: (
        (RegionDay, OF_REGIONS),
        (AreaDay, OF_AREAS),
        (DailyFigure, OF_PLACES | {"seller"}),
        (StoreMonth, OF_PLACES | {"seller", "establishment"}),
    ),
    MISSING: (
        (ProductDay, OF_PLACES | {"product"}),
        (StoreMonth, OF_PLACES | {"seller", "establishment", "product"}),
    ),
    COVERAGE: ((CoverageMonth, OF_PLACES), (StoreMonth, OF_PLACES | {"seller"})),
    DISTRIBUTION: ((ProductMonth, OF_PLACES | {"product"}),),
}
BY_MONTH = (CoverageMonth, StoreMonth, ProductMonth)


@dataclass(frozen=True)
class Question:
    """What is asked, checked by whoever asks: ``source`` is None if nothing can answer it."""

    period: Period
    groups: tuple[str, ...]
    filters: Mapping[str, Any] = field(default_factory=dict)
    measure: str = VISITS

    @property
    def source(self) -> type[models.Model] | None:
        """Return the smallest table that can answer; None if none can."""
        wanted = {*self.groups, *self.filters} - {*TIMES}
        for model, offered in SOURCES[self.measure]:
            if wanted <= offered:
                return model
        return None

    @property
    def is_by_month(self) -> bool:
        """Tell whether only whole months can be asked for."""
        return self.source in BY_MONTH

    def is_whole(self, today: dt.date) -> bool:
        """Tell whether the period is of whole months; the current one ends today."""
        first, last = self.period
        ends = last + dt.timedelta(days=1)
        return first.day == 1 and (ends.day == 1 or today <= last < month_after(today))

    def rows(self) -> models.QuerySet:
        """Return the rows of the period and the places, with a column for each group."""
        model = self.source
        assert model is not None  # noqa: S101 - whoever asks looked
        column = "month" if model in BY_MONTH else "day"
        found = model._default_manager.filter(**{f"{column}__range": self.period}).order_by()
        for name, value in self.filters.items():
            if name != "product" or model is not StoreMonth:
                found = found.filter(**self.condition(model, name, value))
        return found

    def condition(self, model: type[models.Model], name: str, value: Any) -> dict[str, Any]:
        """Return how a table is narrowed to a place, a person or a product."""
        if name == "department" and model is not AreaDay:
            return {"city__startswith": value}
        return {name: value}

    def columns(self) -> dict[str, Any]:
        """Return the expression of each group."""
        return {f"by_{name}": self.expression(name) for name in self.groups if name != "product"}

    def expression(self, name: str) -> Any:
        """Return what a table's rows are grouped by."""
        by_month = self.is_by_month
        if name == "month":
            return F("month") if by_month else TruncMonth("day")
        if name == "week":
            return TruncWeek("day")
        if name == "department" and self.source is not AreaDay:
            return Substr("city", 1, 2)
        return F(name)
