"""The contract of portfolios over HTTP (checks A1 and A2)."""

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
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
SKUS = ["LEC-UHT-1L", "KUM-200", "QUE-250"]


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


def shown(version, **changes):
    """Return a version as its portfolio shows it."""
    return {
        "id": version.pk,
        "number": version.number,
        "state": version.state,
        "valid_from": version.valid_from.isoformat(),
        "valid_until": version.valid_until and version.valid_until.isoformat(),
        "products": [item.product.sku for item in version.items.select_related("product")],
        **changes,
    }


def periods(portfolio):
    """Return what each version of a portfolio says of itself, the oldest first."""
    versions = portfolio.versions.order_by("number")
    return list(versions.values_list("number", "state", "valid_from", "valid_until"))


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


# -- publish (A2) ------------------------------------------------------------------------------
def draft_of(portfolio, products, valid_from):
    """Store a draft with these products."""
    version = VersionFactory(draft=True, portfolio=portfolio, valid_from=valid_from)
    PortfolioItem.objects.bulk_create(
        PortfolioItem(version=version, product=product, position=position)
        for position, product in enumerate(products)
    )
    return version


def test_what_is_published_ends_what_held_the_day_before(admin_api, products):
    former = VersionFactory(number=1, products=products[:1])
    portfolio = former.portfolio
    draft = draft_of(portfolio, [products[2], products[0]], day(5))
    seq = clock.reading().seq
    answer = admin_api.post(f"/api/portfolios/{portfolio.pk}/publish")
    assert answer.status_code == 200
    former.refresh_from_db()
    draft.refresh_from_db()
    assert (former.state, former.valid_until) == ("published", day(4))
    assert (draft.state, draft.valid_from, draft.valid_until) == ("published", day(5), None)
    assert draft.product_ids == [products[2].pk, products[0].pk], "in the order of the list"
    assert (draft.published_by, draft.published_at is not None) == (admin_api.user, True)
    assert (former.seq, draft.seq) == (seq + 1, seq + 2)
    assert clock.reading().seq == seq + 2
    assert answer.json()["current"] == shown(former)
    assert answer.json()["upcoming"] == [shown(draft)]
    assert answer.json()["draft"] is None
    closed, published = JournalEntry.objects.order_by("-pk")[:2][::-1]
    assert closed.changes == {"valid_until": [None, iso(4)]}
    assert published.changes["state"] == ["draft", "published"]
    assert published.changes["published_by"] == [None, admin_api.user.pk]
    assert {closed.actor_id, published.actor_id} == {admin_api.user.pk}


def test_a_gap_before_the_new_version_stays(admin_api, products):
    former = VersionFactory(valid_until=day(2), products=products)
    draft_of(former.portfolio, products, day(9))
    seq = former.seq
    assert admin_api.post(f"/api/portfolios/{former.portfolio_id}/publish").status_code == 200
    former.refresh_from_db()
    assert (former.valid_until, former.seq) == (day(2), seq)


def test_a_version_with_the_same_first_day_is_replaced(admin_api, products):
    replaced = VersionFactory(number=1, valid_from=day(5), products=products)
    portfolio = replaced.portfolio
    draft_of(portfolio, products[:1], day(5))
    answer = admin_api.post(f"/api/portfolios/{portfolio.pk}/publish")
    assert answer.status_code == 200
    (_, *first), (_, *second) = periods(portfolio)
    assert first == ["retired", day(5), day(4)], "never in force"
    assert second == ["published", day(5), None]
    assert not PortfolioVersion.objects.in_force(day(4)).exists()
    assert PortfolioVersion.objects.in_force(day(5)).get().product_ids == [products[0].pk]


def test_a2_a_version_that_begins_later_is_in_the_way(admin_api, products):
    later = VersionFactory(valid_from=day(1), products=products)
    draft_of(later.portfolio, products, day())
    with nothing_changes():
        answer = admin_api.post(f"/api/portfolios/{later.portfolio_id}/publish")
    assert_problem(answer, 409, "portfolio_period_overlap")


def test_without_a_draft_or_with_an_empty_one_nothing_is_published(admin_api):
    portfolio = PortfolioFactory()
    path = f"/api/portfolios/{portfolio.pk}/publish"
    with nothing_changes():
        assert_problem(admin_api.post(path), 409, "portfolio_no_draft")
    draft_of(portfolio, [], day(-1))
    with nothing_changes():
        assert_problem(admin_api.post(path), 409, "portfolio_empty")


def test_a_first_day_that_is_over_is_refused(admin_api, products):
    portfolio = PortfolioFactory()
    draft_of(portfolio, products, day(-1))
    with nothing_changes():
        answer = admin_api.post(f"/api/portfolios/{portfolio.pk}/publish")
    assert_problem(answer, 422, "in_the_past", field="valid_from")


def test_a2_what_is_published_has_no_way_to_be_edited(admin_api, products):
    version = VersionFactory(products=products)
    path = f"/api/portfolios/{version.portfolio_id}/versions/{version.number}"
    with nothing_changes():
        for method in ("put", "patch", "delete", "post"):
            assert_problem(getattr(admin_api, method)(path, {}), 405, "method_not_allowed")


# -- versions ----------------------------------------------------------------------------------
def test_versions_are_listed_and_shown_by_their_numbers(admin_api, client_for, products):
    admin = admin_api.user
    over = VersionFactory(number=1, valid_until=day(-9), products=products[:1], published_by=admin)
    draft = VersionFactory(number=2, draft=True)
    published_at = admin_api.get(f"/api/portfolios/{over.portfolio_id}/versions/1").json()[
        "published_at"
    ]
    first = {**shown(over), "published_at": published_at, "published_by": admin.pk}
    second = {**shown(draft), "published_at": None, "published_by": None}
    support = client_for("SUPPORT")
    path = f"/api/portfolios/{over.portfolio_id}/versions"
    assert support.get(path).json()["results"] == [first, second]
    assert support.get(f"{path}?state=draft").json()["results"] == [second]
    assert support.get(f"{path}/1").json() == first
    assert support.get(f"{path}/2").json() == second


