"""The contract of assignments over HTTP: who visits what, and until when."""

import pytest

from core.models import JournalEntry
from core.roles import Role
from stores import clock
from stores.models import Assignment, Establishment
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    SellerFactory,
)
from stores.tests.helpers_dates import day, iso
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def shown(assignment):
    """Return an assignment as it is answered."""
    return {
        "id": assignment.pk,
        "seller": assignment.seller_id,
        "establishment": assignment.establishment_id,
        "valid_from": assignment.valid_from.isoformat(),
        "valid_until": assignment.valid_until and assignment.valid_until.isoformat(),
        "state": assignment.state,
    }


@pytest.fixture
def body():
    return {"seller": SellerFactory().pk, "establishment": EstablishmentFactory().pk}


# -- create ------------------------------------------------------------------------------------
def test_a_seller_gets_an_establishment_from_today_on(admin_api, body):
    seq = clock.reading().seq
    before = Establishment.objects.values().get()
    answer = admin_api.post("/api/assignments", body)
    assignment = Assignment.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": assignment.pk,
        **body,
        "valid_from": iso(),
        "valid_until": None,
        "state": "active",
    }
    assert answer["Location"] == f"/api/assignments/{assignment.pk}"
    again = admin_api.get(answer["Location"])
    assert (again.json(), again["ETag"]) == (answer.json(), answer["ETag"])
    assert (assignment.seq, clock.reading().seq) == (seq + 1, seq + 1)
    assert Establishment.objects.values().get() == before, "its row says nothing of who visits"
    entry = JournalEntry.objects.latest("pk")
    assert (entry.action, entry.object_id) == ("create", str(assignment.pk))
    assert entry.actor_id == admin_api.user.pk


def test_a_period_may_have_begun_and_may_have_an_end(admin_api, body):
    body |= {"valid_from": iso(-90), "valid_until": iso()}
    answer = admin_api.post("/api/assignments", body)
    assert (answer.status_code, answer.json()["state"]) == (201, "active")
    assert Assignment.objects.covering(day(-90)).exists()
    assert Assignment.objects.covering(day()).exists()
    assert not Assignment.objects.covering(day(1)).exists()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"seller": None}, "seller", "null"),
        ({"seller": "12"}, "seller", "invalid"),
        ({"seller": True}, "seller", "invalid"),
        ({"seller": 0}, "seller", "min_value"),
        ({"establishment": 1.5}, "establishment", "invalid"),
        ({"establishment": -3}, "establishment", "min_value"),
        ({"valid_from": None}, "valid_from", "null"),
        ({"valid_from": "tomorrow"}, "valid_from", "invalid"),
        ({"valid_from": "2026-12-01T00:00:00"}, "valid_from", "invalid"),
        ({"valid_until": "9999-12-31"}, "valid_until", "invalid"),
        ({"valid_from": iso(3), "valid_until": iso(2)}, "valid_until", "before_start"),
        ({"valid_until": iso(-1)}, "valid_until", "before_start"),
    ],
)
def test_bad_fields_are_named_and_nothing_is_stored(admin_api, body, change, field, code):
    with nothing_changes():
        answer = admin_api.post("/api/assignments", {**body, **change})
    problem = assert_problem(answer, 400, "invalid", field=field)
    assert [one["code"] for one in problem["errors"]] == [code]


def test_an_end_in_the_past_is_refused(admin_api, body):
    body |= {"valid_from": iso(-9), "valid_until": iso(-1)}
    with nothing_changes():
        answer = admin_api.post("/api/assignments", body)
    assert_problem(answer, 422, "in_the_past", field="valid_until")


@pytest.mark.parametrize("who", ["nobody", "admin", "inactive", "removed"])
def test_only_an_active_seller_gets_an_establishment(admin_api, body, who):
    users = {
        "nobody": lambda: 2**62,
        "admin": lambda: UserFactory(role=Role.ADMIN).pk,
        "inactive": lambda: SellerFactory(is_active=False).pk,
        "removed": lambda: UserFactory(role=Role.USER, is_active=False).pk,
    }
    body["seller"] = users[who]()
    with nothing_changes():
        answer = admin_api.post("/api/assignments", body)
    assert_problem(answer, 400, "unknown_seller", field="seller")


