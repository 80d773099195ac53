"""The state machine of cases: the one function that moves one, and the moves there are."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.constants import OVER, REOPEN_DAYS, RESOLVED, WAITING, EventKind, State
from cases.errors import CaseAnotherOpen, CaseState
from cases.models import Case, CaseEvent
from cases.services import due
from cases.services.events import record
from core.audit import journal
from core.db import refusing

MOVES: Mapping[str, frozenset[str]] = {
    State.NEW: frozenset({State.OPEN, State.DUPLICATE}),
    State.OPEN: frozenset(
        {State.WAITING_SELLER, State.WAITING_VENDOR, State.RESOLVED, State.DUPLICATE}
    ),
    State.WAITING_SELLER: frozenset({State.OPEN, State.RESOLVED}),
    State.WAITING_VENDOR: frozenset({State.OPEN}),
    State.RESOLVED: frozenset({State.REOPENED, State.CLOSED}),
    State.CLOSED: frozenset({State.REOPENED}),  # as long as a resolved one could be
    State.REOPENED: frozenset({State.OPEN}),
    State.DUPLICATE: frozenset(),
}
CONSTRAINT_ERRORS = {"cases_one_per_object": CaseAnotherOpen}


def lock(case_id: int) -> Case:
    """Return a case as it is now, locked until the commit.

    Without the lock of its key, which nobody changes: so an event of it can be stored meanwhile.

    Raises:
        Case.DoesNotExist: there is none.
    """
    return Case.objects.select_for_update(no_key=True).get(pk=case_id)


def can_reopen(case: Case, now: dt.datetime) -> bool:
    """Tell whether a case is over for so short a time that it goes on instead of a new one."""
    return case.resolved_at is not None and now <= case.resolved_at + dt.timedelta(days=REOPEN_DAYS)


def may_move(case: Case, to: State, now: dt.datetime) -> bool:
    """Tell whether a case can go to a state."""
    return to in MOVES[case.state] and (to != State.REOPENED or can_reopen(case, now))


def columns(case: Case, to: State, now: dt.datetime) -> tuple[int | None, dict[str, Any]]:
    """Return what a move writes beside the state, and how many working minutes the case waited."""
    rules = due.Rules(case.kind, case.priority)
    minutes: int | None = None
    found: dict[str, Any] = {}
    if case.state in WAITING:
        minutes, found = due.after_waiting(case, rules, now)
    if to in WAITING:
        found["waiting_since"] = now
    if to == State.RESOLVED:
        found["resolved_at"] = now
    if to in OVER:
        found.update(first_response_warn=None, solution_warn=None)
    if to == State.REOPENED:
        found.update(due.at_reopening(case, rules, now))
    if to not in RESOLVED:
        found.update(resolved_at=None, resolution="", resolution_values={})
    return minutes, found


@transaction.atomic
def move(
    case: Case,
    to: State,
    *,
    note: str = "",
    visible: bool = False,
    author_id: int | None = None,
    values: Mapping[str, Any] | None = None,
    also: Mapping[str, Any] | None = None,
) -> CaseEvent:
    """Bring a locked case to another state: the row, its event and its journal as one.

    ``also`` are further columns that the move writes: the assignee, the resolution, the original.
    ``values`` and ``note`` go to the event. The caller announces the change.

    Raises:
        CaseState: the case cannot go there from where it is.
        CaseAnotherOpen: it would be the second one about its object that is not over.
    """
    now = timezone.now()
    if not may_move(case, to, now):
        raise CaseState(state=case.state)
    before = case.state
    minutes, found = columns(case, to, now)
    with refusing(Case, CONSTRAINT_ERRORS), transaction.atomic():
        changes = journal.change(case, {**found, **(also or {}), "state": to.value})
    journal.record(journal.Action.CHANGE, case, changes=changes)
    return record(
        case,
        EventKind.MOVED,
        author_id=author_id,
        from_state=before,
        to_state=to.value,
        minutes=minutes,
        note=note,
        visible_to_seller=visible,
        values=dict(values or {}),
    )
