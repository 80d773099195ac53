"""The contract of portfolios over HTTP (check A1): made, read, renamed, drafted, deleted."""

import pytest

from core.audit import journal
from core.models import JournalEntry
from stores import clock
from stores.models import Portfolio, PortfolioItem, PortfolioVersion
from stores.tests.factories import (
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    RegionFactory,
    TypologyFactory,
    VersionFactory,
)
from stores.tests.helpers_dates import day, iso
from stores.tests.helpers_portfolios import SKUS, periods, shown
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def products():
    return [ProductFactory(sku=sku) for sku in SKUS]


@pytest.fixture
def body(products):
    typology, region = TypologyFactory(), RegionFactory()
    return {
        "name": "Infaltables minimercados Antioquia",
        "typology": typology.code,
        "region": region.code,
        "products": SKUS,
        "valid_from": iso(3),
    }


# -- create ------------------------------------------------------------------------------------
def test_a_new_portfolio_has_version_1_as_its_draft(admin_api, body, products):
    seq = clock.reading().seq
    answer = admin_api.post("/api/portfolios", body)
    portfolio, version = Portfolio.objects.get(), PortfolioVersion.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": portfolio.pk,
        "name": body["name"],
        "typology": "minimarket",
        "region": "antioquia-eje",
        "current": None,
        "upcoming": [],
        "draft": {
            "id": version.pk,
            "number": 1,
            "state": "draft",
            "valid_from": iso(3),
            "valid_until": None,
            "products": SKUS,
        },
    }
    assert answer["Location"] == f"/api/portfolios/{portfolio.pk}"
    again = admin_api.get(answer["Location"])
    assert (again.json(), again["ETag"]) == (answer.json(), answer["ETag"])
    assert version.product_ids == []
    assert list(version.items.values_list("position", "product_id")) == [
        (place, product.pk) for place, product in enumerate(products)
    ]
    assert clock.reading().seq == seq, "phones do not see drafts"
    of_portfolio, of_version = JournalEntry.objects.filter(model__startswith="stores.")
    assert (of_portfolio.action, of_portfolio.object_id) == ("create", str(portfolio.pk))
    assert (of_version.action, of_version.object_id) == ("create", str(version.pk))
    assert of_version.changes["products"] == [None, SKUS]
    assert {entry.actor_id for entry in (of_portfolio, of_version)} == {admin_api.user.pk}


def test_skus_are_found_in_any_case_and_a_draft_begins_today_unless_it_says_so(admin_api, body):
    body["products"] = ["lec-uht-1l", "QUE-250"]
    del body["valid_from"]
    draft = admin_api.post("/api/portfolios", body).json()["draft"]
    assert (draft["products"], draft["valid_from"]) == (["LEC-UHT-1L", "QUE-250"], iso())


def test_a1_an_unknown_sku_is_named_by_its_place(admin_api, body):
    body["products"] = [*SKUS, "NO-SUCH", "LEC-UHT-2L"]
    with nothing_changes():
        answer = admin_api.post("/api/portfolios", body)
    problem = assert_problem(answer, 400, "unknown_product", field="products[3]")
    assert [(one["field"], one["code"]) for one in problem["errors"]] == [
        ("products[3]", "unknown_product"),
        ("products[4]", "unknown_product"),
    ]


def test_an_inactive_product_is_as_good_as_none(admin_api, body):
    ProductFactory(sku="OLD", inactive=True)
    body["products"] = ["OLD"]
    with nothing_changes():
        answer = admin_api.post("/api/portfolios", body)
    assert_problem(answer, 400, "unknown_product", field="products[0]")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"products": [*SKUS, "que-250"]}, "products[3]", "repeated_product"),
        ({"products": ["ﬁ", "FI"]}, "products[1]", "repeated_product"),
        ({"products": ["LEC-UHT-1L", 12]}, "products[1]", "not_text"),
        ({"products": [""]}, "products[0]", "blank"),
        ({"products": ["x" * 41]}, "products[0]", "max_length"),
        ({"products": [f"P{place}" for place in range(1_001)]}, "products", "max_length"),
        ({"products": "LEC-UHT-1L"}, "products", "not_a_list"),
        ({"products": None}, "products", "null"),
        ({"typology": "casino"}, "typology", "does_not_exist"),
        ({"typology": 12}, "typology", "not_text"),
        ({"region": "x" * 5_000}, "region", "does_not_exist"),
        ({"region": None}, "region", "null"),
        ({"name": " "}, "name", "blank"),
        ({"name": "x" * 151}, "name", "max_length"),
        ({"name": "a\u202eb"}, "name", "not_plain_text"),
        ({"valid_from": "2026-13-01"}, "valid_from", "invalid"),
        ({"valid_from": "20261201"}, "valid_from", "invalid"),
        ({"valid_from": "0001-01-01"}, "valid_from", "invalid"),
        ({"valid_from": 20261201}, "valid_from", "invalid"),
        ({"valid_from": None}, "valid_from", "null"),
    ],
)
def test_bad_fields_are_named_and_nothing_is_stored(admin_api, body, change, field, code):
    with nothing_changes():
        answer = admin_api.post("/api/portfolios", {**body, **change})
    problem = assert_problem(answer, 400, "invalid", field=field)
    assert (field, code) in {(one["field"], one["code"]) for one in problem["errors"]}