@pytest.mark.parametrize("number", ["3", "0", "01", "x", "9" * 18, "9" * 40])
def test_there_is_no_version_of_another_number(admin_api, number):
    version = VersionFactory(number=1)
    other = VersionFactory(portfolio=PortfolioFactory(region=RegionFactory(code="x")), number=3)
    path = f"/api/portfolios/{version.portfolio_id}/versions/{number}"
    assert_problem(admin_api.get(path), 404, "not_found")
    assert_problem(admin_api.post(f"{path}/retire", {}), 404, "not_found")
    nowhere = other.portfolio_id + version.portfolio_id + 1
    assert_problem(admin_api.get(f"/api/portfolios/{nowhere}/versions"), 404, "not_found")
    assert_problem(admin_api.get(f"/api/portfolios/{nowhere}/versions/1"), 404, "not_found")


def test_a_diff_says_what_came_what_went_and_which_days_moved(admin_api, products):
    first = VersionFactory(number=1, valid_until=day(-1), products=products[:2])
    VersionFactory(number=2, valid_from=day(), products=products[1:])
    path = f"/api/portfolios/{first.portfolio_id}/diff"
    assert admin_api.get(f"{path}?from=1&to=2").json() == {
        "added": ["QUE-250"],
        "removed": ["LEC-UHT-1L"],
        "changed": [
            {"field": "valid_from", "from": iso(-60), "to": iso()},
            {"field": "valid_until", "from": iso(-1), "to": None},
        ],
    }
    same = {"added": [], "removed": [], "changed": []}
    assert admin_api.get(f"{path}?from=2&to=2").json() == same


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("", "from", "invalid"),
        ("from=1", "to", "invalid"),
        ("from=1&to=x", "to", "invalid"),
        ("from=0&to=1", "from", "invalid"),
        (f"from=1&to={2**31}", "to", "invalid"),
        ("from=1&to=7", "to", "unknown_version"),
        ("from=7&to=1", "from", "unknown_version"),
    ],
)
def test_a_diff_needs_two_versions(admin_api, query, field, code):
    version = VersionFactory(number=1)
    answer = admin_api.get(f"/api/portfolios/{version.portfolio_id}/diff?{query}")
    assert_problem(answer, 400, code, field=field)


# -- retire ------------------------------------------------------------------------------------
def retire(client, version, body=None):
    path = f"/api/portfolios/{version.portfolio_id}/versions/{version.number}/retire"
    return client.post(path, body or {})


@pytest.mark.parametrize(("body", "until"), [({}, 0), ({"on": iso()}, 0), ({"on": iso(7)}, 7)])
def test_a_version_ends_with_the_day_that_is_named(admin_api, body, until):
    version = VersionFactory()
    seq = clock.reading().seq
    answer = retire(admin_api, version, body)
    version.refresh_from_db()
    assert answer.status_code == 200
    assert answer.json() == {
        **shown(version),
        "published_at": answer.json()["published_at"],
        "published_by": None,
    }
    assert (version.state, version.valid_until) == ("published", day(until))
    assert (version.seq, clock.reading().seq) == (seq + 1, seq + 1)
    entry = JournalEntry.objects.latest("pk")
    assert (entry.actor_id, entry.changes) == (
        admin_api.user.pk,
        {"valid_until": [None, iso(until)]},
    )


def test_a_version_that_somebody_else_ended_is_not_ended_again_unseen(admin_api):
    version = VersionFactory()
    path = f"/api/portfolios/{version.portfolio_id}/versions/{version.number}"
    tag = admin_api.get(path)["ETag"]
    answer = admin_api.post(f"{path}/retire", {"on": iso(7)}, HTTP_IF_MATCH=tag)
    assert (answer.status_code, answer["ETag"]) == (200, admin_api.get(path)["ETag"])
    with nothing_changes():
        late = admin_api.post(f"{path}/retire", {"on": iso(3)}, HTTP_IF_MATCH=tag)
    assert_problem(late, 412, "precondition_failed")


def test_a_version_that_has_not_begun_never_will(admin_api):
    version = VersionFactory(valid_from=day(5))
    assert retire(admin_api, version, {"on": iso(4)}).status_code == 200
    version.refresh_from_db()
    assert (version.state, version.valid_until) == ("retired", day(4))
    assert not PortfolioVersion.objects.in_force(day(5)).exists()


def test_retiring_never_makes_a_version_longer(admin_api):
    version = VersionFactory(valid_until=day(2))
    VersionFactory(valid_from=day(3))
    with nothing_changes():
        assert retire(admin_api, version, {"on": iso(9)}).status_code == 200


def test_a_version_does_not_end_in_the_past(admin_api):
    version = VersionFactory()
    with nothing_changes():
        answer = retire(admin_api, version, {"on": iso(-1)})
    assert_problem(answer, 422, "in_the_past", field="on")
    with nothing_changes():
        assert_problem(retire(admin_api, version, {"on": "soon"}), 400, "invalid", field="on")


def test_only_what_is_published_is_retired(admin_api):
    retired = VersionFactory(state="retired", valid_until=day(-1))
    draft = VersionFactory(draft=True)
    with nothing_changes():
        for version in (retired, draft):
            assert_problem(retire(admin_api, version), 409, "portfolio_version_state")
