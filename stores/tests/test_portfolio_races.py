"""What happens at once: of two who want the same, one gets it, and the other one hears why."""

import time

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from core.roles import Role
from core.tests.helpers_threads import together
from stores import clock
from stores.constants import AssignmentState, State
from stores.errors import UnknownEstablishment, UnknownSeller
from stores.models import Assignment, Establishment, Portfolio, PortfolioVersion
from stores.services import assignments, portfolios
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    RegionFactory,
    SellerFactory,
    TypologyFactory,
    VersionFactory,
)
from stores.tests.helpers_dates import day
from users.auth.tokens import AccessToken
from users.services import remove_user
from users.tests.factories import SessionFactory, UserFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def token():
    return str(AccessToken.of(SessionFactory(user=UserFactory(role=Role.ADMIN))))


def answers(token, path, bodies):
    """Post all bodies at once; return statuses and codes, in order."""

    def post(number):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        answer = client.post(path, bodies[number])
        return answer.status_code, answer.json().get("code")

    return sorted(together(len(bodies), post), key=str)


def test_a2_of_two_who_publish_one_finds_no_draft(token):
    portfolio = PortfolioFactory()
    former = VersionFactory(number=1)
    ProductFactory(sku="KUM-200")
    portfolios.write_draft(portfolio=portfolio, products=["KUM-200"])
    seq = clock.reading().seq
    path = f"/api/portfolios/{portfolio.pk}/publish"
    assert answers(token, path, [{}, {}]) == [(200, None), (409, "portfolio_no_draft")]
    former.refresh_from_db()
    published = PortfolioVersion.objects.get(number=2)
    assert (former.valid_until, published.state) == (day(-1), "published")
    assert (former.seq, published.seq, clock.reading().seq) == (seq + 1, seq + 2, seq + 2)


def test_of_two_portfolios_of_a_pair_one_is_made_and_the_other_told_of_it(token):
    body = {
        "name": "Infaltables",
        "typology": TypologyFactory().code,
        "region": RegionFactory().code,
        "products": [],
    }
    found = answers(token, "/api/portfolios", [body] * 4)
    assert found == [(201, None)] + [(409, "portfolio_exists")] * 3
    assert Portfolio.objects.count() == 1
    assert PortfolioVersion.objects.count() == 1


def test_of_two_drafts_one_replaces_the_other():
    portfolio = PortfolioFactory()
    ProductFactory(sku="KUM-200")
    made = together(4, lambda _: portfolios.write_draft(portfolio=portfolio, products=["KUM-200"]))
    assert sorted(made) == [False, False, False, True]
    assert PortfolioVersion.objects.get().items.count() == 1


def test_of_several_who_retire_and_publish_the_periods_never_overlap():
    portfolio = PortfolioFactory()
    version = VersionFactory(number=1)
    ProductFactory(sku="KUM-200")
    portfolios.write_draft(portfolio=portfolio, products=["KUM-200"], valid_from=day(5))

    def act(number):
        if number:
            portfolios.retire_version(version=version, on=day(9))
        else:
            portfolios.publish(portfolio=portfolio)

    assert together(2, act) == [None, None]
    assert list(portfolio.versions.order_by("number").values_list("valid_until", flat=True)) == [
        day(4),
        None,
    ]


def test_an_establishment_is_assigned_to_a_seller_once(token):
    store, seller = EstablishmentFactory(), SellerFactory()
    seq = clock.reading().seq
    bodies = [{"seller": seller.pk, "establishment": store.pk}] * 4
    found = answers(token, "/api/assignments", bodies)
    assert found == [(201, None)] + [(409, "already_assigned")] * 3
    assert Assignment.objects.get().seq == clock.reading().seq == seq + 1


def close(store):
    """Make an establishment inactive as its service does: its row, its assignments, the stamp."""
    with transaction.atomic():
        store = Establishment.objects.select_for_update().get(pk=store.pk)
        time.sleep(0.2)
        store.state = State.INACTIVE
        store.save(update_fields=["state"])
        of_store = Assignment.objects.active().filter(establishment=store)
        rows = list(of_store.select_for_update().order_by("pk"))
        assignments.end_now(rows, last_day=day(), today=day())
        clock.stamp(store, *rows)


@pytest.mark.parametrize("delay", [0.0, 0.1])
def test_no_inactive_establishment_is_assigned(delay):
    store, seller = EstablishmentFactory(), SellerFactory()

    def act(number):
        if number == 0:
            return close(store)
        time.sleep(delay)
        return assignments.assign(seller_id=seller.pk, establishment_id=store.pk)

    _, assigned = together(2, act)
    found = Assignment.objects.all()
    if isinstance(assigned, UnknownEstablishment):
        assert not found
    else:
        assert found.get().state == AssignmentState.ENDED, "assigned first, then closed"


def test_no_removed_seller_gets_an_establishment():
    seller, stores = SellerFactory(), EstablishmentFactory.create_batch(6)

    def act(number):
        if number == 0:
            return remove_user(user=seller)
        return assignments.assign(seller_id=seller.pk, establishment_id=stores[number - 1].pk)

    results = together(7, act)
    assert results[0] is None
    refused = [one for one in results[1:] if not isinstance(one, Assignment)]
    assert all(isinstance(one, UnknownSeller) for one in refused), refused
    assert not Assignment.objects.active().exists()
    assert Assignment.objects.count() == 6 - len(refused)


def test_of_two_who_reassign_one_finds_it_taken():
    former = AssignmentFactory()
    new = SellerFactory.create_batch(2)

    def act(number):
        return assignments.reassign(
            establishment=former.establishment,
            from_seller=former.seller_id,
            to_seller=new[number].pk,
        )

    results = together(2, act)
    assert sorted(type(one).__name__ for one in results) == ["NotAssignedTo", "Reassigned"]
    assert Assignment.objects.active().count() == 1
    assert Assignment.objects.count() == 2


def test_establishments_change_hands_in_both_directions_without_a_deadlock():
    first, second = AssignmentFactory(), AssignmentFactory()

    def act(number):
        one, other = (first, second) if number % 2 else (second, first)
        return assignments.reassign(
            establishment=one.establishment,
            from_seller=one.seller_id,
            to_seller=other.seller_id,
        )

    results = together(8, act)
    done = [one for one in results if isinstance(one, assignments.Reassigned)]
    assert len(done) == 2
    others = {type(one).__name__ for one in results} - {"Reassigned"}
    assert others == {"NotAssignedTo"}


def test_tasks_that_run_at_once_end_each_row_once():
    for _ in range(12):
        AssignmentFactory(valid_until=day(-1))
    seq = clock.reading().seq
    counts = together(4, lambda _: assignments.end_what_is_over())
    assert sum(counts) == 12
    assert clock.reading().seq == seq + 12
    assert not Assignment.objects.active().exists()


def test_the_task_leaves_what_somebody_is_at_to_them():
    busy, free = AssignmentFactory(valid_until=day(-1)), AssignmentFactory(valid_until=day(-1))

    def act(number):
        if number == 0:
            with transaction.atomic():
                Assignment.objects.select_for_update().get(pk=busy.pk)
                time.sleep(0.6)
            return None
        time.sleep(0.2)
        started = time.monotonic()
        return assignments.end_what_is_over(), time.monotonic() - started

    _, (count, seconds) = together(2, act)
    assert (count, seconds < 0.3) == (1, True)
    assert Assignment.objects.active().get() == busy
    assert assignments.end_what_is_over() == 1
    free.refresh_from_db()
    assert free.state == "ended"
