"""Products over HTTP: unique by SKU and GTIN, inactive instead of deleted."""

import datetime as dt

import pytest

from core.roles import Role
from stores import clock
from stores.models import Product
from stores.tests.factories import ProductFactory, VersionFactory, today
from stores.tests.helpers_catalogue import LECHE, history_of
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(client_for):
    return client_for(Role.SELLER)


# -- create ---------------------------------------------------------------------------------------
def test_a1_create(admin_api):
    before = clock.reading().seq
    answer = admin_api.post("/api/products", LECHE)
    product = Product.objects.get()
    assert (answer.status_code, answer.json()) == (201, {"id": product.pk, **LECHE})
    assert answer["Location"] == f"/api/products/{product.pk}"
    assert answer["ETag"] == admin_api.get(answer["Location"])["ETag"]
    assert product.seq == clock.reading().seq == before + 1
    [(action, changes)] = history_of(product)
    assert action == "create"
    assert changes["sku"] == [None, "LEC-UHT-1L"]
    assert "seq" not in changes


@pytest.mark.parametrize("gtin", [{}, {"gtin": None}, {"gtin": ""}])
def test_the_fewest_fields_are_a_name(admin_api, gtin):
    answer = admin_api.post("/api/products", {"name": "Kumis", **gtin})
    product = Product.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": product.pk,
            "sku": product.sku,
            "gtin": None,
            "name": "Kumis",
            "brand": "",
            "category": "",
            "is_competitor": False,
            "state": "active",
        },
    )
    assert product.sku.startswith("P-")
    assert admin_api.get(answer["Location"]).json() == answer.json()


@pytest.mark.parametrize("sku", ["lec-uht-1l", "LEC-UHT-1L", "\uff2cEC-UHT-1L"])
def test_a1_a_sku_is_one_whatever_its_case(admin_api, sku):
    ProductFactory(sku="LEC-UHT-1L")
    with nothing_changes():
        answer = admin_api.post("/api/products", {"name": "Kumis", "sku": sku})
        assert_problem(answer, 409, "sku_taken")


@pytest.mark.parametrize("gtin", ["9520010000018", "09520010000018"])
def test_a_gtin_is_one_however_many_zeros_it_begins_with(admin_api, gtin):
    ProductFactory(gtin="9520010000018")
    other = ProductFactory()
    with nothing_changes():
        answer = admin_api.post("/api/products", {"name": "Kumis", "gtin": gtin})
        assert_problem(answer, 409, "gtin_taken")
        answer = admin_api.patch(f"/api/products/{other.pk}", {"gtin": gtin})
        assert_problem(answer, 409, "gtin_taken")


@pytest.mark.parametrize(
    ("gtin", "code"),
    [
        ("9520010000011", "gtin_check_digit"),  # A1: …018 is right
        ("952001000002", "gtin_check_digit"),
        ("95200100000", "gtin_length"),
        ("952001000001845", "gtin_length"),
        ("952001000001a", "gtin_length"),
        ("\uff19520010000018", "gtin_length"),
        (9520010000018, "not_text"),
        (True, "not_text"),
        ([], "not_text"),
    ],
)
def test_a1_gtins_that_are_none(admin_api, gtin, code):
    with nothing_changes():
        answer = admin_api.post("/api/products", {"name": "Kumis", "gtin": gtin}, format="json")
        body = assert_problem(answer, 400, "invalid", field="gtin")
    assert [error["code"] for error in body["errors"]] == [code]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", None, "null"),
        ("name", "x" * 151, "max_length"),
        ("name", "a\u202eb", "plain_text"),
        ("sku", "", "blank"),
        ("sku", "A,B", "invalid_code"),
        ("sku", "x" * 41, "max_length"),
        ("sku", 7, "not_text"),
        ("brand", ["x"], "not_text"),
        ("category", "x" * 81, "max_length"),
        ("is_competitor", "yes", "invalid"),
        ("state", "gone", "invalid_choice"),
        ("state", True, "invalid_choice"),
    ],
)
def test_bad_fields(admin_api, field, value, code):
    product = ProductFactory()
    body = {"name": "Kumis", field: value}
    with nothing_changes():
        for answer in (
            admin_api.post("/api/products", body, format="json"),
            admin_api.patch(f"/api/products/{product.pk}", body, format="json"),
        ):
            errors = assert_problem(answer, 400, "invalid", field=field)["errors"]
            if code != "plain_text":
                assert [error["code"] for error in errors] == [code]