@pytest.mark.parametrize("field", ["name", "typology", "region", "products"])
def test_fields_that_are_missing_are_named(admin_api, body, field):
    del body[field]
    with nothing_changes():
        answer = admin_api.post("/api/portfolios", body)
    assert_problem(answer, 400, "invalid", field=field)


def test_a_second_portfolio_of_the_pair_is_refused_once_its_body_is_valid(admin_api, body):
    existing = PortfolioFactory(typology_id=body["typology"], region_id=body["region"])
    with nothing_changes():
        answer = admin_api.post("/api/portfolios", body)
    assert assert_problem(answer, 409, "portfolio_exists")["existing"] == existing.pk
    body["products"] = ["NO-SUCH"]
    assert_problem(admin_api.post("/api/portfolios", body), 400, "unknown_product")


# -- read, rename, delete ----------------------------------------------------------------------
def test_what_holds_today_what_will_and_the_draft(admin_api, client_for, products):
    portfolio = PortfolioFactory()
    VersionFactory(valid_from=day(-90), valid_until=day(-61), products=products)  # over
    current = VersionFactory(valid_until=day(4), products=products[:2])
    later = VersionFactory(valid_from=day(5), valid_until=day(9), products=products[1:])
    last = VersionFactory(valid_from=day(10), products=products[2:])
    VersionFactory(state="retired", valid_from=day(10), valid_until=day(9))  # replaced
    draft = VersionFactory(draft=True, valid_from=day(20))
    expected = {
        "id": portfolio.pk,
        "name": "Infaltables minimercados",
        "typology": "minimarket",
        "region": "antioquia-eje",
        "current": shown(current, products=["LEC-UHT-1L", "KUM-200"]),
        "upcoming": [shown(later), shown(last)],
        "draft": shown(draft, products=[]),
    }
    path = f"/api/portfolios/{portfolio.pk}"
    assert admin_api.get(path).json() == expected
    assert admin_api.get("/api/portfolios").json()["results"] == [expected]
    seller = client_for("SELLER")
    assert seller.get(path).json() == {**expected, "draft": None}
    assert seller.get("/api/portfolios").json()["results"] == [{**expected, "draft": None}]


def test_lists_are_filtered_searched_and_ordered(admin_api):
    bakery, centro = TypologyFactory(code="bakery"), RegionFactory(code="centro")
    first = PortfolioFactory(name="Zipaquirá", typology=bakery)
    second = PortfolioFactory(name="Armenia", region=centro)

    def ids(query):
        return [row["id"] for row in admin_api.get(f"/api/portfolios?{query}").json()["results"]]

    assert ids("typology=bakery") == [first.pk]
    assert ids("region=centro") == [second.pk]
    assert ids("typology=bakery&region=centro") == []
    assert ids("search=arm") == [second.pk]
    assert ids("ordering=name") == [second.pk, first.pk]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_portfolio_gets_another_name_and_no_version_changes(admin_api, method):
    version = VersionFactory()
    path = f"/api/portfolios/{version.portfolio_id}"
    before = admin_api.get(path).json()
    seq = clock.reading().seq
    answer = getattr(admin_api, method)(path, {"name": "Infaltables 2027"})
    assert (answer.status_code, answer.json()) == (200, {**before, "name": "Infaltables 2027"})
    assert Portfolio.objects.get().name == "Infaltables 2027"
    assert clock.reading().seq == seq
    entry = JournalEntry.objects.latest("pk")
    assert entry.changes == {"name": ["Infaltables minimercados", "Infaltables 2027"]}
    with nothing_changes():
        assert getattr(admin_api, method)(path, {"name": "Infaltables 2027"}).status_code == 200


def test_a_change_of_nothing_writes_nothing(admin_api):
    portfolio = VersionFactory().portfolio
    with nothing_changes():
        answer = admin_api.patch(f"/api/portfolios/{portfolio.pk}", {})
    assert (answer.status_code, answer.json()["name"]) == (200, portfolio.name)


