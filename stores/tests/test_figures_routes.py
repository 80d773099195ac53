"""Figures over HTTP: who may ask, what can be asked, and that a hand count says the same."""

import csv
import datetime as dt
import io

import pytest
from django.db import models
from django.utils import timezone

from core.roles import Role
from stores.models import CoverageMonth, DirtyDay, StoreMonth, Visit
from stores.tests.factories import AssignmentFactory, SellerFactory, today
from stores.tests.helpers_figures import (
    assert_figures_hold,
    count_figures,
    missing_by_hand,
    visited_country,
)
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db
FIGURES = "/api/stores/figures"
MONTH = today().replace(day=1)


@pytest.fixture
def analyst(client_for):
    return client_for(Role.ANALYST)


def rows(client, **parameters):
    """Return the rows of an answer."""
    answer = client.get(FIGURES, {"from": MONTH.isoformat(), **parameters})
    assert answer.status_code == 200, answer.content
    assert answer.json()["dirty_days"] == 0
    return answer.json()["rows"]


def csv_rows(client, **parameters):
    """Return the rows of the same answer as CSV."""
    answer = client.get(FIGURES, {"from": MONTH.isoformat(), "format": "csv", **parameters})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


@pytest.fixture
def country(field):
    return visited_country(field)


@pytest.mark.parametrize("group", ["city", "establishment"])
def test_what_is_missing_most_in_minimarkets_of_antioquia(analyst, field, country, group):
    asked = {
        "typology": "minimarket",
        "department": "05",
        "group_by": f"product,{group}",
        "to": today().isoformat(),
    }
    expected = missing_by_hand(group)
    assert len(expected) == 8
    found = rows(analyst, **asked)
    assert {(row["product"], row[group]): [row["must_have"], row["missing"]] for row in found} == (
        expected
    )
    assert [row["missing"] for row in found] == sorted(
        (missing for _must, missing in expected.values()), reverse=True
    )
    for row in found:
        assert row["out_of_stock"] == round(row["missing"] / row["must_have"], 4)
        assert row["product_name"] in {product.name for product in field.products}
    as_csv = csv_rows(analyst, **asked)
    assert as_csv == [{name: cell(value) for name, value in row.items()} for row in found]
    if group == "establishment":
        assert "'=HYPERLINK(1)" in {row["establishment_name"] for row in as_csv}
    assert_figures_hold()


def cell(value):
    """Return a value as a cell: no formula."""
    return f"'{value}" if str(value).startswith("=") else str(value)


def test_sums_are_the_same_by_whatever_they_are_grouped(analyst, country):
    total = rows(analyst)
    assert len(total) == 1
    visits = Visit.objects.exclude(state="void").aggregate(
        visits=models.Count("pk"), must_have=models.Sum("must_have"), present=models.Sum("present")
    )
    for groups in (
        *("day", "week", "month", "region", "department", "typology", "city", "seller"),
        *("establishment", "day,region,typology", "month,seller,establishment", "region,typology"),
    ):
        found = rows(analyst, group_by=groups)
        for name, expected in visits.items():
            assert sum(row[name] for row in found) == expected, (groups, name)
    row = total[0]
    assert row["compliance"] == round(visits["present"] / visits["must_have"], 4)
    assert row["out_of_stock"] == pytest.approx(1 - row["compliance"])
    [products] = [rows(analyst, group_by="product")]
    assert sum(one["must_have"] for one in products) == visits["must_have"]


def test_compliance_is_a_ratio_of_sums_and_the_mean_stands_beside_it(analyst, field, seller):
    store = field.store()
    field.visit(store, seller, (0,), listed=field.ids[:1])
    field.visit(store, seller, ())
    count_figures()
    [row] = rows(analyst, group_by="region")
    assert (row["compliance"], row["compliance_mean"]) == (0.2, 0.5)
    [own] = rows(analyst, group_by="seller", seller=seller.pk)
    assert (own["seller"], own["visits"], own["compliance"]) == (seller.pk, 2, 0.2)


def test_what_was_not_measured_is_null_and_no_rows_are_no_rows(analyst, field, seller):
    assert rows(analyst, group_by="day") == []
    [nothing] = rows(analyst)
    assert (nothing["visits"], nothing["compliance"], nothing["seconds_mean"]) == (0, None, None)
    field.visit(field.store(), seller, (), listed=[])
    count_figures()
    [row] = rows(analyst)
    assert (row["visits"], row["compliance"], row["compliance_mean"]) == (1, None, None)


