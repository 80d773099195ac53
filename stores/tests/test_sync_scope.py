"""What is on a phone follows who visits what, whichever row changed (A6, A7, A8)."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from stores import clock
from stores.constants import AssignmentState, State
from stores.models import Assignment, Establishment
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    SellerFactory,
    TypologyFactory,
)
from stores.tests.helpers_sync import pull_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return EstablishmentFactory()


@pytest.fixture
def first(store):
    return AssignmentFactory(establishment=store)


@pytest.fixture
def phone(client_for, first):
    return client_for(first.seller)


def end(assignment: Assignment) -> None:
    """End an assignment at once, as the service does."""
    today = timezone.localdate()
    with transaction.atomic():
        assignment.state, assignment.released_on = AssignmentState.ENDED, today
        assignment.valid_until = max(assignment.valid_from, today - dt.timedelta(days=1))
        assignment.save()
        clock.stamp(assignment)


def change(store: Establishment, **fields: object) -> None:
    with transaction.atomic():
        for name, value in fields.items():
            setattr(store, name, value)
        store.save()
        clock.stamp(store)


def news(client, checkpoint):
    """Return what an up-to-date phone gets of establishments, and that it gets it once."""
    documents, after = pull_all(client, "establishments", checkpoint)
    assert client.get("/api/sync").json()["heads"]["establishments"] == after["seq"]
    assert pull_all(client, "establishments", after) == ([], after)
    return documents


def test_a6_an_establishment_goes_from_one_phone_to_another_without_changing(
    client_for, phone, first, store
):
    _, checkpoint = pull_all(phone, "establishments")
    to = SellerFactory()
    other = client_for(to)
    _, others = pull_all(other, "establishments")
    with transaction.atomic():
        end(first)
        AssignmentFactory(seller=to, establishment=store, valid_from=timezone.localdate())
    assert news(phone, checkpoint) == [{"id": str(store.pk), "_deleted": True}]
    (document,) = news(other, others)
    assert (document["id"], document["_deleted"]) == (str(store.pk), False)
    assert document["name"] == store.name
    seq = store.seq
    store.refresh_from_db()
    assert store.seq == seq


def test_a7_ended_and_assigned_again_on_one_day_is_one_document(phone, first, store):
    _, checkpoint = pull_all(phone, "establishments")
    end(first)
    again = AssignmentFactory(
        seller=first.seller, establishment=store, valid_from=timezone.localdate()
    )
    for start in (checkpoint, None):
        (document,) = news(phone, start)
        assert document["_deleted"] is False
        assert document["assigned_from"] == again.valid_from.isoformat()
        assert document["assigned_until"] is None


def test_a7_between_ending_and_assigning_again_the_phone_drops_it(phone, first, store):
    _, checkpoint = pull_all(phone, "establishments")
    end(first)
    assert news(phone, checkpoint) == [{"id": str(store.pk), "_deleted": True}]
    checkpoint = pull_all(phone, "establishments", checkpoint)[1]
    AssignmentFactory(seller=first.seller, establishment=store)
    assert [document["_deleted"] for document in news(phone, checkpoint)] == [False]


def test_an_old_assignment_that_is_corrected_moves_the_document_and_takes_nothing(
    phone, first, store
):
    end(first)
    AssignmentFactory(seller=first.seller, establishment=store)
    _, checkpoint = pull_all(phone, "establishments")
    with transaction.atomic():
        clock.stamp(first)
    assert [document["_deleted"] for document in news(phone, checkpoint)] == [False]


def test_a8_the_phone_hears_of_a_changed_typology(phone, store):
    _, checkpoint = pull_all(phone, "establishments")
    change(store, typology=TypologyFactory(code="bakery", name="Panadería"))
    assert [document["typology"] for document in news(phone, checkpoint)] == ["bakery"]


def test_an_inactive_establishment_leaves_and_comes_back(phone, store):
    _, checkpoint = pull_all(phone, "establishments")
    change(store, state=State.INACTIVE)
    assert news(phone, checkpoint) == [{"id": str(store.pk), "_deleted": True}]
    _, checkpoint = pull_all(phone, "establishments", checkpoint)
    change(store, state=State.ACTIVE)
    assert [document["_deleted"] for document in news(phone, checkpoint)] == [False]


def test_what_another_seller_lost_or_got_is_no_news(phone, first):
    _, checkpoint = pull_all(phone, "establishments")
    end(AssignmentFactory())
    change(EstablishmentFactory(), name="Tienda La Esquina")
    assert news(phone, checkpoint) == []


def test_one_that_begins_later_is_on_the_phone_with_its_day(client_for, store):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    later = AssignmentFactory(establishment=store, valid_from=tomorrow)
    (document,) = news(client_for(later.seller), None)
    assert document["assigned_from"] == tomorrow.isoformat()


def test_two_sellers_of_one_establishment_see_their_own_days(client_for, store):
    day = dt.date(2026, 3, 1)
    sellers = [
        AssignmentFactory(establishment=store, valid_from=day + dt.timedelta(days=days)).seller
        for days in (0, 1)
    ]
    seen = [news(client_for(seller), None)[0]["assigned_from"] for seller in sellers]
    assert seen == ["2026-03-01", "2026-03-02"]
