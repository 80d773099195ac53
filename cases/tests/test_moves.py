"""The state machine: what may follow what, and what a move writes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases.constants import RESOLVED, WAITING, State
from cases.errors import CaseState
from cases.models import Case, CaseEvent
from cases.services import work
from cases.services.moves import MOVES, lock, move
from cases.tests.factories import CaseFactory, SupporterFactory
from core.models import JournalEntry

pytestmark = pytest.mark.django_db

LEGAL = [
    ("new", "open"),
    ("new", "duplicate"),
    ("open", "waiting_seller"),
    ("open", "waiting_vendor"),
    ("open", "resolved"),
    ("open", "duplicate"),
    ("waiting_seller", "open"),
    ("waiting_seller", "resolved"),
    ("waiting_vendor", "open"),
    ("resolved", "reopened"),
    ("resolved", "closed"),
    ("closed", "reopened"),
    ("reopened", "open"),
]
ILLEGAL = [(a, b) for a in State.values for b in State.values if (a, b) not in LEGAL]


def also_for(to):
    """What a move to a state wants beside it."""
    if to == State.DUPLICATE:
        return {"duplicate_of_id": CaseFactory().pk}
    return {"resolution": "answered"} if to in RESOLVED else {}


def case_in(state):
    of = {"duplicate_of": CaseFactory()} if state == State.DUPLICATE else {}
    return CaseFactory(state=state, **of)


def test_the_table_has_every_state_and_nothing_else():
    assert set(MOVES) == set(State)
    assert sorted((str(a), str(b)) for a, found in MOVES.items() for b in found) == sorted(LEGAL)


@pytest.mark.parametrize(("before", "after"), LEGAL)
def test_a_legal_move_is_an_event_and_a_line_of_the_journal(before, after):
    case = case_in(before)
    event = move(lock(case.pk), State(after), note="because", also=also_for(after))
    case.refresh_from_db()
    assert case.state == after
    assert (case.waiting_since is not None) == (after in WAITING)
    assert (case.resolved_at is not None) == (after in RESOLVED)
    stored = CaseEvent.objects.get(case=case)
    assert stored == event
    assert (stored.from_state, stored.to_state, stored.note) == (before, after, "because")
    line = JournalEntry.objects.get(model="cases.Case", object_id=str(case.pk))
    assert line.changes["state"] == [before, after]


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_any_other_move_is_refused_and_changes_nothing(before, after):
    case = case_in(before)
    row = Case.objects.filter(pk=case.pk).values().get()
    with pytest.raises(CaseState) as caught:
        move(lock(case.pk), State(after), also=also_for(after))
    assert caught.value.extra == {"state": before}
    assert Case.objects.filter(pk=case.pk).values().get() == row
    assert (CaseEvent.objects.count(), JournalEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_what_was_resolved_is_reopened_for_thirty_days(state):
    month = timedelta(days=30)
    for age, moved in ((month - timedelta(hours=1), True), (month + timedelta(hours=1), False)):
        case = CaseFactory(state=state, resolved_at=timezone.now() - age)
        if moved:
            move(lock(case.pk), State.REOPENED)
        else:
            with pytest.raises(CaseState):
                move(lock(case.pk), State.REOPENED)
        case.refresh_from_db()
        assert (case.state == "reopened") == moved


# -- what people do, which is made of moves ------------------------------------------------------
def path_of(case):
    moves = CaseEvent.objects.filter(case=case, kind="moved").order_by("id")
    return [(event.from_state, event.to_state) for event in moves]


def test_taking_opens(supporter):
    case = CaseFactory()
    work.take(case=case, user_id=supporter.pk)
    case.refresh_from_db()
    assert (case.state, case.assignee_id, path_of(case)) == (
        "open",
        supporter.pk,
        [("new", "open")],
    )


def test_what_nobody_has_is_taken_by_whoever_resolves_it(supporter):
    case = CaseFactory()
    work.resolve(case=case, resolution="answered")
    case.refresh_from_db()
    assert (case.state, case.assignee_id) == ("resolved", supporter.pk)
    assert path_of(case) == [("new", "open"), ("open", "resolved")]


def test_a_colleagues_case_stays_theirs(supporter):
    colleague = SupporterFactory()
    case = CaseFactory(state="waiting_vendor", assignee=colleague)
    work.resolve(case=case, resolution="answered")
    case.refresh_from_db()
    assert (case.state, case.assignee_id) == ("resolved", colleague.pk)
    assert path_of(case) == [("waiting_vendor", "open"), ("open", "resolved")]


def test_from_one_wait_to_the_other_leads_through_open(supporter):
    case = CaseFactory(state="waiting_seller", assignee=supporter)
    work.wait(case=case, to=State.WAITING_VENDOR)
    assert path_of(case) == [("waiting_seller", "open"), ("open", "waiting_vendor")]
    with pytest.raises(CaseState):
        work.wait(case=case, to=State.WAITING_VENDOR)


@pytest.mark.parametrize("state", ["resolved", "closed", "duplicate"])
def test_what_is_over_is_over(supporter, state):
    case = case_in(state)
    acts = (
        lambda: work.take(case=case, user_id=supporter.pk),
        lambda: work.assign(case=case, assignee_id=supporter.pk),
        lambda: work.reply(case=case, text="Hello."),
        lambda: work.answer(case=case, author_id=supporter.pk, text="Hello."),
        lambda: work.wait(case=case, to=State.WAITING_SELLER),
        lambda: work.resolve(case=case, resolution="answered"),
        lambda: work.change(case=case, fields={"priority": 1}),
    )
    for act in acts:
        with pytest.raises(CaseState):
            act()
    assert (CaseEvent.objects.count(), JournalEntry.objects.count()) == (0, 0)
    work.reply(case=case, text="For us.", visible=False)
    assert CaseEvent.objects.get().note == "For us."
