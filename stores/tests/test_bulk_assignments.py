"""Assignments in bulk, by the seller's e-mail, the establishment's code and the first day."""

import datetime as dt

import pytest
from django.db import transaction

from core.models import JournalEntry
from core.roles import Role
from stores import clock
from stores.errors import UnknownEstablishment, UnknownSeller
from stores.files.assignments import AssignmentBulk
from stores.models import Assignment
from stores.services import establishments
from stores.tests.factories import AssignmentFactory, EstablishmentFactory, SellerFactory, today
from stores.tests.helpers_catalogue import done, history_of, send
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def seller(db):
    return SellerFactory(email="ana@example.com")


@pytest.fixture
def store(db):
    return EstablishmentFactory(code="EST-1")


def row(seller="ana@example.com", establishment="EST-1", **period):
    days = {name: day and day.isoformat() for name, day in period.items()}
    return {"seller": seller, "establishment": establishment, **days}


def faults(*rows):
    with nothing_changes():
        batch = AssignmentBulk().check([*rows])
    return [(fault.index, fault.field, fault.code) for fault in batch.faults]


def write(*rows):
    bulk = AssignmentBulk()
    batch = bulk.check([*rows])
    assert batch.faults == []
    counts = bulk.write(batch)
    return counts.created, counts.updated, counts.unchanged


def shown(assignment):
    return (
        assignment.seller_id,
        assignment.establishment_id,
        assignment.valid_from,
        assignment.valid_until,
        assignment.state,
    )


def test_new_ones_begin_today_and_are_stamped(seller, store):
    other = EstablishmentFactory(code="EST-2")
    before = clock.reading().seq
    rows = [
        row("ANA@Example.com", "est-1"),
        row(establishment="EST-2", valid_from=today() + DAY, valid_until=today() + 9 * DAY),
    ]
    assert write(*rows) == (2, 0, 0)
    first, second = Assignment.objects.order_by("establishment")
    assert shown(first) == (seller.pk, store.pk, today(), None, "active")
    last = today() + 9 * DAY
    assert shown(second) == (seller.pk, other.pk, today() + DAY, last, "active")
    assert sorted([first.seq, second.seq]) == [before + 1, before + 2]
    assert clock.reading().seq == before + 2
    assert [action for action, _changes in history_of(first)] == ["create"]
    with nothing_changes():
        assert write(*rows) == (0, 0, 2)


def test_a_stored_one_gets_its_last_day(seller, store):
    assignment = AssignmentFactory(seller=seller, establishment=store)
    before = clock.reading().seq
    begun = assignment.valid_from
    with nothing_changes():
        assert write(row(valid_from=begun)) == (0, 0, 1)
    assert write(row(valid_from=begun, valid_until=today())) == (0, 1, 0)
    assignment.refresh_from_db()
    assert shown(assignment)[3:] == (today(), "active")
    assert assignment.seq == clock.reading().seq == before + 1
    assert write(row(valid_from=begun, valid_until=today() - DAY)) == (0, 1, 0)
    assignment.refresh_from_db()
    assert shown(assignment)[3:] == (today() - DAY, "ended")
    with nothing_changes():
        assert write(row(valid_from=begun, valid_until=today() - DAY)) == (0, 0, 1)


def test_what_is_over_is_stored_as_ended_and_leaves_room_for_the_next(seller, store):
    first = AssignmentFactory(seller=seller, establishment=store)
    rows = [
        row(valid_from=first.valid_from - 9 * DAY, valid_until=first.valid_from - DAY),
        row(valid_from=first.valid_from, valid_until=today() - DAY),
        row(valid_from=today()),
    ]
    assert write(*rows) == (2, 1, 0)
    found = Assignment.objects.order_by("valid_from").values_list("state", flat=True)
    assert [*found] == ["ended", "ended", "active"]


def test_ended_and_anew_on_one_day_are_one_key_whose_row_is_the_latest(seller, store):
    period = {"seller": seller, "establishment": store, "valid_from": today()}
    AssignmentFactory(**period, state="ended", valid_until=today(), released_on=today())
    AssignmentFactory(**period)
    with nothing_changes():
        assert write(row(valid_from=today())) == (0, 0, 1)
        assert write(row(valid_from=today(), valid_until=None)) == (0, 0, 1)


def test_who_and_what_is_unknown(seller, store):
    UserFactory(email="admin@example.com", role="ADMIN")
    SellerFactory(email="gone@example.com", is_active=False)
    EstablishmentFactory(code="EST-OFF", state="inactive")
    assert faults(
        row("nobody@example.com"),
        row("admin@example.com"),
        row("gone@example.com"),
        row(establishment="EST-NONE"),
        row(establishment="EST-OFF"),
        row("nobody@example.com", "EST-NONE"),
    ) == [
        (0, "seller", "unknown_seller"),
        (1, "seller", "unknown_seller"),
        (2, "seller", "unknown_seller"),
        (3, "establishment", "unknown_establishment"),
        (4, "establishment", "unknown_establishment"),
        (5, "seller", "unknown_seller"),
        (5, "establishment", "unknown_establishment"),
    ]


