"""Figures in tests: count what is marked, and hold all of them against the visits."""

import datetime as dt
import io
from decimal import Decimal

from django.core.management import call_command
from django.db.models import Max, Min, Sum
from django.utils import timezone

from stores.figures import counting
from stores.models import DailyFigure, DirtyDay, FigureMark, Visit
from stores.services.visits import mark_dirty
from stores.tests.factories import (
    CityFactory,
    EstablishmentFactory,
    ProductFactory,
    VersionFactory,
    VisitFactory,
    today,
)


def count_figures() -> None:
    """Count all that is marked, as the tasks do."""
    counting.count_days()
    counting.count_areas()
    counting.count_months()
    assert not DirtyDay.objects.exists()
    assert not FigureMark.objects.exists()


def assert_figures_hold() -> None:
    """Assert that, once counted, every figure is what the visits say: the check exits with 0."""
    count_figures()
    ends = [
        model.objects.aggregate(first=Min("day"), last=Max("day")) for model in (Visit, DailyFigure)
    ]
    first = min((end["first"] for end in ends if end["first"]), default=dt.date(2026, 11, 1))
    last = max((end["last"] for end in ends if end["last"]), default=first)
    out = io.StringIO()
    call_command(
        "rebuild_figures",
        "--from",
        first.isoformat(),
        "--to",
        last.isoformat(),
        "--check",
        stdout=out,
    )
    assert out.getvalue() == "The figures are what the visits say.\n"


class Field:
    """A region with two cities and a list of four products, and visits in it."""

    def __init__(self) -> None:
        self.products = ProductFactory.create_batch(4)
        self.version = VersionFactory(products=self.products)
        self.medellin = CityFactory()
        self.bello = CityFactory(code="05088", name="Bello", search_key="bello")
        self.ids = [product.pk for product in self.products]

    def store(self, city=None, **fields):
        """Return an establishment, in Medellín if nothing else is said."""
        return EstablishmentFactory(city=city or self.medellin, **fields)

    def visit(self, store, seller, seen=(0, 1, 2), **fields):
        """Store a visit, as it would have been judged, that saw products by their places."""
        seen = [self.ids[place] for place in seen]
        listed = fields.pop("listed", self.ids)
        missing = [pk for pk in listed if pk not in seen]
        present = len(listed) - len(missing)
        share = (Decimal(present) / len(listed)).quantize(Decimal("0.0001")) if listed else None
        day = fields.pop("day", today())
        visit = VisitFactory(
            establishment=store,
            seller=seller,
            day=day,
            seen=seen,
            city=store.city_id,
            region=store.city.department.region_id,
            typology=store.typology_id,
            portfolio_version=self.version if listed else None,
            must_have=len(listed) if listed else None,
            present=present if listed else None,
            compliance=share,
            missing=missing,
            **fields,
        )
        mark_dirty(seller.pk, [day], timezone.now())
        return visit


def sums_of(model, **of):
    """Return the sums of a table's rows, of those that count visits and must-haves."""
    names = ("visits", "audited", "must_have", "present", "compliance_sum")
    found = model.objects.filter(**of).aggregate(**{name: Sum(name) for name in names})
    return {name: value or 0 for name, value in found.items()}
