"""Pages in memory: the same bytes for everybody, and never those of before a write."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.tests.helpers_threads import together
from stores import clock
from stores.services import phones
from stores.sync import queries
from stores.sync.pages import OVERHEAD_BYTES, Pages, pages
from stores.tests.factories import ProductFactory, SellerFactory, VersionFactory
from stores.tests.helpers_sync import get_page


@pytest.fixture
def phone(client_for):
    client = client_for(SellerFactory())
    client.get("/api/sync")  # notes the phone, once in five minutes
    return client


@pytest.fixture
def other(client_for):
    client = client_for(SellerFactory())
    client.get("/api/sync")
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "make"), [("products", ProductFactory), ("portfolios", VersionFactory)]
)
def test_a_page_is_made_once_for_two_sellers(phone, other, name, make):
    make()
    first = get_page(phone, name)
    other.get("/api/sync")
    with CaptureQueriesContext(connection) as queries:
        second = get_page(other, name)
    assert len(queries) == 2  # who calls, the clock: no rows
    assert second.content == first.content
    assert len(second.json()["documents"]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["establishments", "visits"])
def test_what_is_ones_own_is_not_kept(phone, other, name):
    get_page(phone, name)
    assert not pages.kept


@pytest.mark.django_db
def test_the_next_request_sees_a_write(phone, other):
    product = ProductFactory(name="Kumis")
    before = get_page(phone, "products")
    with transaction.atomic():
        product.name = "Arequipe"
        product.save()
        clock.stamp(product)
    for client in (phone, other):
        answer = get_page(client, "products")
        assert [one["name"] for one in answer.json()["documents"]] == ["Arequipe"]
        assert answer.json()["checkpoint"]["seq"] == product.seq
    assert get_page(phone, "products", before.json()["checkpoint"]).json()["documents"]


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_is_written_while_a_page_is_made_reaches_everybody(phone, other, monkeypatch, moment):
    first, written, rows = ProductFactory(), [], queries.rows

    def rows_while_somebody_writes(*arguments):
        if moment == "after":
            found = rows(*arguments)
        written.append(ProductFactory())
        return found if moment == "after" else rows(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(queries, "rows", rows_while_somebody_writes)
        body = get_page(phone, "products").json()
    everything = [str(first.pk), str(written[0].pk)]
    mine = [one["id"] for one in body["documents"]]
    rest = get_page(phone, "products", body["checkpoint"]).json()
    assert mine + [one["id"] for one in rest["documents"]] == everything
    assert [one["id"] for one in get_page(other, "products").json()["documents"]] == everything


@pytest.mark.django_db
def test_a_page_depends_on_position_limit_and_epoch(phone):
    first, _ = ProductFactory(), ProductFactory()
    whole = get_page(phone, "products").json()["documents"]
    at = {"epoch": str(clock.reading().epoch), "seq": first.seq}
    assert get_page(phone, "products", at).json()["documents"] == whole[1:]
    assert get_page(phone, "products", limit=1).json()["documents"] == whole[:1]
    assert len(pages.kept) == 3
    changed = phones.begin_new_epoch()
    assert get_page(phone, "products").json()["checkpoint"]["epoch"] == str(changed.epoch)


def page_of(size: int):
    return lambda: b"x" * (size - OVERHEAD_BYTES)


def test_the_least_recently_used_pages_go_first():
    memory = Pages(3_000)
    for key in "abc":
        memory.get(key, page_of(1_000))
    memory.get("a", page_of(1_000))
    memory.get("d", page_of(1_000))
    assert list(memory.kept) == ["c", "a", "d"]
    assert memory.size == 3_000


def test_a_page_that_is_larger_than_the_memory_is_given_and_not_kept():
    memory = Pages(3_000)
    assert len(memory.get("large", page_of(4_000))) == 4_000 - OVERHEAD_BYTES
    assert (memory.size, len(memory.kept)) == (0, 0)


def test_what_cannot_be_made_is_not_kept():
    memory = Pages(3_000)
    with pytest.raises(ZeroDivisionError):
        memory.get("a", lambda: bytes(1 // 0))
    assert (memory.size, len(memory.kept)) == (0, 0)
    assert memory.get("a", lambda: b"page") == b"page"


def test_threads_that_fill_it_at_once_leave_it_right():
    memory = Pages(20_000)

    def work(number: int) -> bool:
        keys = [(number * 7 + place) % 50 for place in range(2_000)]
        return all(memory.get(key, lambda key=key: b"%d" % key) == b"%d" % key for key in keys)

    assert together(8, work) == [True] * 8
    assert memory.size == sum(len(page) + OVERHEAD_BYTES for page in memory.kept.values()) <= 20_000
