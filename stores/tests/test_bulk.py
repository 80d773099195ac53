"""Bulk writes (A3): all rows are checked first, by their business keys, and stamped at once."""

import pytest

from core.models import JournalEntry
from core.roles import Role
from stores import clock
from stores.models import Assignment, Establishment, Product
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    TypologyFactory,
    VersionFactory,
    today,
)
from stores.tests.helpers_catalogue import history_of, nothing_changes
from stores.values import check_digit
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
PRODUCTS = "/api/products/bulk"
STORES = "/api/establishments/bulk"
STORE = {
    "code": "EST-1",
    "name": "Minimercado La 33",
    "address": "Calle 33 # 65-10",
    "city": "05001",
    "typology": "minimarket",
}


def gtin(number):
    digits = f"952{number:09}"
    return f"{digits}{check_digit(digits)}"


def rows(count):
    return [
        {"sku": f"LEC-{number}", "name": f"Leche {number}", "gtin": gtin(number)}
        for number in range(count)
    ]


def send(client, path, body, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return client.post(f"{path}?{text}", body, format="json")


def done(answer):
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    return body["created"], body["updated"], body["unchanged"], len(body["errors"])


def faults(answer):
    return [(one["index"], one["field"], one["code"]) for one in answer.json()["errors"]]


# -- A3 -------------------------------------------------------------------------------------------
def test_a3_a_thousand_products_with_one_bad_row(admin_api):
    body = rows(1000)
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
        problem = assert_problem(send(admin_api, PRODUCTS, rows(1001)), 413, "too_many_rows")
    assert problem["limit"] == 1000


# -- all kinds ------------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [rows(2), {"rows": rows(2)}])
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
        answer = send(admin_api, PRODUCTS, rows(1), **query)
        assert_problem(answer, 400, "invalid", field=field)


def test_a_dry_run_counts_and_writes_nothing(admin_api):
    ProductFactory(sku="LEC-0", name="Leche 0", gtin=gtin(0))
    ProductFactory(sku="LEC-1")
    body = [*rows(4), {"sku": "X"}]
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
    first = admin_api.post(PRODUCTS, rows(2), format="json", **key)
    with nothing_changes():
        again = admin_api.post(PRODUCTS, rows(2), format="json", **key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.json()["created"] == 2


@pytest.mark.parametrize("path", [PRODUCTS, STORES])
@pytest.mark.parametrize("role", [Role.SELLER, Role.SUPPORT, Role.USER])
def test_who_may_not(client_for, path, role):
    with nothing_changes():
        assert_problem(send(client_for(role), path, rows(1)), 403, "permission_denied")


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
    assert (changed.gtin, changed.gtin_key, changed.search_key[:11]) == ("", "", "lec-1  kumi")
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
    admin_api.post(path, rows(1), format="json")
    # who calls, begin, stored, GTINs, insert, journal, clock, versions, end
    with django_assert_num_queries(9):
        assert admin_api.post(path, rows(1 + count)[1:], format="json").json()["created"] == count


# -- establishments -------------------------------------------------------------------------------
@pytest.fixture
def _places(db):
    CityFactory()
    CityFactory(code="76001", name="Cali")
    TypologyFactory()


@pytest.mark.usefixtures("_places")
def test_establishments(admin_api):
    own = PortfolioFactory()
    kept = EstablishmentFactory(code="est-1", name=STORE["name"])
    before = clock.reading().seq
    body = [
        STORE,
        {**STORE, "code": "EST-2", "portfolio": own.pk, "location": {"lat": 6.25, "lon": -75}},
    ]
    assert done(send(admin_api, STORES, body)) == (1, 0, 1, 0)
    kept.refresh_from_db()
    assert (kept.lat, kept.seq) == (6.2442, before)
    new = Establishment.objects.get(code="EST-2")
    assert (new.portfolio, new.lat, new.lon, new.geofence_m) == (own, 6.25, -75, 150)
    assert (new.seq, clock.reading().seq) == (before + 1, before + 1)
    assert done(send(admin_api, STORES, [{"code": "EST-2", "location": None}])) == (0, 1, 0, 0)
    new.refresh_from_db()
    assert (new.lat, new.lon, new.portfolio) == (None, None, own)
    with nothing_changes():
        assert done(send(admin_api, STORES, [{"code": "EST-2", "city": "05001"}])) == (0, 0, 1, 0)


@pytest.mark.usefixtures("_places")
def test_bad_establishments(admin_api):
    body = [
        {**STORE, "code": "A", "city": "99999"},
        {**STORE, "code": "B", "typology": 7},
        {**STORE, "code": "C", "portfolio": 2**63 - 1},
        {**STORE, "code": "D", "portfolio": True},
        {**STORE, "code": "E", "location": {"lat": 6.2}},
        {**STORE, "code": "F", "geofence_m": 0},
        {"code": "G"},
        {**STORE, "code": "H", "city": ["05001"]},
    ]
    with nothing_changes():
        answer = send(admin_api, STORES, body)
        assert_problem(answer, 422, "bulk_refused")
    assert faults(answer) == [
        (0, "city", "does_not_exist"),
        (1, "typology", "not_text"),
        (2, "portfolio", "does_not_exist"),
        (3, "portfolio", "invalid"),
        (4, "location.lon", "required"),
        (5, "geofence_m", "min_value"),
        (6, "address", "required"),
        (6, "city", "required"),
        (6, "name", "required"),
        (6, "typology", "required"),
        (7, "city", "not_text"),
    ]


def test_establishments_that_become_inactive_end_their_assignments(admin_api):
    assignments = [AssignmentFactory() for _ in range(3)]
    codes = [one.establishment.code for one in assignments]
    before = clock.reading().seq
    body = [
        {"code": codes[0], "state": "inactive"},
        {"code": codes[1], "state": "inactive"},
        {"code": codes[2], "name": "Tienda"},
    ]
    assert done(send(admin_api, STORES, body)) == (0, 3, 0, 0)
    assert clock.reading().seq == before + 5
    for assignment in assignments:
        assignment.refresh_from_db()
    assert [one.state for one in assignments] == ["ended", "ended", "active"]
    assert [one.released_on for one in assignments] == [today(), today(), None]
    assert Assignment.objects.filter(seq__gt=before).count() == 2
    with nothing_changes():
        assert done(send(admin_api, STORES, body)) == (0, 0, 3, 0)


@pytest.mark.usefixtures("_places")
@pytest.mark.parametrize("count", [1, 10, 50])
def test_establishments_take_the_same_queries(admin_api, count, django_assert_num_queries):
    AssignmentFactory()
    body = [{**STORE, "code": f"EST-N{number}"} for number in range(count)]
    with django_assert_num_queries(10):  # as products, with cities and typologies for the GTINs
        assert admin_api.post(STORES, body, format="json").json()["created"] == count
