"""What the database refuses of portfolios, their versions and of assignments."""

import pytest
from django.db import DatabaseError, transaction

from stores.models import Assignment, PortfolioVersion
from stores.tests.factories import (
    AssignmentFactory,
    PortfolioFactory,
    ProductFactory,
    VersionFactory,
)
from stores.tests.helpers_constraints import change, copy, refused
from stores.tests.helpers_dates import day
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db


def test_one_portfolio_of_a_typology_in_a_region():
    refused("stores_portfolio_pair_unique", copy, PortfolioFactory())


def test_a_portfolio_has_a_name():
    refused("stores_portfolio_named", change, PortfolioFactory(), name="")


def test_a_number_is_given_once():
    version = VersionFactory(valid_until=day(3))
    refused("stores_version_number_unique", copy, version, valid_from=day(4), valid_until=day(5))


def test_there_is_one_draft():
    draft = VersionFactory(draft=True)
    refused("stores_version_one_draft", copy, draft, number=99)


def test_one_published_version_has_no_end():
    version = VersionFactory()
    refused("stores_version_one_open", copy, version, number=99, valid_from=day(4))


def test_published_versions_begin_on_different_days():
    version = VersionFactory(valid_until=day(3))
    refused("stores_version_start_unique", copy, version, number=99, valid_until=day(4))


@pytest.mark.parametrize("trait", [{}, {"draft": True}])
def test_a_period_ends_after_it_begins_unless_it_is_retired(trait):
    version = VersionFactory(valid_from=day(), **trait)
    refused("stores_version_period", change, version, valid_until=day(-1))


def test_a_retired_period_may_be_empty():
    version = VersionFactory(valid_from=day())
    change(version, state="retired", valid_until=day(-1))
    assert not PortfolioVersion.objects.in_force(day()).exists()


@pytest.mark.parametrize("values", [{"published_at": None}, {"state": "gone"}])
def test_what_is_published_says_when(values):
    refused("stores_version_state_known", change, VersionFactory(), **values)


def test_a_product_stands_in_a_list_once():
    version = VersionFactory(products=[ProductFactory()])
    refused("stores_item_product_unique", copy, version.items.get(), position=7)


def test_a_seller_has_an_establishment_once_at_a_time():
    assignment = AssignmentFactory()
    refused("stores_assignment_active_unique", copy, assignment, valid_from=day(9))
    change(assignment, state="ended")
    copy(assignment)
    assert Assignment.objects.active().count() == 1


def test_an_assignment_ends_after_it_begins():
    refused("stores_assignment_period", change, AssignmentFactory(), valid_until=day(-61))


def test_an_assignment_is_active_or_ended():
    refused("stores_assignment_state_known", change, AssignmentFactory(), state="gone")


@pytest.mark.postgres
@pytest.mark.parametrize("state", ["published", "retired"])
@pytest.mark.parametrize(
    "values",
    [
        {"number": 99},
        {"valid_from": day(-59)},
        {"product_ids": []},
        {"product_ids": [2, 1]},
        {"portfolio_id": 2**40},
        {"state": "draft", "published_at": None},
    ],
)
def test_a2_a_published_version_stays_as_it_is(state, values):
    version = VersionFactory(
        state=state, valid_from=day(-5), valid_until=day(5), products=ProductFactory.create_batch(2)
    )
    with (
        nothing_changes(),
        pytest.raises(DatabaseError, match="stays as it is"),
        transaction.atomic(),
    ):
        change(version, **values)


def test_a_published_version_may_end():
    version = VersionFactory()
    change(version, valid_until=day(3), seq=version.seq + 1)
    change(version, state="retired")
    version.refresh_from_db()
    assert (version.state, version.valid_until) == ("retired", day(3))