def test_a_name_is_needed(admin_api):
    with nothing_changes():
        answer = admin_api.post("/api/products", {"sku": "A"})
        assert_problem(answer, 400, "invalid", field="name")


# -- change ---------------------------------------------------------------------------------------
def test_a_change_moves_the_version_and_a_change_of_nothing_does_not(admin_api):
    product = ProductFactory(**LECHE)
    path = f"/api/products/{product.pk}"
    with nothing_changes():
        answer = admin_api.patch(path, LECHE, format="json")
        assert (answer.status_code, answer.json()) == (200, {"id": product.pk, **LECHE})
    before = clock.reading().seq
    answer = admin_api.patch(path, {"name": "Kumis"})
    assert answer.json() == {"id": product.pk, **LECHE, "name": "Kumis"}
    product.refresh_from_db()
    assert product.seq == before + 1
    assert product.search_key.count("kumis") == 1
    assert history_of(product) == [("change", {"name": [LECHE["name"], "Kumis"]})]


def test_if_match(admin_api):
    product = ProductFactory()
    path = f"/api/products/{product.pk}"
    etag = admin_api.get(path)["ETag"]
    assert admin_api.patch(path, {"name": "Kumis"}, HTTP_IF_MATCH=etag).status_code == 200
    with nothing_changes():
        for answer in (
            admin_api.patch(path, {"name": "Arequipe"}, HTTP_IF_MATCH=etag),
            admin_api.delete(path, HTTP_IF_MATCH=etag),
        ):
            assert_problem(answer, 412, "precondition_failed")


# -- lifecycle ------------------------------------------------------------------------------------
def test_delete_makes_inactive_and_patch_brings_back(admin_api, seller, client_for):
    product = ProductFactory()
    path = f"/api/products/{product.pk}"
    before = clock.reading().seq
    answer = admin_api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    product.refresh_from_db()
    assert (product.state, product.inactive_on) == ("inactive", today())
    assert product.seq == clock.reading().seq == before + 1
    assert_problem(seller.get(path), 404, "not_found")
    for client in (admin_api, client_for(Role.SUPPORT)):
        assert client.get(path).json()["state"] == "inactive"
    with nothing_changes():
        assert admin_api.delete(path).status_code == 204
    answer = admin_api.patch(path, {"state": "active"})
    assert (answer.status_code, answer.json()["state"]) == (200, "active")
    product.refresh_from_db()
    assert (product.state, product.inactive_on, product.seq) == ("active", None, before + 2)
    assert seller.get(path).status_code == 200
    day = today().isoformat()
    assert history_of(product) == [
        ("delete", {"state": ["active", "inactive"], "inactive_on": [None, day]}),
        ("change", {"state": ["inactive", "active"], "inactive_on": [day, None]}),
    ]


def test_the_day_since_when_it_is_inactive_stays(admin_api):
    product = ProductFactory(inactive=True, inactive_on=today() - dt.timedelta(days=9))
    answer = admin_api.patch(f"/api/products/{product.pk}", {"name": "Kumis", "state": "inactive"})
    assert answer.status_code == 200
    product.refresh_from_db()
    assert product.inactive_on == today() - dt.timedelta(days=9)


@pytest.mark.parametrize("days", [-10, 0, 10])
def test_what_a_published_list_has_becomes_inactive_on_purpose_only(admin_api, days):
    product = ProductFactory()
    version = VersionFactory(products=[product], valid_from=today() + dt.timedelta(days=days))
    path = f"/api/products/{product.pk}"
    with nothing_changes():
        for answer in (
            admin_api.delete(path),
            admin_api.delete(f"{path}?force=false"),
            admin_api.patch(path, {"state": "inactive"}),
            admin_api.put(path, {"name": "Kumis", "state": "inactive"}),
        ):
            body = assert_problem(answer, 409, "in_portfolio")
            assert body["portfolios"] == [version.portfolio_id]
        answer = admin_api.delete(f"{path}?force=maybe")
        assert_problem(answer, 400, "invalid", field="force")
    assert admin_api.patch(path, {"name": "Kumis"}).status_code == 200
    assert admin_api.delete(f"{path}?force=true").status_code == 204
    product.refresh_from_db()
    assert product.state == "inactive"


def test_drafts_and_what_is_over_hold_no_product(admin_api):
    product = ProductFactory()
    yesterday = today() - dt.timedelta(days=1)
    VersionFactory(products=[product], valid_until=yesterday)
    VersionFactory(products=[product], state="retired", valid_until=None)
    VersionFactory(products=[product], draft=True)
    assert admin_api.delete(f"/api/products/{product.pk}").status_code == 204
