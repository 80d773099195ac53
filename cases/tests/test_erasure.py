"""Whoever leaves takes along what they wrote; support's work and the figures stay."""

import pytest
from django.db import transaction
from django.db.models.deletion import ProtectedError
from rest_framework.test import APIClient

from cases.constants import State
from cases.models import Case, CaseEvent
from cases.services import opening, work
from cases.tests.factories import (
    CaseEventFactory,
    CaseFactory,
    SellerFactory,
    SupporterFactory,
)
from core.cases import Report
from core.models import JournalEntry
from tests.asserts import assert_problem
from users.services import remove_user

pytestmark = pytest.mark.django_db


def notes(case):
    return list(CaseEvent.objects.filter(case=case).order_by("id").values_list("note", flat=True))


def test_a_reporter_who_leaves(supporter, heard):
    person = SellerFactory()
    case = opening.report(
        Report("question", "Ana cannot sign in", "I am Ana.", reporter_id=person.pk)
    )
    about = CaseFactory(reporter=person, object_label="stores.Group", object_id="7", subject="7")
    work.wait(case=case, to=State.WAITING_SELLER, note="Which phone, Ana?")
    work.answer(case=case, author_id=person.pk, text="Ana's.")
    before = Case.objects.values("state", "solution_due", "first_responded_at").get(pk=case.pk)
    heard.clear()
    remove_user(user=person)
    case.refresh_from_db()
    assert (case.subject, case.details, case.answer) == ("question", "", "")
    assert "ana" not in case.search_key
    assert Case.objects.values(*before).get(pk=case.pk) == before
    assert notes(case) == ["", "", "Which phone, Ana?", "", ""]
    assert Case.objects.get(pk=about.pk).subject == "question"
    assert heard == [case.pk, about.pk]
    lines = JournalEntry.objects.filter(model="cases.Case").values_list("changes", flat=True)
    assert "Ana" not in str(list(lines))


@pytest.mark.parametrize("act", ["", "/reply", "/reopen", "/take"])
def test_who_was_removed_after_their_token_was_looked_at_writes_nothing(act):
    person = SupporterFactory() if act == "/take" else SellerFactory()
    case = CaseFactory(reporter=person, state="resolved" if act == "/reopen" else "new")
    late = APIClient()
    late.force_authenticate(type(person).objects.get(pk=person.pk))
    remove_user(user=person)
    before = Case.objects.values().get(pk=case.pk)
    bodies = {
        "": {"kind": "question", "subject": "I am Ana."},
        "/reply": {"text": "I am Ana."},
        "/reopen": {"note": "I am Ana."},
    }
    path = f"/api/cases/{case.pk}{act}" if act else "/api/cases"
    answer = late.post(path, bodies.get(act), format="json")
    assert_problem(answer, 401, "invalid_token")
    assert Case.objects.count() == 1
    assert Case.objects.values().get(pk=case.pk) == before
    assert notes(case) == []


def test_a_supporter_who_leaves_has_no_cases_any_more(supporter):
    gone = SupporterFactory()
    mine = CaseFactory(state="open", assignee=gone)
    done = CaseFactory(state="resolved", assignee=gone)
    CaseEventFactory(case=mine, actor=gone, note="Looked into it.")
    remove_user(user=gone)
    assert Case.objects.get(pk=mine.pk).assignee is None
    assert Case.objects.get(pk=done.pk).assignee_id == gone.pk
    assert notes(mine) == ["Looked into it.", ""]
    assert CaseEvent.objects.latest("id").kind == "assigned"


@pytest.mark.postgres
@pytest.mark.parametrize(
    "fields", [{"kind": "moved"}, {"note": "Other."}, {"note": "", "kind": "moved"},
               {"visible_to_seller": True}, {"values": {"a": 1}}, {"actor_label": "x"}]
)  # fmt: skip
def test_the_database_keeps_events_as_they_are(fields):
    event = CaseEventFactory()
    with pytest.raises(Exception, match="stay as they are"), transaction.atomic():
        CaseEvent.objects.filter(pk=event.pk).update(**fields)
    with pytest.raises(Exception, match="stay as they are"), transaction.atomic():
        CaseEvent.objects.filter(pk=event.pk).delete()
    assert CaseEvent.objects.filter(pk=event.pk).update(note="") == 1
    event.refresh_from_db()
    assert (event.kind, event.note) == ("noted", "")


def test_a_case_with_events_is_not_deleted():
    event = CaseEventFactory()
    with pytest.raises(ProtectedError):
        event.case.delete()
    assert Case.objects.count() == 1
