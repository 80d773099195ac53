"""What the database refuses of figures: two rows of one key, and marks of no known scope."""

import datetime as dt

import pytest
from django.utils import timezone

from stores.constants import FigureScope
from stores.models import (
    AreaDay,
    CoverageMonth,
    DailyFigure,
    FigureMark,
    ProductDay,
    ProductMonth,
    RegionDay,
    StoreMonth,
)
from stores.models.sums import Sums
from stores.tests.factories import EstablishmentFactory, ProductFactory, SellerFactory
from stores.tests.helpers_constraints import copy, refused

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 1)
PLACE = {"region": "antioquia-eje", "typology": "minimarket"}
ZEROS = {field.name: 0 for field in Sums._meta.fields}


def test_one_daily_figure_of_a_seller_and_place_also_without_a_list():
    row = DailyFigure.objects.create(
        day=DAY, seller=SellerFactory(), city="05001", portfolio_version=0, **PLACE, **ZEROS
    )
    refused("stores_daily_figure_unique", copy, row)
    copy(row, portfolio_version=1)


def test_one_row_of_an_area_and_day():
    row = AreaDay.objects.create(day=DAY, department="05", **PLACE, **ZEROS)
    refused("stores_area_day_unique", copy, row)
    copy(row, department="17")


def test_one_row_of_a_region_and_day():
    row = RegionDay.objects.create(day=DAY, **PLACE, **ZEROS)
    refused("stores_region_day_unique", copy, row)
    copy(row, region="centro")


@pytest.mark.parametrize(
    ("model", "name", "fields"),
    [
        (ProductDay, "stores_product_day_unique", {"day": DAY, "must_have": 2, "missing": 1}),
        (ProductMonth, "stores_product_month_unique", {"month": DAY, "audited": 2, "showing": 1}),
    ],
)
def test_one_row_of_a_product_and_place(model, name, fields):
    row = model.objects.create(product=ProductFactory(), city="05001", **PLACE, **fields)
    refused(name, copy, row)
    copy(row, city="05002")


def test_one_row_of_coverage_and_no_more_visited_than_assigned():
    row = CoverageMonth.objects.create(
        month=DAY, city="05001", assigned=2, visited=2, visits=3, **PLACE
    )
    refused("stores_coverage_month_unique", copy, row)
    refused("stores_coverage_month_visited", copy, row, city="05002", visited=3)
    copy(row, city="05002")


def test_one_month_of_a_seller_in_a_store():
    row = StoreMonth.objects.create(
        month=DAY,
        seller=SellerFactory(),
        establishment=EstablishmentFactory(),
        city="05001",
        **PLACE,
        **ZEROS,
    )
    refused("stores_store_month_unique", copy, row)
    copy(row, typology="bakery")


def test_one_mark_of_what_is_to_count_and_of_a_known_scope():
    mark = FigureMark.objects.create(scope=FigureScope.AREA, day=DAY, marked_at=timezone.now())
    refused("stores_figure_mark_unique", copy, mark)
    refused("stores_figure_mark_known", copy, mark, scope="year")
