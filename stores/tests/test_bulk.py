"""Bulk writes (A3): all rows are checked first, by their business keys, and stamped at once."""

import pytest
from django.db import transaction

from core.files import Counts
from core.models import JournalEntry
from core.roles import Role
from stores import clock
from stores.errors import GtinTaken, SkuTaken
from stores.files.products import ProductBulk
from stores.models import Product
from stores.services import products
from stores.tests.factories import (
    ProductFactory,
    VersionFactory,
    today,
)
from stores.tests.helpers_catalogue import done, faults, gtin, history_of, product_rows, send
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
PRODUCTS = "/api/products/bulk"


# -- A3 -------------------------------------------------------------------------------------------
def test_a3_a_thousand_products_with_one_bad_row(admin_api):
    body = product_rows(1000)
    body[3]["gtin"] = "9520010000011"
    with nothing_changes():
        answer = send(admin_api, PRODUCTS, body)
        problem = assert_problem(answer, 422, "bulk_refused", field="gtin")
        assert problem["error_count"] == 1
        assert faults(answer) == [(3, "gtin", "gtin_check_digit")]
        assert problem["errors"][0]["detail"]
        answer = send(admin_api, PRODUCTS, body, policy="all_or_nothing")
        assert_problem(answer, 422, "bulk_refused")
    before = clock.reading().seq
    answer = send(admin_api, PRODUCTS, body, policy="keep_good")
    assert done(answer) == (999, 0, 0, 1)
    assert faults(answer) == [(3, "gtin", "gtin_check_digit")]
    assert answer.json()["dry_run"] is False
    assert Product.objects.count() == 999
    assert clock.reading().seq == before + 999
    assert sorted(Product.objects.values_list("seq", flat=True)) == [
        *range(before + 1, before + 1000)
    ]
    assert not Product.objects.filter(sku="LEC-3").exists()
    del body[3]
    with nothing_changes():
        assert done(send(admin_api, PRODUCTS, body)) == (0, 0, 999, 0)


def test_a3_more_than_a_thousand(admin_api):
    with nothing_changes():
        problem = assert_problem(
            send(admin_api, PRODUCTS, product_rows(1001)), 413, "too_many_rows"
        )
    assert problem["limit"] == 1000


# -- all kinds ------------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [product_rows(2), {"rows": product_rows(2)}])
def test_a_body_is_a_list_or_an_object_with_rows(admin_api, body):
    assert done(send(admin_api, PRODUCTS, body)) == (2, 0, 0, 0)


@pytest.mark.parametrize("body", [[], {}, {"rows": []}, {"rows": {}}, {"rows": "x"}, {"a": [1]}])
def test_bodies_without_rows(admin_api, body):
    with nothing_changes():
        assert_problem(send(admin_api, PRODUCTS, body), 400, "invalid", field="rows")


@pytest.mark.parametrize(
    ("query", "field"),
    [({"policy": "some"}, "policy"), ({"dry_run": "maybe"}, "dry_run"), ({"force": "1"}, "force")],
)
def test_unknown_options(admin_api, query, field):
    with nothing_changes():
        answer = send(admin_api, PRODUCTS, product_rows(1), **query)
        assert_problem(answer, 400, "invalid", field=field)


def test_a_dry_run_counts_and_writes_nothing(admin_api):
    ProductFactory(sku="LEC-0", name="Leche 0", gtin=gtin(0))
    ProductFactory(sku="LEC-1")
    body = [*product_rows(4), {"sku": "X"}]
    with nothing_changes():
        answer = send(admin_api, PRODUCTS, body, policy="keep_good", dry_run="true")
        assert answer.json() == {
            "dry_run": True,
            "created": 2,
            "updated": 1,
            "unchanged": 1,
            "errors": answer.json()["errors"],
        }
        assert faults(answer) == [(4, "name", "required")]
        answer = send(admin_api, PRODUCTS, body, dry_run="true")
        assert_problem(answer, 422, "bulk_refused")


def test_every_fault_has_its_row_and_field(admin_api):
    ProductFactory(sku="TAKEN", gtin=gtin(7))
    body = [
        {"sku": "A", "name": "Kumis"},
        {"sku": "a", "name": "Kumis"},  # the first one of a key counts
        {"name": "Kumis"},
        {"sku": "B"},
        "C",
        None,
        {"sku": "D", "name": "", "is_competitor": "x"},
        {"sku": "E", "name": "Kumis", "gtin": gtin(7)},
        {"sku": "F", "name": "Kumis", "gtin": gtin(8)},
        {"sku": "G", "name": "Kumis", "gtin": "0" + gtin(8)},
        {"sku": None, "name": "Kumis"},
    ]
    expected = [
        (1, "sku", "repeated"),
        (2, "sku", "required"),
        (3, "name", "required"),
        (4, "", "not_an_object"),
        (5, "", "not_an_object"),
        (6, "name", "blank"),
        (6, "is_competitor", "invalid"),
        (7, "gtin", "gtin_taken"),
        (9, "gtin", "gtin_taken"),
        (10, "sku", "null"),
    ]
    with nothing_changes():
        answer = send(admin_api, PRODUCTS, body)
        assert_problem(answer, 422, "bulk_refused")
        assert faults(answer) == expected
    answer = send(admin_api, PRODUCTS, body, policy="keep_good")
    assert done(answer) == (2, 0, 0, 10)
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["A", "F", "TAKEN"]


