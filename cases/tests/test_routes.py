"""A case from its first report to its end, as those who call the API see it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case, CaseEvent
from cases.tests.factories import CaseEventFactory, CaseFactory, SellerFactory, SupporterFactory
from core.models import JournalEntry
from core.roles import Role
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_question_is_filed_taken_answered_and_opened_again(seller, support):
    made = seller.post("/api/cases", {"kind": "question", "subject": "No stores", "priority": 1})
    assert made.status_code == 201, made.json()
    case = made.json()
    path = made["Location"]
    assert path == f"/api/cases/{case['id']}"
    assert (case["number"], case["state"], case["priority"]) == (f"C-{case['id']}", "new", 2)
    assert case["reporter"] == seller.user.pk
    assert support.get(f"/api/cases/C-{case['id']}").json() == support.get(path).json()
    taken = support.post(f"{path}/take")
    assert (taken.status_code, taken.json()["state"]) == (200, "open")
    assert taken.json()["assignee"] == support.user.pk
    waits = support.post(f"{path}/wait", {"for": "seller", "note": "Which phone?"})
    assert (waits.status_code, waits.json()["state"]) == (200, "waiting_seller")
    assert waits.json()["answer"] == "Which phone?"
    assert waits.json()["first_responded_at"] is not None
    back = seller.post(f"{path}/reply", {"text": "An old one."})
    assert (back.status_code, back.json()["state"]) == (200, "open")
    done = support.post(f"{path}/resolve", {"resolution": "answered", "note": "Update it."})
    assert (done.status_code, done.json()["state"]) == (200, "resolved"), done.json()
    assert done.json()["resolution"] == "answered"
    again = seller.post(f"{path}/reopen", {"note": "No."})
    assert (again.status_code, again.json()["state"]) == (200, "reopened")
    events = seller.get(f"{path}/events").json()["results"]
    assert [(one["kind"], one["to_state"], one["note"]) for one in events] == [
        ("opened", "new", ""),
        ("moved", "waiting_seller", "Which phone?"),
        ("answered", "", "An old one."),
        ("moved", "open", ""),
        ("moved", "resolved", "Update it."),
        ("moved", "reopened", "No."),
    ]
    assert CaseEvent.objects.filter(case=case["id"]).count() == 7
    assert Case.objects.count() == 1


def path_of(case, *rest):
    return "/".join(["/api/cases", str(case.pk), *rest])


def rows():
    return list(Case.objects.order_by("id").values()), CaseEvent.objects.count()


# -- who sees what -------------------------------------------------------------------------------
def test_a32_a_seller_sees_what_they_filed_and_nothing_else(seller, support):
    mine, other = CaseFactory(reporter=seller.user), CaseFactory(reporter=SellerFactory())
    CaseEventFactory(case=mine)
    CaseEventFactory(case=mine, kind="replied", note="Hello.", visible_to_seller=True)
    assert [one["id"] for one in seller.get("/api/cases").json()["results"]] == [mine.pk]
    assert [one["id"] for one in support.get("/api/cases").json()["results"]] == [other.pk, mine.pk]
    for path in (path_of(other), path_of(other, "events")):
        assert_problem(seller.get(path), 404, "not_found")
    for action, body in (("reply", {"text": "x"}), ("reopen", {})):
        assert_problem(seller.post(path_of(other, action), body), 404, "not_found")
    notes = seller.get(path_of(mine, "events")).json()["results"]
    assert [one["note"] for one in notes] == ["Hello."]
    assert len(support.get(path_of(mine, "events")).json()["results"]) == 2


@pytest.mark.parametrize("role", [Role.USER, Role.CLINICIAN])
def test_a32_nobody_else_has_to_do_with_cases(client_for, role):
    client, case = client_for(role), CaseFactory()
    for path in ("/api/cases", path_of(case), path_of(case, "events")):
        assert_problem(client.get(path), 403, "permission_denied")
    assert_problem(client.post("/api/cases", {"kind": "question"}), 403, "permission_denied")


def test_a_seller_does_not_do_supports_work(seller):
    case = CaseFactory(reporter=seller.user)
    before = rows()
    for action in ("take", "assign", "wait", "resolve", "duplicate"):
        assert_problem(seller.post(path_of(case, action), {}), 403, "permission_denied")
    assert_problem(seller.patch(path_of(case), {"priority": 1}), 403, "permission_denied")
    assert rows() == before


# -- addresses -----------------------------------------------------------------------------------
@pytest.mark.parametrize("spelled", ["C-{}", "c-{}", "{}"])
def test_a_number_is_an_address_with_or_without_its_letter(support, spelled):
    case = CaseFactory()
    path = f"/api/cases/{spelled.format(case.pk)}"
    assert support.get(path).json()["number"] == f"C-{case.pk}"
    assert support.get(f"{path}/events").status_code == 200


@pytest.mark.parametrize("spelled", ["C-", "C-0", "C--1", "01", "D-1", "C-1.0", "9" * 20, "C- 1"])
def test_what_is_no_number_is_404(support, spelled):
    for rest in ("", "/events"):
        assert_problem(support.get(f"/api/cases/{spelled}{rest}"), 404, "not_found")


# -- filing --------------------------------------------------------------------------------------
def test_support_files_for_somebody_with_a_priority(support):
    who = SellerFactory()
    body = {"kind": "question", "subject": "Called", "priority": 1, "reporter": who.pk,
            "details": "a\r\nb", "request_id": "r1", "app_version": "2.1"}  # fmt: skip
    made = support.post("/api/cases", body)
    assert made.status_code == 201
    assert made["ETag"] == support.get(made["Location"])["ETag"]
    shown = made.json()
    assert (shown["reporter"], shown["priority"], shown["details"]) == (who.pk, 1, "a\nb")
    assert (shown["request_id"], shown["app_version"]) == ("r1", "2.1")
    event = CaseEvent.objects.get()
    assert (event.kind, event.actor_id, event.visible_to_seller) == (
        "opened",
        support.user.pk,
        True,
    )


def test_a_seller_files_only_what_sellers_may(seller, yoghurts):
    for kind in ("yoghurt", "no-such-kind"):
        response = seller.post("/api/cases", {"kind": kind, "subject": "x"})
        assert_problem(response, 400, "unknown_case_kind", field="kind")
    assert not Case.objects.exists()


def test_a_repeated_key_files_once(seller):
    body = {"kind": "question", "subject": "No stores"}
    answers = [seller.post("/api/cases", body, HTTP_IDEMPOTENCY_KEY="a1") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "x"}, "kind"),
        ({"kind": "question"}, "subject"),
        ({"kind": "question", "subject": " "}, "subject"),
        ({"kind": "question", "subject": "a\nb"}, "subject"),
        ({"kind": "question", "subject": "x" * 201}, "subject"),
        ({"kind": ["question"], "subject": "x"}, "kind"),
        ({"kind": "question", "subject": "x", "details": "\u202e"}, "details"),
        ({"kind": "question", "subject": "x", "details": "x" * 4001}, "details"),
        ({"kind": "question", "subject": "x", "priority": 4}, "priority"),
        ({"kind": "question", "subject": "x", "priority": "1"}, "priority"),
        ({"kind": "question", "subject": "x", "priority": True}, "priority"),
        ({"kind": "question", "subject": "x", "request_id": "x" * 65}, "request_id"),
    ],
)
def test_what_is_no_case_is_refused(support, body, field):
    assert_problem(support.post("/api/cases", body), 400, "invalid", field=field)
    assert (Case.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_a_case_is_filed_for_active_users_only(support):
    gone = UserFactory(is_active=False)
    for who in (gone.pk, 10**9):
        body = {"kind": "question", "subject": "x", "reporter": who}
        assert_problem(support.post("/api/cases", body), 400, "unknown_reporter", field="reporter")
    assert not Case.objects.exists()


# -- work ----------------------------------------------------------------------------------------
def test_a_taken_case_is_not_taken_by_another(support, client_for):
    case = CaseFactory()
    assert support.post(path_of(case, "take")).status_code == 200
    before = rows()
    assert support.post(path_of(case, "take")).status_code == 200  # it is theirs
    other = client_for(SupporterFactory())
    assert_problem(other.post(path_of(case, "take")), 409, "case_taken")
    assert rows() == before


def test_a25_an_illegal_move_is_409(support):
    case = CaseFactory()
    problem = assert_problem(support.post(path_of(case, "reopen"), {}), 409, "case_state")
    assert problem["state"] == "new"
    assert rows()[1] == 0


def test_assign(support):
    case, colleague = CaseFactory(), SupporterFactory()
    shown = support.post(path_of(case, "assign"), {"assignee": colleague.pk}).json()
    assert (shown["state"], shown["assignee"]) == ("open", colleague.pk)
    shown = support.post(path_of(case, "assign"), {"assignee": None}).json()
    assert (shown["state"], shown["assignee"]) == ("open", None)
    before = rows()
    for who in (SellerFactory().pk, SupporterFactory(is_active=False).pk, 10**9):
        response = support.post(path_of(case, "assign"), {"assignee": who})
        assert_problem(response, 400, "unknown_assignee", field="assignee")
    assert_problem(support.post(path_of(case, "assign"), {}), 400, "invalid", field="assignee")
    assert rows() == before


def test_a_resolution_takes_its_values(support, yoghurts):
    case = CaseFactory(kind="yoghurt", object_label="stores.Group", object_id="7")
    body = {"resolution": "alias_of", "product": 12, "note": "With fruit.", "visible": False}
    shown = support.post(path_of(case, "resolve"), body).json()
    assert (shown["state"], shown["resolution"], shown["answer"]) == ("resolved", "alias_of", "")
    assert shown["resolution_values"] == {"product": 12}
    assert yoghurts.done == [("7", "alias_of", {"product": 12}, "With fruit.")]
    assert not CaseEvent.objects.latest("id").visible_to_seller


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid", "resolution"),
        ({"resolution": "alias"}, "unknown_resolution", "resolution"),
        ({"resolution": "alias_of"}, "resolution_value", "product"),
        ({"resolution": "not_a_product", "product": 1}, "resolution_value", "product"),
        ({"resolution": "alias_of", "product": 1.5}, "invalid", "product"),
        ({"resolution": "alias_of", "product": [1]}, "invalid", "product"),
        ({"resolution": "alias_of", "product": {"id": 1}}, "invalid", "product"),
        ({"resolution": "alias_of", "product": 2**63}, "json_integer_too_large", None),
        ({"resolution": "alias_of", "product": "x" * 256}, "invalid", "product"),
        ({"resolution": "alias_of", "product": "\u202e"}, "invalid", "product"),
        ({"resolution": "alias_of", "product": 1, "visible": "yes"}, "invalid", "visible"),
    ],
)
def test_a_resolution_that_cannot_be_is_400(support, yoghurts, body, code, field):
    case = CaseFactory(kind="yoghurt", object_label="stores.Group", object_id="7")
    before = rows()
    assert_problem(support.post(path_of(case, "resolve"), body), 400, code, field=field)
    assert (rows(), yoghurts.done) == (before, [])


def test_what_the_kind_refuses_leaves_the_case_as_it_was(support, yoghurts):
    case = CaseFactory(kind="yoghurt", object_label="stores.Group", object_id="7")
    before = rows()
    response = support.post(path_of(case, "resolve"), {"resolution": "unreadable"})
    assert_problem(response, 409, "case_state")
    assert rows() == before


def test_duplicate(support):
    original, case = CaseFactory(), CaseFactory()
    shown = support.post(path_of(case, "duplicate"), {"of": original.pk}).json()
    assert (shown["state"], shown["duplicate_of"]) == ("duplicate", original.pk)
    before = rows()
    for of_id, code in ((original.pk, "duplicate_of_itself"), (10**9, "unknown_case")):
        response = support.post(path_of(original, "duplicate"), {"of": of_id})
        assert_problem(response, 400, code, field="of")
    assert rows() == before


def test_a_case_that_ended_long_ago_goes_on_as_a_new_one(seller, clock):
    old = CaseFactory(reporter=seller.user, subject="No stores", state="closed")
    Case.objects.update(resolved_at="2026-01-01T10:00:00Z", created_at="2025-12-31T10:00:00Z")
    answer = seller.post(path_of(old, "reopen"), {"note": "Again."})
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["state"], shown["subject"], shown["details"]) == ("new", "No stores", "Again.")
    assert shown["links"] == {"cases.Case": str(old.pk)}
    assert answer["Location"] == f"/api/cases/{shown['id']}"
    assert seller.get(answer["Location"]).json() == shown
    old.refresh_from_db()
    assert old.state == "closed"


def test_a_case_that_ended_long_ago_is_not_begun_anew_beside_another(support):
    about = {"object_label": "dogs.Dog", "object_id": "7"}
    old = CaseFactory(state="closed", resolved_at="2026-01-01T10:00:00Z", **about)
    latest = CaseFactory(**about)
    before = rows()
    refused = support.post(path_of(old, "reopen"), {"note": "Again."})
    assert_problem(refused, 409, "case_another_open")
    assert refused.json()["existing"] == latest.pk
    assert rows() == before


def test_patch_with_the_tag_that_was_read(support):
    case = CaseFactory()
    tag = support.get(path_of(case))["ETag"]
    done = support.patch(path_of(case), {"subject": "Better", "priority": 1}, HTTP_IF_MATCH=tag)
    assert (done.status_code, done.json()["subject"]) == (200, "Better")
    assert done["ETag"] == support.get(path_of(case))["ETag"] != tag
    before = rows()
    again = support.patch(path_of(case), {"priority": 3}, HTTP_IF_MATCH=tag)
    assert_problem(again, 412, "precondition_failed")
    assert_problem(support.patch(path_of(case), {"priority": 0}), 400, "invalid", field="priority")
    assert rows() == before
    taken = support.post(path_of(case, "take"), HTTP_IF_MATCH=tag)
    assert_problem(taken, 412, "precondition_failed")


# -- lists ---------------------------------------------------------------------------------------
def numbers(client, query):
    response = client.get(f"/api/cases?{query}")
    assert response.status_code == 200, response.json()
    return [one["id"] for one in response.json()["results"]]


def test_filters_and_orders(support, clock):
    now = clock("2026-11-27T10:00")
    soon, late, far = now.replace(hour=11), now.replace(hour=9), now.replace(year=2027)
    mine = CaseFactory(assignee=support.user, state="open", solution_due=soon, priority=1,
                       first_responded_at=now, subject="Yogur frío")  # fmt: skip
    free = CaseFactory(first_response_due=late, solution_due=far)
    waits = CaseFactory(state="waiting_vendor", assignee=SupporterFactory(), solution_due=late)
    done = CaseFactory(state="resolved", object_label="stores.Group", object_id="7")
    assert numbers(support, "assignee=me") == [mine.pk]
    assert numbers(support, "assignee=none&state=new") == [free.pk]
    assert numbers(support, f"assignee={waits.assignee_id}") == [waits.pk]
    assert numbers(support, "state=open,waiting_vendor") == [waits.pk, mine.pk]
    assert numbers(support, "breaching=0") == [free.pk]
    assert numbers(support, "breaching=60") == [free.pk, mine.pk]
    assert numbers(support, "search=FRIO") == [mine.pk]
    assert numbers(support, "priority=1&kind=question") == [mine.pk]
    assert numbers(support, "object_label=stores.Group&object_id=7") == [done.pk]
    assert numbers(support, "state=open,new,waiting_vendor&ordering=due,id") == [
        waits.pk,
        mine.pk,
        free.pk,
    ]


@pytest.mark.parametrize(
    "query",
    ["state=lost", "state=", "assignee=you", "assignee=0", "assignee=%00", "breaching=-1",
     "breaching=soon", "breaching=99999999", "priority=x", "ordering=subject", "number=1"],
)  # fmt: skip
def test_what_no_filter_is_is_400(support, query):
    assert_problem(support.get(f"/api/cases?{query}"), 400, "invalid")


def test_lists_cost_the_same_at_1_10_and_50_rows(support):
    case = CaseFactory(reporter=SellerFactory())
    paths = ["/api/cases", "/api/cases?assignee=none&ordering=due", path_of(case, "events")]
    counts = set()
    for size in (1, 10, 50):
        CaseFactory.create_batch(size - Case.objects.count())
        CaseEventFactory.create_batch(size - CaseEvent.objects.count(), case=case)
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                found = support.get(path).json()["results"]
            assert len(found) == size
            counts.add((path, len(queries)))
    assert len(counts) == len(paths)