@pytest.mark.parametrize("is_there", [True, False])
def test_only_an_active_establishment_is_assigned(admin_api, body, is_there):
    inactive = EstablishmentFactory(state="inactive").pk
    body["establishment"] = inactive if is_there else 2**62
    with nothing_changes():
        answer = admin_api.post("/api/assignments", body)
    assert_problem(answer, 400, "unknown_establishment", field="establishment")


def test_a_seller_has_an_establishment_once_and_a7_again_after_its_end(admin_api, body):
    first = admin_api.post("/api/assignments", body)
    with nothing_changes():
        answer = admin_api.post("/api/assignments", {**body, "valid_from": iso(30)})
    assert_problem(answer, 409, "already_assigned")
    assert admin_api.delete(first["Location"]).status_code == 204
    again = admin_api.post("/api/assignments", body)
    assert again.status_code == 201
    ended, active = Assignment.objects.order_by("pk")
    assert [(one.state, one.valid_from) for one in (ended, active)] == [
        ("ended", day()),
        ("active", day()),
    ]
    assert active.seq > ended.seq, "the phone hears last that it has it"
    other = SellerFactory()
    assert admin_api.post("/api/assignments", {**body, "seller": other.pk}).status_code == 201


def test_a_repeated_post_with_its_key_assigns_once(admin_api, body):
    first = admin_api.post("/api/assignments", body, HTTP_IDEMPOTENCY_KEY="k-1")
    with nothing_changes():
        again = admin_api.post("/api/assignments", body, HTTP_IDEMPOTENCY_KEY="k-1")
    assert (again.status_code, again.json()) == (201, first.json())


# -- change ------------------------------------------------------------------------------------
def test_a_period_moves(admin_api):
    assignment = AssignmentFactory()
    path = f"/api/assignments/{assignment.pk}"
    answer = admin_api.patch(path, {"valid_from": iso(-90), "valid_until": iso(9)})
    seq = assignment.seq
    assignment.refresh_from_db()
    assert (answer.status_code, answer.json()) == (200, shown(assignment))
    assert (assignment.valid_from, assignment.valid_until) == (day(-90), day(9))
    assert assignment.seq == seq + 1 == clock.reading().seq
    entry = JournalEntry.objects.latest("pk")
    assert entry.changes == {
        "valid_from": [iso(-60), iso(-90)],
        "valid_until": [None, iso(9)],
    }
    with nothing_changes():
        assert admin_api.put(path, answer.json()).status_code == 200
        assert admin_api.patch(path, {}).status_code == 200
    assert admin_api.patch(path, {"valid_until": None}).json()["valid_until"] is None


@pytest.mark.parametrize("field", ["seller", "establishment"])
def test_an_assignment_is_not_moved_to_another_pair(admin_api, field):
    path = f"/api/assignments/{AssignmentFactory().pk}"
    other = AssignmentFactory()
    with nothing_changes():
        answer = admin_api.patch(path, {field: getattr(other, f"{field}_id")})
    problem = assert_problem(answer, 400, "invalid", field=field)
    assert problem["errors"][0]["code"] == "fixed"


def test_a_period_that_would_be_over_is_refused(admin_api):
    assignment = AssignmentFactory()
    path = f"/api/assignments/{assignment.pk}"
    with nothing_changes():
        late = admin_api.patch(path, {"valid_until": iso(-1)})
        turned = admin_api.patch(path, {"valid_until": iso(-61)})
        turned_too = admin_api.patch(path, {"valid_from": iso(3), "valid_until": iso(1)})
    assert_problem(late, 422, "in_the_past", field="valid_until")
    for answer in (turned, turned_too):
        assert_problem(answer, 400, "invalid", field="valid_until")


def test_what_has_ended_stays_as_it_was(admin_api):
    assignment = AssignmentFactory(ended=True)
    path = f"/api/assignments/{assignment.pk}"
    with nothing_changes():
        assert_problem(admin_api.patch(path, {"valid_until": None}), 409, "assignment_ended")
        assert_problem(admin_api.put(path, shown(assignment)), 409, "assignment_ended")
        assert admin_api.delete(path).status_code == 204, "safe twice"


