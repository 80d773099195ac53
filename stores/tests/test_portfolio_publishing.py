"""The contract of portfolios over HTTP (check A2): published, numbered, compared, retired."""

import pytest

from core.models import JournalEntry
from stores import clock
from stores.models import PortfolioItem, PortfolioVersion
from stores.tests.factories import (
    PortfolioFactory,
    ProductFactory,
    RegionFactory,
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