def test_typology_and_region_may_be_repeated_but_not_moved(admin_api):
    portfolio = VersionFactory().portfolio
    path = f"/api/portfolios/{portfolio.pk}"
    body = admin_api.get(path).json()
    assert admin_api.put(path, {**body, "name": "Otro"}).status_code == 200
    TypologyFactory(code="bakery")
    with nothing_changes():
        answer = admin_api.patch(path, {"name": "X", "typology": "bakery"})
    problem = assert_problem(answer, 400, "invalid", field="typology")
    assert problem["errors"][0]["code"] == "fixed"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_list_changes_by_a_draft_and_not_here(admin_api, method):
    version = VersionFactory(products=[ProductFactory(sku="A")])
    address = f"/api/portfolios/{version.portfolio_id}"
    body = {"name": "New", "products": ["B"]}
    with nothing_changes():
        problem = assert_problem(getattr(admin_api, method)(address, body), 400, "invalid")
    assert [(one["field"], one["code"]) for one in problem["errors"]] == [("products", "fixed")]


def test_a_change_of_what_somebody_else_changed_is_refused(admin_api, products):
    portfolio = PortfolioFactory()
    path = f"/api/portfolios/{portfolio.pk}"
    tag = admin_api.get(path)["ETag"]
    draft = admin_api.put(f"{path}/draft", {"products": SKUS}, HTTP_IF_MATCH=tag)
    assert draft.status_code == 201
    with nothing_changes():
        late = admin_api.post(f"{path}/publish", HTTP_IF_MATCH=tag)
    assert_problem(late, 412, "precondition_failed")
    assert admin_api.post(f"{path}/publish", HTTP_IF_MATCH=draft["ETag"]).status_code == 200


def test_a_portfolio_that_was_never_published_is_deleted_with_its_draft(admin_api, body):
    path = admin_api.post("/api/portfolios", body)["Location"]
    answer = admin_api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Portfolio.objects.exists()
    assert not PortfolioVersion.objects.exists()
    assert not PortfolioItem.objects.exists()
    assert JournalEntry.objects.latest("pk").action == journal.Action.DELETE
    assert_problem(admin_api.get(path), 404, "not_found")


@pytest.mark.parametrize("state", ["published", "retired"])
def test_a_portfolio_that_was_ever_published_stays(admin_api, state):
    version = VersionFactory(state=state, valid_until=day(-1))
    with nothing_changes():
        answer = admin_api.delete(f"/api/portfolios/{version.portfolio_id}")
    assert_problem(answer, 409, "portfolio_in_use")


def test_a_portfolio_that_an_establishment_has_as_its_own_stays(admin_api):
    portfolio = PortfolioFactory()
    EstablishmentFactory(portfolio=portfolio)
    with nothing_changes():
        answer = admin_api.delete(f"/api/portfolios/{portfolio.pk}")
    assert_problem(answer, 409, "portfolio_in_use")


# -- the draft ---------------------------------------------------------------------------------
def test_a_draft_is_made_replaced_and_discarded(admin_api, products):
    published = VersionFactory(number=1, products=products)
    path = f"/api/portfolios/{published.portfolio_id}/draft"
    seq = clock.reading().seq
    made = admin_api.put(path, {"products": SKUS[:2], "valid_from": iso(5)})
    assert made.status_code == 201
    draft = PortfolioVersion.objects.get(state="draft")
    assert (draft.number, made.json()["draft"]) == (2, shown(draft, products=SKUS[:2]))
    replaced = admin_api.put(path, {"products": [SKUS[2], SKUS[0]]})
    assert replaced.status_code == 200
    expected = shown(draft, products=[SKUS[2], SKUS[0]], valid_from=iso())
    assert replaced.json()["draft"] == expected
    entry = JournalEntry.objects.latest("pk")
    assert entry.changes == {
        "valid_from": [iso(5), iso()],
        "products": [SKUS[:2], [SKUS[2], SKUS[0]]],
    }
    with nothing_changes():
        assert admin_api.put(path, {"products": [SKUS[2], SKUS[0]]}).status_code == 200
    answer = admin_api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert periods(published.portfolio) == [(1, "published", published.valid_from, None)]
    assert clock.reading().seq == seq
    with nothing_changes():
        assert_problem(admin_api.delete(path), 409, "portfolio_no_draft")


def test_a_draft_may_be_empty_but_not_of_unknown_products(admin_api):
    path = f"/api/portfolios/{PortfolioFactory().pk}/draft"
    assert admin_api.put(path, {"products": []}).status_code == 201
    with nothing_changes():
        answer = admin_api.put(path, {"products": ["NO-SUCH"]})
        assert_problem(answer, 400, "unknown_product", field="products[0]")
        assert_problem(admin_api.put(path, {}), 400, "invalid", field="products")