# -- end ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("valid_from", "valid_until", "ends"),
    [(-60, None, 0), (-60, 30, 0), (0, None, 0), (5, None, 5), (5, 9, 5), (-60, -1, -1)],
)
def test_a_deleted_assignment_ends_today(admin_api, client_for, valid_from, valid_until, ends):
    until = None if valid_until is None else day(valid_until)
    assignment = AssignmentFactory(valid_from=day(valid_from), valid_until=until)
    seller = client_for(assignment.seller)
    path = f"/api/assignments/{assignment.pk}"
    assert seller.get(path).status_code == 200
    seq = assignment.seq
    answer = admin_api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assignment.refresh_from_db()
    assert (assignment.state, assignment.valid_until) == ("ended", day(ends))
    was_over = ends < 0
    assert assignment.released_on == (None if was_over else day())
    assert assignment.seq == seq + 1 == clock.reading().seq
    entry = JournalEntry.objects.latest("pk")
    assert (entry.actor_id, entry.changes["state"]) == (
        admin_api.user.pk,
        ["active", "ended"],
    )
    is_theirs = valid_from <= 0 and not was_over
    covering = Assignment.objects.covering(day())
    assert covering.exists() == is_theirs, "today's visits are still the seller's"
    assert not Assignment.objects.covering(day(6)).exists()
    assert_problem(seller.get(path), 404, "not_found")
    for role in ("ADMIN", "SUPPORT"):
        assert client_for(role).get(path).json() == shown(assignment)


# -- read --------------------------------------------------------------------------------------
def test_a32_sellers_see_their_own_active_ones_only(client_for):
    mine = AssignmentFactory()
    ended = AssignmentFactory(seller=mine.seller, ended=True)
    others = AssignmentFactory()
    seller = client_for(mine.seller)
    assert seller.get("/api/assignments").json()["results"] == [shown(mine)]
    for query in ("state=all", f"seller={others.seller_id}&state=all", "state=ended"):
        found = seller.get(f"/api/assignments?{query}").json()["results"]
        assert [row["id"] for row in found] in ([], [mine.pk])
    assert seller.get(f"/api/assignments/{mine.pk}").json() == shown(mine)
    for hidden in (ended, others):
        assert_problem(seller.get(f"/api/assignments/{hidden.pk}"), 404, "not_found")


def test_lists_are_filtered(client_for):
    bogota = CityFactory(code="11001", name="Bogotá")
    first = AssignmentFactory()
    second = AssignmentFactory(seller=first.seller, establishment__city=bogota)
    third = AssignmentFactory(establishment=first.establishment)
    ended = AssignmentFactory(ended=True)
    support = client_for("SUPPORT")

    def ids(query=""):
        return [row["id"] for row in support.get(f"/api/assignments?{query}").json()["results"]]

    assert ids() == ids("state=active") == [first.pk, second.pk, third.pk]
    assert ids("state=ended") == [ended.pk]
    assert ids("state=all") == [first.pk, second.pk, third.pk, ended.pk]
    assert ids(f"seller={first.seller_id}") == [first.pk, second.pk]
    assert ids(f"establishment={first.establishment_id}") == [first.pk, third.pk]
    assert ids("city=11001") == [second.pk]
    assert ids(f"city=11001&seller={third.seller_id}") == []
    assert ids("ordering=-valid_from,-id") == [third.pk, second.pk, first.pk]
    for query in ("state=dead", "seller=x", "city=", "valid_from=2026-01-01"):
        assert support.get(f"/api/assignments?{query}").status_code == 400


@pytest.mark.parametrize("key", ["0", "01", "x", "9" * 18, "9" * 40])
def test_there_is_no_assignment_of_another_key(admin_api, key):
    for method in ("get", "patch", "delete"):
        answer = getattr(admin_api, method)(f"/api/assignments/{key}")
        assert_problem(answer, 404, "not_found")
