"""Writers of the catalogue who meet: one wins, nobody hangs, and no row version is lost."""

import threading

import pytest
from django.db import transaction

from core.roles import Role
from core.tests.helpers_threads import together
from core.tests.locks import wait_until_somebody_waits
from stores import clock
from stores.models import Assignment, Establishment, Product
from stores.services import assignments, establishments, portfolios
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    ProductFactory,
    RegionFactory,
    SellerFactory,
    TypologyFactory,
)

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def callers(client_for):
    """Clients for threads."""
    return [client_for(Role.ADMIN) for _ in range(4)]


def statuses(answers):
    return sorted(getattr(answer, "status_code", repr(answer)) for answer in answers)


def codes(answers):
    return {answer.json()["code"] for answer in answers if answer.status_code >= 400}


@pytest.mark.parametrize(
    ("bodies", "code"),
    [
        ([{"name": "Kumis", "sku": "A"}, {"name": "Kumis", "sku": "a"}], "sku_taken"),
        (
            [
                {"name": "Kumis", "gtin": "9520010000018"},
                {"name": "Kumis", "gtin": "09520010000018"},
            ],
            "gtin_taken",
        ),
    ],
)
def test_two_posts_of_one_key(callers, bodies, code):
    answers = together(2, lambda number: callers[number].post("/api/products", bodies[number]))
    assert statuses(answers) == [201, 409]
    assert codes(answers) == {code}
    assert Product.objects.get().seq == clock.reading().seq == 1


def test_two_posts_of_one_key_and_both_are_kept_as_one(callers):
    """A retry that comes before its answer did: the key's answer, once."""
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    caller = callers[0]
    answers = together(2, lambda _: caller.post("/api/products", {"name": "A", "sku": "A"}, **key))
    assert statuses(answers) == [201, 201]
    assert Product.objects.count() == 1


def test_bulks_in_opposite_orders(callers):
    skus = [f"SKU-{number:03}" for number in range(200)]

    def write(number):
        rows = [{"sku": sku, "name": f"{sku} by {number}"} for sku in skus]
        body = rows if number % 2 else rows[::-1]
        return callers[number].post("/api/products/bulk", body, format="json")

    answers = together(4, write)
    assert set(statuses(answers)) <= {200, 409}
    assert 200 in statuses(answers)
    assert codes(answers) <= {"sku_taken"}
    assert Product.objects.count() == 200
    answers = together(4, write)
    assert statuses(answers) == [200] * 4
    seqs = list(Product.objects.order_by("seq").values_list("seq", flat=True))
    assert len(set(seqs)) == 200
    assert seqs[-1] == clock.reading().seq


def test_a_bulk_and_single_writes_of_its_rows(callers):
    products = [ProductFactory() for _ in range(50)]

    def write(number):
        if number == 0:
            rows = [{"sku": one.sku, "brand": "B"} for one in products]
            return callers[0].post("/api/products/bulk", rows, format="json")
        for one in products[::-number]:
            path = f"/api/products/{one.pk}"
            answer = callers[number].patch(path, {"category": f"C{number}"})
        return answer

    assert statuses(together(4, write)) == [200] * 4
    assert set(Product.objects.values_list("brand", flat=True)) == {"B"}
    latest = Product.objects.order_by("-seq").values_list("seq", flat=True)[0]
    assert latest == clock.reading().seq


def test_an_establishment_made_inactive_twice_ends_its_assignments_once(callers):
    store = EstablishmentFactory()
    for _ in range(3):
        AssignmentFactory(establishment=store)
    before = clock.reading().seq
    path = f"/api/establishments/{store.pk}"

    def write(number):
        if number % 2:
            return callers[number].delete(path)
        rows = [{"code": store.code, "state": "inactive"}]
        return callers[number].post("/api/establishments/bulk", rows, format="json")

    assert statuses(together(4, write)) == [200, 200, 204, 204]
    assert Establishment.objects.get().state == "inactive"
    assert set(Assignment.objects.values_list("state", flat=True)) == {"ended"}
    assert clock.reading().seq == before + 4