def test_rows_of_former_sellers_and_closed_establishments_stay(seller, store):
    assignment = AssignmentFactory(seller=seller, establishment=store)
    seller.is_active = False
    seller.save()
    establishments.retire_establishment(establishment=store)
    with nothing_changes():
        last = today()
        assert write(row(valid_from=assignment.valid_from, valid_until=last)) == (0, 0, 1)


def test_periods_that_cannot_be(seller, store):
    ended = AssignmentFactory(seller=seller, establishment=store, ended=True)
    AssignmentFactory(seller=seller, establishment=EstablishmentFactory(code="EST-2"))
    assert faults(
        row(valid_from=ended.valid_from, valid_until=today()),
        row(valid_from=today(), valid_until=today() - DAY),
        row(establishment="EST-2"),
        row(valid_from=today() + DAY),
        row(valid_from=today() + 2 * DAY),
    ) == [
        (0, "valid_until", "assignment_ended"),
        (1, "valid_until", "before_start"),
        (2, "establishment", "already_assigned"),
        (4, "establishment", "already_assigned"),
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"seller": 7}, ("seller", "not_text")),
        ({"seller": "ana"}, ("seller", "invalid")),
        ({"establishment": None}, ("establishment", "null")),
        ({"valid_from": "27/11/2026"}, ("valid_from", "invalid")),
        ({"valid_from": None}, ("valid_from", "null")),
        ({"valid_until": "2026-02-30"}, ("valid_until", "invalid")),
        ({"valid_until": 20261127}, ("valid_until", "invalid")),
        ({"valid_until": "9999-12-31"}, ("valid_until", "invalid")),
    ],
)
def test_bad_fields(seller, store, change, fault):
    assert faults({**row(), **change}) == [(0, *fault)]


def test_rows_without_their_key(seller, store):
    assert faults({"seller": "ana@example.com"}, {"establishment": "EST-1"}, row(), row()) == [
        (0, "establishment", "required"),
        (1, "seller", "required"),
        (3, "seller", "repeated"),
    ]


def test_who_stopped_since_the_check_gets_nothing(seller, store):
    bulk = AssignmentBulk()
    batch = bulk.check([row()])
    seller.is_active = False
    seller.save()
    with nothing_changes(), pytest.raises(UnknownSeller), transaction.atomic():
        bulk.write(batch)
    seller.is_active = True
    seller.save()
    establishments.retire_establishment(establishment=store)
    with nothing_changes(), pytest.raises(UnknownEstablishment), transaction.atomic():
        bulk.write(batch)


@pytest.mark.parametrize("count", [1, 10, 50])
def test_any_number_of_rows_takes_the_same_queries(seller, count, django_assert_num_queries):
    rows = [row(establishment=EstablishmentFactory().code) for _ in range(count)]
    # sellers, establishments, stored; both locked, insert, journal, clock, versions
    with django_assert_num_queries(9):
        assert write(*rows) == (count, 0, 0)


# -- over HTTP and in files -----------------------------------------------------------------------
def test_a3_the_route_and_the_file(admin_api, client_for, seller, store):
    path = "/api/assignments/bulk"
    bad = row("nobody@example.com")
    with nothing_changes():
        answer = send(admin_api, path, [row(), bad])
        assert_problem(answer, 422, "bulk_refused", field="seller")
        assert_problem(send(client_for(Role.SUPPORT), path, [row()]), 403, "permission_denied")
        assert_problem(send(client_for(seller), path, [row()]), 403, "permission_denied")
    before = clock.reading().seq
    answer = send(admin_api, path, {"rows": [row(), bad]}, policy="keep_good")
    assert done(answer) == (1, 0, 0, 1)
    assert clock.reading().seq == before + 1
    AssignmentFactory(ended=True)
    support = client_for(Role.SUPPORT)
    lines = b"".join(support.get("/api/assignments.csv").streaming_content).decode().splitlines()
    assert lines[0] == "seller,establishment,valid_from,valid_until"
    assert lines[1] == f"ana@example.com,EST-1,{today()},"
    assert len(lines) == 3
    entry = JournalEntry.objects.latest("id")
    assert (entry.action, entry.model, entry.count) == ("export", "stores.Assignment", 2)
    lines = admin_api.get(f"/api/assignments.csv?seller={seller.pk}&state=active")
    assert len(b"".join(lines.streaming_content).decode().splitlines()) == 2
    for client in (client_for(seller), client_for(Role.USER)):
        assert_problem(client.get("/api/assignments.csv"), 403, "permission_denied")
