"""The page of a case: what it shows, and what is done there."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.constants import State
from cases.models import Case, CaseEvent
from cases.services import opening, work
from cases.tests.factories import CaseFactory, MacroFactory, SupporterFactory
from cases.tests.helpers_kinds import report_of
from core import context
from core.audit import journal
from core.cases import Report
from core.models import JournalEntry
from core.roles import Role
from users.models import User
from users.tests.factories import UserFactory
from users.tests.helpers_signed_in import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/cases/case/"


@pytest.fixture
def support():
    return signed_in()


@pytest.fixture
def case():
    return opening.report(Report("question", "Where is <it>?", "Line\ntwo", request_id="r" * 32))


def page(client, case, query=""):
    answer = client.get(f"{LIST}{case.pk}/change/{query}")
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def last_event(case):
    return case.events.order_by("-pk").values_list("pk", flat=True).first() or 0


def do(client, case, name, **data):
    """Send a form as the page has it at this moment."""
    return client.post(f"{LIST}{case.pk}/do/{name}/", {"seen": last_event(case), **data})


def done(answer, case):
    assert answer.status_code == 302, answer.context["works"]
    assert answer["Location"] == f"{LIST}{case.pk}/change/"


def refused(answer, name):
    """Return what the open form says is wrong, by field."""
    assert answer.status_code == 200
    (form,) = (one["form"] for one in answer.context["works"] if one["is_open"])
    assert f'id="work-{name}"' in answer.content.decode()
    return {field: list(errors) for field, errors in form.errors.items()}


def said(case):
    events = case.events.order_by("pk")
    return list(events.values_list("kind", "to_state", "note", "visible_to_seller"))


def test_what_a_page_shows(support, case):
    user = UserFactory(email="seller@b.co")
    with context.acting_as(context.Actor("user", user.pk, "seller@b.co"), request="r" * 32):
        journal.record(journal.Action.CHANGE, User, object_id=user.pk, reason="the cause")
    CaseFactory(state=State.DUPLICATE, duplicate_of=case, subject="the same again")
    html = page(support, case)
    for text in (
        f"{case.number} · Where is &lt;it&gt;?",
        "Line<br>two",
        "question",
        "2 · normal",
        "the cause",
        "the same again",
        f"/admin/users/user/{user.pk}/change/",
    ):
        assert text in html, text
    assert "<script>" not in html.partition('id="case"')[2]
    answer = support.get(f"{LIST}{case.pk}/change/")
    assert [one["name"] for one in answer.context["works"]] == [
        *("reply", "resolve", "wait", "assign", "priority", "duplicate"),
    ]
    assert "no-store" in answer["Cache-Control"]


def test_take_reply_wait_and_resolve(support, case):
    done(do(support, case, "take"), case)
    case.refresh_from_db()
    assert (case.state, case.assignee) == ("open", support.user)
    done(do(support, case, "reply", text="One\r\ntwo", do="1"), case)
    done(do(support, case, "reply", text="Between us", internal="1"), case)
    done(do(support, case, "wait", to="waiting_seller", text="Which shop?"), case)
    done(do(support, case, "resolve", resolution="answered", text="Here."), case)
    case.refresh_from_db()
    assert (case.state, case.resolution, case.answer) == ("resolved", "answered", "Here.")
    assert [one for one in said(case) if one[2]] == [
        ("replied", "", "One\ntwo", True),
        ("noted", "", "Between us", False),
        ("moved", "waiting_seller", "Which shop?", True),
        ("moved", "resolved", "Here.", True),
    ]
    html = page(support, case)
    assert "open → waits for the seller" in html
    assert "open → resolved · answered" in html
    assert html.count("the reporter sees this") == 4  # with the first event
    assert "internal note" in html


def test_what_a_resolution_takes_is_what_was_typed(support, yoghurts):
    case = opening.report(report_of("7"))
    values = {"value_product": "12", "value_name": " 007 "}
    done(do(support, case, "resolve", resolution="renamed", **values), case)
    [(object_id, resolution, given, _reason)] = yoghurts.done
    assert (object_id, resolution, given) == ("7", "renamed", {"product": "12", "name": "007"})


def test_reopen_assign_priority_and_duplicate(support, case):
    other = SupporterFactory(email="other@b.co")
    done(do(support, case, "assign", assignee=str(other.pk)), case)
    done(do(support, case, "priority", priority="1"), case)
    done(do(support, case, "assign", assignee=""), case)
    case.refresh_from_db()
    assert (case.priority, case.assignee, case.state) == (1, None, "open")
    html = page(support, case)
    assert "priority: 2 · normal → 1 · high" in html
    assert "given to nobody" in html
    assert str(other) in html
    done(do(support, case, "resolve", resolution="no_action"), case)
    done(do(support, case, "reopen", text="Not yet"), case)
    case.refresh_from_db()
    assert case.state == "reopened"
    twin, original = CaseFactory(state=State.OPEN), CaseFactory(subject="the first one")
    done(do(support, twin, "duplicate", of=f"c-{original.pk} the first one"), twin)
    twin.refresh_from_db()
    assert twin.duplicate_of == original
    assert f"/admin/cases/case/{original.pk}/change/" in page(support, twin)


def test_a_macro_is_one_press(support, case):
    macro = MacroFactory(to_state=State.RESOLVED, resolution="answered", reply="Update the app.")
    MacroFactory(title="of another kind", kind="wilting")
    MacroFactory(title="no such end", to_state=State.RESOLVED, resolution="watered")
    html = page(support, case)
    assert macro.title in html
    assert "of another kind" not in html
    assert "no such end" not in html
    done(do(support, case, "macro", macro=str(macro.pk)), case)
    case.refresh_from_db()
    assert (case.state, case.resolution, case.answer) == ("resolved", "answered", "Update the app.")
    assert case.assignee == support.user
    answer = do(support, case, "macro", macro=str(macro.pk))
    assert answer.status_code == 200
    assert "does not allow this" in answer.content.decode()
    assert macro.title not in page(support, case)


def test_macros_reply_and_wait(support, case):
    asks = MacroFactory(to_state=State.WAITING_SELLER, reply="A photo, please.")
    notes = MacroFactory(reply="Seen before.", visible=False)
    done(do(support, case, "macro", macro=str(notes.pk)), case)
    done(do(support, case, "macro", macro=str(asks.pk)), case)
    assert [one for one in said(case) if one[2]] == [
        ("noted", "", "Seen before.", False),
        ("moved", "waiting_seller", "A photo, please.", True),
    ]


def test_a_page_that_is_old_does_nothing(support, case):
    seen = last_event(case)
    other = signed_in()
    done(do(other, case, "take"), case)
    before = (said(case), JournalEntry.objects.count())
    for name, data in (
        ("take", {}),
        ("reply", {"text": "typed with care"}),
        ("resolve", {"resolution": "answered"}),
        ("priority", {"priority": "1"}),
    ):
        answer = support.post(f"{LIST}{case.pk}/do/{name}/", {"seen": seen, **data})
        assert answer.status_code == 200
        assert "The case has changed meanwhile" in answer.content.decode(), name
    assert (said(case), JournalEntry.objects.count()) == before
    case.refresh_from_db()
    assert (case.assignee, case.state) == (other.user, "open")
    answer = support.post(f"{LIST}{case.pk}/do/reply/", {"seen": seen, "text": "typed with care"})
    assert "typed with care" in answer.content.decode()
    assert f'name="seen" value="{last_event(case)}"' in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("reply", {"text": ""}, ["text"]),
        ("reply", {"text": "a\x00b"}, ["text"]),
        ("reply", {"text": "\u202e"}, ["text"]),
        ("reply", {"text": "x" * 4001}, ["text"]),
        ("wait", {"to": "waiting_seller", "text": ""}, ["text"]),
        ("wait", {"to": "closed", "text": "x"}, ["to"]),
        ("resolve", {"resolution": "watered"}, ["resolution"]),
        ("resolve", {}, ["resolution"]),
        ("assign", {"assignee": "999999"}, ["assignee"]),
        ("assign", {"assignee": "x\x00"}, ["assignee"]),
        ("priority", {"priority": "4"}, ["priority"]),
        ("priority", {"priority": "9" * 40}, ["priority"]),
        ("duplicate", {"of": "9" * 40}, ["of"]),
        ("duplicate", {"of": "x"}, ["of"]),
        ("duplicate", {"of": "999999"}, ["__all__"]),
        ("reopen", {}, ["__all__"]),
        ("reply", {"text": "x", "seen": "-1"}, ["seen"]),
        ("reply", {"text": "x", "seen": "9" * 40}, ["seen"]),
        ("reply", {"text": "x", "seen": ""}, ["seen"]),
    ],
)
def test_what_is_refused_changes_nothing(support, case, name, data, fields):
    before = (said(case), JournalEntry.objects.count())
    assert sorted(refused(do(support, case, name, **data), name)) == fields
    assert (said(case), JournalEntry.objects.count()) == before


def test_a_duplicate_of_itself_is_refused(support, case):
    assert refused(do(support, case, "duplicate", of=case.number), "duplicate") == {
        "__all__": ["A case is not a duplicate of itself."]
    }


def test_get_does_nothing_and_unknown_work_is_not_there(support, case):
    before = said(case)
    for name in ("take", "reply", "resolve"):
        answer = support.get(f"{LIST}{case.pk}/do/{name}/")
        assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{case.pk}/change/")
    for name in ("begone", "__class__"):
        assert do(support, case, name).status_code == 404
    assert support.post(f"{LIST}{case.pk}/change/", {"state": "closed"}).status_code == 200
    assert said(case) == before


@pytest.mark.parametrize(
    "key", ["0", "-1", "999999", "9" * 30, "x", "1 ", "\N{ARABIC-INDIC DIGIT THREE}"]
)
def test_a_case_that_is_not_there(support, key):
    for address in ("change/", "do/take/"):
        assert support.get(f"{LIST}{key}/{address}").status_code == 404
        assert support.post(f"{LIST}{key}/{address}", {"seen": "0"}).status_code == 404


@pytest.mark.parametrize("before", ["", "0", "x", "9" * 40, "-1", "%00"])
def test_an_odd_place_in_the_events(support, case, before):
    assert "What happened" in page(support, case, f"?before={before}")


def test_events_come_in_pages(support, case):
    for number in range(105):
        work.reply(case=case, text=f"note {number}.", visible=False)
    html = page(support, case)
    assert "note 104." in html
    assert "note 4." not in html
    oldest = case.events.order_by("-pk")[99].pk
    assert f"?before={oldest}" in html
    html = page(support, case, f"?before={oldest}")
    assert "note 4." in html
    assert "note 5." not in html


def test_what_staff_did_because_of_a_case_is_told_in_words(support, case):
    target = UserFactory(role=Role.SELLER)
    form = {"reason": "called in", "show": "", "case": case.number}
    assert support.post(f"/admin/users/user/{target.pk}/link/", form).status_code == 200
    event = case.events.get(kind="acted")
    assert (event.note, event.actor, event.visible_to_seller) == ("called in", support.user, False)
    assert event.values == {
        "action": "link",
        "label": "users.User",
        "object_id": str(target.pk),
        "count": 1,
    }
    html = page(support, case)
    assert "Make a one-time link" in html
    assert f"/admin/users/user/{target.pk}/change/" in html
    work.resolve(case=case, resolution="answered")
    answer = support.post(f"/admin/users/user/{target.pk}/link/", form)
    assert answer.context["form"].errors == {"case": ["No open case has this number."]}


def test_the_page_costs_the_same_however_much_happened(support, case):
    counts = []
    page(support, case)  # what the menu counts is kept for a while
    for number in (3, 10, 50):
        while CaseEvent.objects.filter(case=case).count() < number:
            work.assign(case=case, assignee_id=SupporterFactory().pk)
        with CaptureQueriesContext(connection) as caught:
            page(support, case)
        counts.append(len(caught))
    assert len(set(counts)) == 1, counts


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
def test_others_see_nothing(role, case):
    client = signed_in(role)
    for address in ("", f"{case.pk}/change/", f"{case.pk}/do/take/"):
        assert client.get(f"{LIST}{address}").status_code in {302, 403}
    assert do(client, case, "take").status_code == 302
    assert Case.objects.get().state == "new"
