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
    DepartmentFactory,
    EstablishmentFactory,
    ProductFactory,
    RegionFactory,
    SellerFactory,
    TypologyFactory,
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


def visited_country(field):
    """Return stores of two departments, visited this month; some visits are void or in bakeries."""
    month = today().replace(day=1)
    bogota = CityFactory(
        code="11001",
        name="Bogotá",
        search_key="bogota",
        department=DepartmentFactory(
            code="11", name="Bogotá", region=RegionFactory(code="centro", name="Centro")
        ),
    )
    bakery = TypologyFactory(code="bakery", name="Panadería")
    stores = [
        field.store(name="=HYPERLINK(1)"),
        field.store(field.bello),
        field.store(bogota),
        field.store(typology=bakery),
    ]
    sellers = SellerFactory.create_batch(3)
    for number in range(24):
        seen = [place for place in range(4) if (number + place) % 3]
        store = stores[number % 4]
        day = month + dt.timedelta(days=number % min(today().day, 5))
        state = "void" if number % 7 == 0 else "accepted"
        field.visit(store, sellers[number % 3], seen, day=day, state=state)
    count_figures()
    return stores


def missing_by_hand(group):
    """Count which must-haves were missing in minimarkets of Antioquia, visit by visit."""
    counted = {}
    visits = Visit.objects.filter(typology="minimarket", city__startswith="05").exclude(
        state="void"
    )
    for visit in visits:
        place = visit.city if group == "city" else visit.establishment_id
        for pk in visit.portfolio_version.product_ids:
            sums = counted.setdefault((pk, place), [0, 0])
            sums[0] += 1
            sums[1] += pk in visit.missing
    return counted
