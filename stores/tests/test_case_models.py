"""What the database refuses of unrecognised items, their groups and names, and sellers' cases."""

import pytest
from django.utils import timezone

from stores.models import ProductAlias
from stores.tests.factories import ProductFactory
from stores.tests.factories_cases import GroupFactory, ItemFactory, SellerCaseFactory
from stores.tests.helpers_constraints import change, copy, refused

pytestmark = pytest.mark.django_db


def test_a_name_is_one_products():
    alias = ProductAlias.objects.create(product=ProductFactory(), kind="text", value="kumis")
    refused("stores_alias_unique", copy, alias, product_id=ProductFactory().pk)
    copy(alias, kind="label")


@pytest.mark.parametrize("odd", [{"kind": "photo"}, {"value": ""}])
def test_a_name_is_of_a_known_kind_and_not_empty(odd):
    alias = ProductAlias.objects.create(product=ProductFactory(), kind="text", value="kumis")
    refused("stores_alias_named", change, alias, **odd)


def test_there_is_one_open_group_of_a_name_and_any_number_that_are_over():
    group = GroupFactory()
    refused("stores_group_open_unique", copy, group)
    over = {"state": "resolved", "resolution": "unreadable", "resolved_at": timezone.now()}
    copy(group, **over)
    copy(group, **over)


@pytest.mark.parametrize(
    "odd",
    [
        {"state": "gone"},
        {"state": "resolved"},
        {"resolution": "unreadable"},
        {"state": "resolved", "resolution": "alias_of", "resolved_at": timezone.now()},
        {"state": "resolved", "resolution": "unreadable"},
        {"resolved_at": timezone.now()},
    ],
    ids=["unknown", "undecided", "open", "of no product", "at no time", "open since"],
)
def test_a_group_is_open_or_decided(odd):
    refused("stores_group_decided", change, GroupFactory(), **odd)


@pytest.mark.parametrize("odd", [{"kind": "label"}, {"value": ""}])
def test_a_group_has_a_name(odd):
    refused("stores_group_named", change, GroupFactory(), **odd)


def test_the_work_on_a_group_and_on_a_case_is_in_a_known_state():
    refused("stores_group_status_known", change, GroupFactory(), status="lost")
    refused("stores_case_status_known", change, SellerCaseFactory(), status="lost")


def test_an_item_of_a_visit_is_there_once():
    item = ItemFactory()
    refused("stores_item_unique", copy, item)
    copy(item, visit_id=ItemFactory().visit_id)


@pytest.mark.parametrize("state", ["matched", "new_product", "gone"])
def test_an_item_is_a_product_exactly_when_it_was_recognised(state):
    item = ItemFactory()
    refused("stores_item_decided", change, item, state=state)
    refused("stores_item_decided", change, item, product=ProductFactory())


def test_a_seller_has_a_case_once():
    case = SellerCaseFactory(case_id=1)
    refused("stores_case_seller_unique", copy, case)
    copy(case, seller_id=SellerCaseFactory().seller_id)


def test_a_seller_has_one_case_of_a_group():
    case = SellerCaseFactory(group=GroupFactory())
    refused("stores_case_group_unique", copy, case)
