"""The contract of ``POST /api/establishments/{id}/reassign``."""

import pytest

from core.models import JournalEntry
from core.roles import Role
from stores.models import Assignment
from stores.tests.factories import AssignmentFactory, EstablishmentFactory, SellerFactory
from stores.tests.helpers_dates import iso
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def former():
    return AssignmentFactory()


@pytest.fixture
def path(former):
    return f"/api/establishments/{former.establishment_id}/reassign"


def shown(assignment, **changes):
    return {
        "id": assignment.pk,
        "seller": assignment.seller_id,
        "establishment": assignment.establishment_id,
        "valid_from": assignment.valid_from.isoformat(),
        "valid_until": None,
        "state": "active",
        **changes,
    }


def test_today(admin_api, client_for, path, former):
    new = SellerFactory()
    answer = admin_api.post(path, {"from": former.seller_id, "to": new.pk})
    started = Assignment.objects.latest("pk")
    assert answer.status_code == 200
    assert answer.json() == {
        "ended": shown(former, valid_until=iso(-1), state="ended"),
        "started": shown(started, seller=new.pk, valid_from=iso()),
    }
    for seller, listed in ((former.seller, []), (new, [started.pk])):
        results = client_for(seller).get("/api/assignments").json()["results"]
        assert [row["id"] for row in results] == listed
    entries = JournalEntry.objects.order_by("-pk")[:2]
    assert {entry.actor_id for entry in entries} == {admin_api.user.pk}


def test_later(admin_api, path, former):
    new = SellerFactory()
    answer = admin_api.post(path, {"from": former.seller_id, "to": new.pk, "on": iso(4)})
    started = Assignment.objects.latest("pk")
    assert answer.json() == {
        "ended": shown(former, valid_until=iso(3)),
        "started": shown(started, seller=new.pk, valid_from=iso(4)),
    }


def test_refusals_change_nothing(admin_api, path, former):
    new, other = SellerFactory().pk, AssignmentFactory(establishment=former.establishment)
    sent = {"from": former.seller_id, "to": new}
    with nothing_changes():
        past = admin_api.post(path, {**sent, "on": iso(-1)})
        assert_problem(past, 422, "in_the_past", field="on")
        unknown = admin_api.post(path, {**sent, "to": 2**62})
        assert_problem(unknown, 400, "unknown_seller", field="to")
        not_theirs = admin_api.post(path, {**sent, "from": new})
        assert_problem(not_theirs, 409, "not_assigned_to")
        twice = admin_api.post(path, {**sent, "to": other.seller_id})
        assert_problem(twice, 409, "already_assigned")
        nowhere = admin_api.post(f"/api/establishments/{2**62}/reassign", sent)
        assert_problem(nowhere, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "from"),
        ({"from": 1}, "to"),
        ({"from": "1", "to": 2}, "from"),
        ({"from": 1, "to": True}, "to"),
        ({"from": 0, "to": 2}, "from"),
        ({"from": 1, "to": 2, "on": "soon"}, "on"),
        ({"from": 1, "to": 2, "on": None}, "on"),
    ],
)
def test_bad_fields_are_named(admin_api, path, body, field):
    with nothing_changes():
        assert_problem(admin_api.post(path, body), 400, "invalid", field=field)


@pytest.mark.parametrize("role", [role for role in Role.values if role != "ADMIN"])
def test_admin_only(client_for, path, former, role):
    with nothing_changes():
        answer = client_for(role).post(path, {"from": former.seller_id, "to": 1})
    assert_problem(answer, 403, "permission_denied")


def test_an_inactive_establishment_is_nobodys(admin_api, former):
    store = EstablishmentFactory(state="inactive")
    with nothing_changes():
        answer = admin_api.post(
            f"/api/establishments/{store.pk}/reassign",
            {"from": former.seller_id, "to": SellerFactory().pk},
        )
    assert_problem(answer, 409, "not_assigned_to")
