"""What a phone may ask: nothing is clamped, guessed or ignored."""

import uuid

import pytest

from stores import clock, constants
from stores.tests.factories import (
    AssignmentFactory,
    ProductFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_sync import COLLECTIONS, SYNC_ROUTES, epoch, get_page
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("limit", ["0", "501", "abc", "1.5", "٣", "-1", "", " 5", "1e2", "9" * 30])
def test_a4_a_limit_out_of_range_is_refused_and_never_clamped(phone, limit):
    for name in COLLECTIONS:
        body = assert_problem(get_page(phone, name, limit=limit), 400, "invalid", field="limit")
        assert body["errors"][0]["code"] == "invalid"


@pytest.mark.parametrize("seq", ["-1", "abc", "1.5", "٣", "", "9" * 19, "9" * 30, "0x1"])
def test_a_malformed_seq_is_refused(phone, seq):
    answer = get_page(phone, "products", {"epoch": epoch(), "seq": seq})
    assert_problem(answer, 400, "invalid", field="seq")


@pytest.mark.parametrize(
    "value", ["x", "", "018f", "{018f}", f"urn:uuid:{uuid.UUID(int=7)}", "0" * 32]
)
def test_a_malformed_epoch_is_refused(phone, value):
    answer = get_page(phone, "products", {"epoch": value, "seq": 0})
    assert_problem(answer, 400, "invalid", field="epoch")


def test_half_a_checkpoint_is_refused(phone):
    for name in COLLECTIONS:
        assert_problem(get_page(phone, name, seq=0), 400, "invalid", field="epoch")
        assert_problem(get_page(phone, name, epoch=epoch()), 400, "invalid", field="seq")


@pytest.mark.parametrize("schema", ["0", "2", "-1", "x", "1.0", "", "٣", "9" * 30])
def test_an_unknown_schema_is_refused(phone, schema):
    assert_problem(get_page(phone, "products", schema=schema), 400, "invalid", field="schema")


def test_a_retired_schema_wants_an_upgrade(phone, monkeypatch):
    assert get_page(phone, "products", schema=1).status_code == 200
    monkeypatch.setattr(constants, "RETIRED_SCHEMAS", (1,))
    monkeypatch.setattr(constants, "SCHEMAS", (2,))
    monkeypatch.setattr(constants, "SCHEMA", 2)
    assert_problem(get_page(phone, "products", schema=1), 426, "upgrade_required")
    assert get_page(phone, "products").status_code == 200


def test_what_a_route_does_not_know_is_refused(phone):
    assert_problem(get_page(phone, "products", since=1), 400, "invalid", field="since")
    assert_problem(phone.get("/api/sync?limit=1"), 400, "invalid", field="limit")
    twice = phone.get("/api/sync/products?limit=1&limit=2")
    assert_problem(twice, 400, "invalid", field="limit")


@pytest.mark.parametrize("name", ["unknown", "Products", "PRODUCTS", "products'", "x" * 300, "é"])
def test_an_unknown_collection_is_not_found(phone, name):
    assert_problem(get_page(phone, name), 404, "not_found")


def test_a_position_ahead_of_the_clock_means_to_begin_anew(phone, seller):
    ProductFactory()
    VisitFactory(seller=seller)
    now = clock.reading()
    ahead = {"epoch": str(now.epoch), "seq": now.seq + 1}
    for name in ("products", "portfolios", "establishments"):
        body = assert_problem(get_page(phone, name, ahead), 409, "resync_required")
        assert body["epoch"] == str(now.epoch)
        at = {"epoch": str(now.epoch), "seq": now.seq}
        assert get_page(phone, name, at).json() == {"documents": [], "checkpoint": at}
    visits = {"epoch": str(now.epoch), "seq": 1}  # the seller's own clock
    assert get_page(phone, "visits", visits).json() == {"documents": [], "checkpoint": visits}
    answer = get_page(phone, "visits", {**visits, "seq": 2})
    assert assert_problem(answer, 409, "resync_required")["epoch"] == str(now.epoch)
    answer = get_page(phone, "cases", visits)
    assert assert_problem(answer, 409, "resync_required")["epoch"] == str(now.epoch)


def test_an_epoch_is_the_same_in_any_case(phone):
    product = ProductFactory()
    at = {"epoch": epoch().upper(), "seq": product.seq}
    assert get_page(phone, "products", at).json()["checkpoint"]["epoch"] == epoch()


def test_the_language_changes_no_byte(phone, seller):
    AssignmentFactory(seller=seller)
    VersionFactory(products=[ProductFactory()])
    VisitFactory(seller=seller)
    for path in SYNC_ROUTES:
        plain = phone.get(path).content
        assert phone.get(path, headers={"Accept-Language": "es-CO"}).content == plain
