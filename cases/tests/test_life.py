"""A case from its first report to its end, as those who call the API see it."""

import pytest

from cases.models import Case, CaseEvent
from cases.tests.factories import SellerFactory, SupporterFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(client_for):
    return client_for(SellerFactory())


@pytest.fixture
def support(client_for):
    return client_for(SupporterFactory())


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