def test_coverage_counts_a_store_once_and_is_never_above_one(analyst, field, seller):
    given = AssignmentFactory.create_batch(4, seller=seller)
    other = field.store()
    for _time in range(5):
        field.visit(given[0].establishment, seller)
    field.visit(given[1].establishment, SellerFactory())
    field.visit(other, seller)  # not assigned: no part of coverage
    count_figures()
    days = (MONTH.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - MONTH
    expected = round(16 * today().day / days.days, 2)
    [row] = rows(analyst, measure="coverage", group_by="region,typology")
    assert row == {
        "region": "antioquia-eje",
        "typology": "minimarket",
        "assigned": 4,
        "visited": 2,
        "coverage": 0.5,
        "visits": 6,
        "expected": expected,
        "adherence": round(6 / (16 * today().day / days.days), 4),
    }
    [own] = rows(analyst, measure="coverage", group_by="month,seller")
    assert (own["month"], own["visited"], own["coverage"]) == (MONTH.isoformat(), 1, 0.25)


def test_coverage_counted_in_advance_is_what_assignments_say(analyst, field, country, seller):
    """Moved, ended, future and doubled ones; a month that was not counted is asked of them."""
    last_month = MONTH - dt.timedelta(days=1)
    for store in country:
        AssignmentFactory(establishment=store)
    AssignmentFactory(establishment=country[0], seller=seller)
    AssignmentFactory(establishment=field.store(), valid_from=today() + dt.timedelta(days=40))
    AssignmentFactory(establishment=field.store(), valid_until=last_month, state="ended")
    AssignmentFactory(establishment=field.store(field.bello), released_on=today(), state="ended")
    AssignmentFactory(
        establishment=field.store(), released_on=MONTH - dt.timedelta(days=90), state="ended"
    )
    country[1].city = field.medellin
    country[1].save(update_fields=["city"])
    count_figures()
    groups = ("", "region,typology", "department", "city,month", "typology")
    asked = [
        {"measure": "coverage", **({"group_by": one} if one else {}), **narrowed}
        for one in groups
        for narrowed in ({}, {"department": "05"}, {"city": "11001", "typology": "minimarket"})
    ]
    counted = [rows(analyst, **one) for one in asked]
    [whole] = counted[0]
    assert (whole["assigned"], whole["visited"]) == (5, 4)
    assert sum(row["assigned"] for row in rows(analyst, **asked[3])) == 5
    CoverageMonth.objects.all().delete()
    assert [rows(analyst, **one) for one in asked] == counted


def test_coverage_follows_late_visits_of_months_before(analyst, field, seller):
    given = AssignmentFactory(seller=seller)
    day = MONTH - dt.timedelta(days=1)
    count_figures()
    period = {"from": day.replace(day=1).isoformat(), "to": day.isoformat()}
    for number in (1, 2):
        field.visit(given.establishment, seller, day=day)
        count_figures()
        found = CoverageMonth.objects.get(month=day.replace(day=1))
        assert (found.assigned, found.visited, found.visits) == (1, 1, number)
        [row] = rows(analyst, measure="coverage", **period)
        assert (row["visited"], row["visits"]) == (1, number)
    assert CoverageMonth.objects.get(month=MONTH).visited == 0


def test_distribution_says_how_many_stores_showed_a_product_last(analyst, field, seller):
    start = timezone.now() - dt.timedelta(minutes=9)
    first, second = field.store(), field.store(field.bello)
    for number, (store, seen) in enumerate([(first, (0, 1)), (first, (0,)), (second, (0, 1))]):
        field.visit(store, seller, seen, captured_at=start + dt.timedelta(minutes=number))
    count_figures()
    found = rows(analyst, measure="distribution", group_by="product")
    assert [(row["product"], row["distribution"]) for row in found] == [
        (field.ids[0], 1.0),
        (field.ids[1], 0.5),
        (field.ids[2], 0.0),
        (field.ids[3], 0.0),
    ]


def test_what_waits_is_told(analyst, field, seller):
    field.visit(field.store(), seller)
    moment = timezone.now() - dt.timedelta(minutes=5)
    DirtyDay.objects.update(marked_at=moment)
    body = analyst.get(FIGURES).json()
    assert body["dirty_days"] == 1
    assert dt.datetime.fromisoformat(body["as_of"]) == moment
    count_figures()
    body = analyst.get(FIGURES).json()
    assert body["dirty_days"] == 0
    assert dt.datetime.fromisoformat(body["as_of"]) > moment


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("from=2026-11-02&to=2026-11-01", "to", "invalid"),
        ("from=2025-01-01&to=2026-01-02", "to", "too_many_days"),
        ("from=1-1-2026", "from", "invalid"),
        ("to=2026-02-30", "to", "invalid"),
        ("from=", "from", "invalid"),
        ("group_by=", "group_by", "invalid_choice"),
        ("group_by=shelf", "group_by", "invalid_choice"),
        ("group_by=day,", "group_by", "invalid_choice"),
        ("group_by=city,city", "group_by", "invalid"),
        ("group_by=day,month", "group_by", "invalid"),
        ("group_by=day,region,typology,city,seller", "group_by", "invalid"),
        ("group_by=product,day,establishment&from=2026-10-01&to=2026-10-31", "group_by", None),
        ("group_by=establishment&from=2026-10-02&to=2026-10-31", "from", "whole_months"),
        ("measure=coverage&from=2026-09-01&to=2026-10-31", "group_by", "whole_months"),
        ("measure=coverage&group_by=establishment", "group_by", "not_counted"),
        ("measure=visits&group_by=product", "group_by", "not_counted"),
        ("measure=distribution&seller=1", "group_by", "not_counted"),
        ("measure=all", "measure", "invalid_choice"),
        ("format=xml", "format", "invalid_choice"),
        ("bom=maybe", "bom", "invalid"),
        ("seller=0", "seller", "invalid"),
        ("product=99999999999999999999", "product", "invalid"),
        ("city=", "city", "invalid"),
        ("region=%00", "region", "invalid_text"),
        ("shelf=1", "shelf", "unknown_parameter"),
        ("region=a&region=b", "region", "repeated_parameter"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(analyst, query, name, code):
    answer = analyst.get(f"{FIGURES}?{query}")
    assert answer.status_code == 400, answer.content
    [error] = answer.json()["errors"]
    assert error["field"] == name
    assert code in {None, error["code"]}


def test_odd_places_find_nothing(analyst, country):
    for query in ("city=99999", "region=🦙", "typology=%25", "department=0_", "seller=999999"):
        answer = analyst.get(f"{FIGURES}?group_by=day&{query}")
        assert (answer.status_code, answer.json()["rows"]) == (200, []), query


@pytest.mark.parametrize("role", [Role.SELLER, Role.USER, Role.CLINICIAN, Role.SUPPORT])
def test_figures_are_not_for_others(client_for, role):
    answer = client_for(role).get(FIGURES)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_figures_want_a_token(api, admin_api):
    assert api.get(FIGURES).status_code == 401
    assert api.get("/api/stores/me/figures").status_code == 401
    assert admin_api.get(FIGURES).status_code == 200


def test_an_answer_shows_nobody(analyst, country):
    text = analyst.get(f"{FIGURES}?group_by=seller,city").content.decode()
    assert "@" not in text


@pytest.mark.parametrize(
    "groups", ["region,typology", "product,city", "product,establishment", "establishment"]
)
def test_an_answer_costs_as_many_queries_with_many_rows(
    analyst, field, seller, groups, django_assert_max_num_queries
):
    counts = []
    for number in (1, 9, 40):
        for _store in range(number):
            field.visit(field.store(), seller)
        count_figures()
        with django_assert_max_num_queries(12) as queries:
            rows(analyst, group_by=groups)
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert StoreMonth.objects.count() == 50


# -- a seller's own day ----------------------------------------------------------------------------
def test_a_seller_sees_the_own_day_at_once(phone, field, seller):
    store = field.store()
    field.visit(store, seller, (0, 1, 2))
    field.visit(store, seller, (), state="flagged", photos_missing=2)
    field.visit(store, seller, state="void")
    field.visit(store, SellerFactory())
    with nothing_changes():
        answer = phone.get("/api/stores/me/figures")
    assert answer.json() == {
        "day": today().isoformat(),
        "visits": 2,
        "flagged": 1,
        "must_have": 8,
        "present": 3,
        "compliance": 0.375,
        "photos_missing": 2,
    }
    unchanged = phone.get("/api/stores/me/figures", headers={"If-None-Match": answer["ETag"]})
    assert unchanged.status_code == 304
    empty = phone.get("/api/stores/me/figures?day=2026-01-01").json()
    assert (empty["visits"], empty["compliance"]) == (0, None)
    assert phone.get("/api/stores/me/figures?day=soon").status_code == 400


@pytest.mark.parametrize("role", [Role.ADMIN, Role.ANALYST, Role.SUPPORT, Role.USER])
def test_only_sellers_have_an_own_day(client_for, role):
    assert client_for(role).get("/api/stores/me/figures").status_code == 403