def test_an_establishment_is_assigned_once_by_whatever_way(callers):
    sellers = [SellerFactory() for _ in range(5)]
    stores = [EstablishmentFactory() for _ in range(10)]
    pairs = [(seller, store) for seller in sellers for store in stores]

    def write(number):
        if number == 0:
            for seller, store in pairs[::7]:
                body = {"seller": seller.pk, "establishment": store.pk}
                answer = callers[0].post("/api/assignments", body)
                assert answer.status_code in {201, 409}, answer.json()
            return answer
        rows = [{"seller": one.email, "establishment": store.code} for one, store in pairs]
        body = rows if number % 2 else rows[::-1]
        return callers[number].post("/api/assignments/bulk", body, format="json")

    answers = together(4, write)
    assert set(statuses(answers)) <= {200, 201, 409}
    assert codes(answers) <= {"already_assigned"}
    active = Assignment.objects.filter(state="active")
    assert active.count() == len(set(active.values_list("seller", "establishment")))
    seqs = list(Assignment.objects.order_by("seq").values_list("seq", flat=True))
    assert len(set(seqs)) == len(seqs)
    assert seqs[-1] == clock.reading().seq


def test_no_establishment_is_assigned_while_it_becomes_inactive(callers):
    seller = SellerFactory()
    stores = [EstablishmentFactory() for _ in range(20)]

    def write(number):
        if number % 2:
            rows = [{"seller": seller.email, "establishment": one.code} for one in stores]
            path = "/api/assignments/bulk?policy=keep_good"
        else:
            rows = [{"code": one.code, "state": "inactive"} for one in stores[::-1]]
            path = "/api/establishments/bulk"
        return callers[number].post(path, rows, format="json")

    answers = together(4, write)
    assert set(statuses(answers)) <= {200, 400, 409}
    assert codes(answers) <= {"unknown_establishment", "already_assigned"}
    assert set(Establishment.objects.values_list("state", flat=True)) == {"inactive"}
    assert not Assignment.objects.filter(state="active").exists()


def ending(store):
    assignments.end_assignment(assignment=store.assignments.get())


def moving(store):
    establishments.change_establishment(establishment=store, name="Moved")


MEETINGS = {
    "a store is renamed": (ending, "patch", "/api/establishments/{store}", {"name": "New"}),
    "a store goes": (ending, "delete", "/api/establishments/{store}", None),
    "stores in bulk": (ending, "post", "/api/establishments/bulk", [{"code": "A", "name": "New"}]),
    "its seller is removed": (ending, "delete", "/api/users/{seller}", None),
    "its list is published": (moving, "post", "/api/portfolios/{portfolio}/publish", None),
}


@pytest.mark.parametrize("meeting", MEETINGS)
def test_a_commit_behind_the_clock_waits_for_nobody(callers, meeting):
    """Its deferred foreign keys are looked up then: whoever waits for the clock must let them."""
    first, method, path, body = MEETINGS[meeting]
    portfolio = portfolios.create_portfolio(
        name="A",
        typology=TypologyFactory(),
        region=RegionFactory(),
        products=[ProductFactory().sku],
    )
    store = EstablishmentFactory(code="A", portfolio=portfolio)
    seller = AssignmentFactory(establishment=store).seller
    stamped = threading.Event()

    def write(number):
        if number:
            stamped.wait(20)
            address = path.format(store=store.pk, portfolio=portfolio.pk, seller=seller.pk)
            return getattr(callers[0], method)(address, body, format="json")
        with transaction.atomic():
            first(store)
            stamped.set()
            wait_until_somebody_waits()
        return None

    committed, answer = together(2, write)
    assert committed is None
    assert answer.status_code in {200, 204}, answer.json()