def test_a_repeated_key_is_answered_once(admin_api):
    key = {"HTTP_IDEMPOTENCY_KEY": "bulk-1"}
    first = admin_api.post(PRODUCTS, product_rows(2), format="json", **key)
    with nothing_changes():
        again = admin_api.post(PRODUCTS, product_rows(2), format="json", **key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.json()["created"] == 2


@pytest.mark.parametrize("path", [PRODUCTS, "/api/establishments/bulk"])
@pytest.mark.parametrize("role", [Role.SELLER, Role.SUPPORT, Role.USER])
def test_who_may_not(client_for, path, role):
    with nothing_changes():
        assert_problem(send(client_for(role), path, product_rows(1)), 403, "permission_denied")


# -- products -------------------------------------------------------------------------------------
def test_rows_change_what_they_say(admin_api):
    kept = ProductFactory(sku="Lec-0", name="Leche 0", brand="La Vaquita")
    changed = ProductFactory(sku="Lec-1", name="Leche 1", brand="La Vaquita", gtin=gtin(1))
    before = clock.reading().seq
    body = [
        {"sku": "LEC-0", "name": "Leche 0"},
        {"sku": "LEC-1", "name": "Kumis", "gtin": None},
        {"sku": "LEC-2", "name": "Avena"},
    ]
    assert done(send(admin_api, PRODUCTS, body)) == (1, 1, 1, 0)
    kept.refresh_from_db()
    changed.refresh_from_db()
    assert kept.seq < before
    assert (changed.sku, changed.name, changed.brand) == ("Lec-1", "Kumis", "La Vaquita")
    assert (changed.gtin, changed.gtin_key, changed.search_key[:11]) == ("", "", "lec-1 kumis")
    new = Product.objects.get(sku="LEC-2")
    assert sorted([changed.seq, new.seq]) == [before + 1, before + 2]
    assert clock.reading().seq == before + 2
    assert history_of(changed) == [
        ("change", {"name": ["Leche 1", "Kumis"], "gtin": [gtin(1), ""]})
    ]
    assert [action for action, _changes in history_of(new)] == ["create"]
    assert set(JournalEntry.objects.values_list("reason", flat=True)) == {"bulk"}


def test_states(admin_api):
    must_have, leaving, back = ProductFactory(), ProductFactory(), ProductFactory(inactive=True)
    version = VersionFactory(products=[must_have])
    body = [
        {"sku": must_have.sku, "state": "inactive"},
        {"sku": leaving.sku, "state": "inactive"},
        {"sku": back.sku, "state": "active"},
        {"sku": "NEW", "name": "Kumis", "state": "inactive"},
    ]
    answer = send(admin_api, PRODUCTS, body, policy="keep_good")
    assert done(answer) == (1, 2, 0, 1)
    assert faults(answer) == [(0, "state", "in_portfolio")]
    assert str(version.portfolio_id) in answer.json()["errors"][0]["detail"]
    found = dict(Product.objects.values_list("sku", "inactive_on"))
    assert found == {must_have.sku: None, leaving.sku: today(), back.sku: None, "NEW": today()}


@pytest.mark.parametrize("count", [1, 10, 50])
def test_any_number_of_rows_takes_the_same_queries(admin_api, count, django_assert_num_queries):
    path = f"{PRODUCTS}?policy=keep_good"
    admin_api.post(path, product_rows(1), format="json")
    # who calls, begin, stored, GTINs, insert, journal, clock, versions, end
    with django_assert_num_queries(9):
        assert (
            admin_api.post(path, product_rows(1 + count)[1:], format="json").json()["created"]
            == count
        )


# -- what happens between the check and the write -------------------------------------------------
def test_what_somebody_else_wrote_meanwhile_is_unchanged():
    product = ProductFactory(sku="A")
    bulk = ProductBulk()
    batch = bulk.check([{"sku": "A", "name": "Kumis"}])
    assert batch.counts == Counts(updated=1)
    products.change_product(product=product, name="Kumis")
    with nothing_changes():
        assert bulk.write(batch) == Counts(unchanged=1)


@pytest.mark.parametrize(("field", "error"), [("sku", SkuTaken), ("gtin", GtinTaken)])
def test_a_key_that_somebody_else_took_meanwhile(field, error):
    bulk = ProductBulk()
    batch = bulk.check([{"sku": "A", "gtin": gtin(1), "name": "Kumis"}, {"sku": "B", "name": "B"}])
    ProductFactory(**{"sku": "C", "gtin": gtin(2), field: {"sku": "a", "gtin": gtin(1)}[field]})
    with nothing_changes(), pytest.raises(error), transaction.atomic():
        bulk.write(batch)
