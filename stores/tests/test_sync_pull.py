"""Pages: full unless the end is reached, resumed where they stopped; for whom, and at what cost."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.roles import Role
from stores import clock
from stores.constants import State
from stores.models import Product
from stores.tests.factories import (
    AssignmentFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.factories_cases import SellerCaseFactory
from stores.tests.helpers_sync import COLLECTIONS, SYNC_ROUTES, epoch, get_page, pull_all
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


def many_products(count: int) -> list[Product]:
    with transaction.atomic():
        made = Product.objects.bulk_create(
            Product(sku=f"S-{place}", sku_key=f"s-{place}", name=f"Leche {place}")
            for place in range(count)
        )
        clock.stamp(*made)
    return made


def ids(answer) -> list[str]:
    return [document["id"] for document in answer.json()["documents"]]


def test_a4_the_first_sync_comes_in_full_pages(phone, seller):
    products = many_products(300)
    for _ in range(40):
        AssignmentFactory(seller=seller)
    sizes, seen, checkpoint = [], [], None
    for _ in range(4):
        answer = get_page(phone, "products", checkpoint, limit=100)
        sizes.append(len(ids(answer)))
        seen += ids(answer)
        before, checkpoint = checkpoint, answer.json()["checkpoint"]
    assert sizes == [100, 100, 100, 0]
    assert seen == [str(product.pk) for product in products]
    assert checkpoint == before == {"epoch": epoch(), "seq": products[-1].seq}
    establishments = get_page(phone, "establishments", limit=100)
    assert len(ids(establishments)) == len(set(ids(establishments))) == 40
    assert get_page(phone, "establishments", establishments.json()["checkpoint"]).json() == {
        "documents": [],
        "checkpoint": establishments.json()["checkpoint"],
    }


def test_a4_a_phone_that_died_after_two_pages_goes_on_with_the_third(client_for, seller):
    many_products(300)
    phone, kept, checkpoint = client_for(seller), [], None
    for _ in range(2):
        answer = get_page(phone, "products", checkpoint)
        kept += ids(answer)
        checkpoint = answer.json()["checkpoint"]
    get_page(phone, "products", checkpoint)  # on its way when the phone died
    rest, _ = pull_all(client_for(seller), "products", checkpoint)
    kept += [document["id"] for document in rest]
    assert len(kept) == len(set(kept)) == 300


@pytest.mark.parametrize("limit", [1, 7, 499, 500])
def test_every_page_is_full_but_the_last_whatever_is_a_tombstone(phone, limit):
    products = many_products(20)
    with transaction.atomic():
        for product in products[3:9]:
            product.state, product.inactive_on = State.INACTIVE, timezone.localdate()
            product.save()
        clock.stamp(*products[3:9])
    sizes, checkpoint = [], None
    while not sizes or sizes[-1] == limit:
        answer = get_page(phone, "products", checkpoint, limit=limit)
        sizes.append(len(ids(answer)))
        checkpoint = answer.json()["checkpoint"]
    assert sizes == [limit] * (20 // limit) + [20 % limit]


def test_limit_is_100_when_absent(phone):
    many_products(101)
    assert len(ids(get_page(phone, "products"))) == 100


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_first_empty_page_stands_at_zero(phone, name):
    answer = get_page(phone, name)
    assert answer.json() == {"documents": [], "checkpoint": {"epoch": epoch(), "seq": 0}}
    again = get_page(phone, name, answer.json()["checkpoint"])
    assert again.json() == answer.json()


# -- A32: who may ask, and for whose --------------------------------------------------------------


@pytest.mark.parametrize("path", SYNC_ROUTES)
def test_a32_only_sellers_pull(client_for, api, path):
    for role in Role.values:
        if role != Role.SELLER:
            answer = client_for(role).get(path)
            assert_problem(answer, 403, "permission_denied")
            assert answer["Server-Time"]
    answer = api.get(path)
    assert_problem(answer, 401, "not_authenticated")
    assert answer["Server-Time"]


@pytest.mark.usefixtures("keeper")
def test_a32_what_is_another_sellers_is_in_no_collection(client_for):
    mine, other = SellerFactory(), SellerFactory()
    AssignmentFactory(seller=other)
    VisitFactory(seller=other)
    phone = client_for(mine)
    SellerCaseFactory(seller=other)
    for name in ("establishments", "visits", "cases"):
        assert get_page(phone, name).json() == {
            "documents": [],
            "checkpoint": {"epoch": epoch(), "seq": 0},
        }
    heads = phone.get("/api/sync").json()["heads"]
    names = ("products", "portfolios", "establishments", "visits", "cases")
    assert heads == dict.fromkeys(names, 0)


@pytest.mark.parametrize("path", SYNC_ROUTES[:-2])
def test_only_reading_is_offered_here(phone, path):
    before = clock.reading()
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(phone, method)(path, {}, format="json")
        assert_problem(answer, 405, "method_not_allowed")
        assert answer["Server-Time"]
    assert clock.reading() == before


# -- what it costs ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["products", "portfolios", "establishments", "visits"])
def test_a_pull_costs_the_same_whatever_it_brings(phone, seller, name):
    make = {
        "products": ProductFactory,
        "portfolios": lambda: VersionFactory(
            valid_from=dt.date(2020, 1, 1), valid_until=dt.date(2020, 1, 2), state="retired"
        ),
        "establishments": lambda: AssignmentFactory(seller=seller),
        "visits": lambda: VisitFactory(seller=seller, portfolio_version=version),
    }[name]
    version = VersionFactory() if name == "visits" else None
    phone.get("/api/sync")  # notes the phone, once in five minutes
    counts, rows = [], 0
    for wanted in (1, 10, 50):
        for _ in range(wanted - rows):
            make()
        rows = wanted
        with CaptureQueriesContext(connection) as queries:
            answer = get_page(phone, name)
        counts.append((len(queries), len(ids(answer))))
        with CaptureQueriesContext(connection) as queries:
            assert ids(get_page(phone, name, answer.json()["checkpoint"])) == []
        assert len(queries) == 2  # who calls; the clock, which says that nothing is new
    # Who calls, the clocks, where the collections stand after a write, the page.
    assert counts == [(4, 1), (4, 10), (4, 50)]
