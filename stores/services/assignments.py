"""Writes of who visits which establishment.

Locks are taken in one order: the establishment, the seller, the assignments. So an establishment
stays active, and a seller a seller, until an assignment to them is committed.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.db import refusing
from core.roles import Role
from core.values import business_day
from stores import clock
from stores.constants import BATCH_ROWS, AssignmentState, State
from stores.errors import (
    AlreadyAssigned,
    AssignmentEnded,
    InThePast,
    NotAssignedTo,
    UnknownEstablishment,
    UnknownSeller,
)
from stores.models import Assignment, Establishment
from stores.services.sellers import lock_assignments

CONSTRAINT_ERRORS = {"stores_assignment_active_unique": AlreadyAssigned}


class Reassigned(NamedTuple):
    """Both sides of a reassignment."""

    ended: Assignment
    started: Assignment


@transaction.atomic(savepoint=False)
def assign(
    *,
    seller_id: int,
    establishment_id: int,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> Assignment:
    """Let a seller visit an establishment, from today unless ``valid_from`` says otherwise.

    ``valid_from`` may lie in the past: visits since then are the seller's.

    Raises:
        UnknownEstablishment: it is not there or not active.
        UnknownSeller: there is no such active seller.
        InThePast: it would be over already.
        AlreadyAssigned: the seller has it.
    """
    today = business_day()
    _lock_establishment(establishment_id)
    _lock_seller(seller_id, field="seller")
    if valid_until is not None and valid_until < today:
        raise InThePast("valid_until")
    assignment = _started(
        seller_id=seller_id,
        establishment_id=establishment_id,
        valid_from=valid_from or today,
        valid_until=valid_until,
    )
    clock.stamp(assignment)
    return assignment


@transaction.atomic(savepoint=False)
def change_assignment(*, assignment: Assignment, **fields: Any) -> Assignment:
    """Change the period of an assignment: ``valid_from``, ``valid_until`` or both.

    Raises:
        AssignmentEnded: it is no more.
        InThePast: it would be over already; deleting it ends it.
    """
    if assignment.state == AssignmentState.ENDED:
        raise AssignmentEnded
    until = fields.get("valid_until")
    if until is not None and until != assignment.valid_until and until < business_day():
        raise InThePast("valid_until")
    if changes := journal.change(assignment, fields):
        journal.record(journal.Action.CHANGE, assignment, changes=changes)
        clock.stamp(assignment)
    return assignment


@transaction.atomic(savepoint=False)
def end_assignment(*, assignment: Assignment) -> Assignment:
    """End an assignment now; visits of today are still the seller's. Safe twice."""
    (assignment,) = lock_assignments(Assignment.objects.filter(pk=assignment.pk))
    if assignment.state == AssignmentState.ACTIVE:
        today = business_day()
        end_now([assignment], last_day=today, today=today)
        clock.stamp(assignment)
    return assignment


@transaction.atomic(savepoint=False)
def end_assignments_of(*, seller_id: int) -> int:
    """End what a removed seller has; return how many assignments that were."""
    assignments = lock_assignments(Assignment.objects.active().filter(seller_id=seller_id))
    today = business_day()
    end_now(
        assignments,
        last_day=today,
        today=today,
        reason=noop("the seller's account was removed"),
    )
    clock.stamp(*assignments)
    return len(assignments)


@transaction.atomic(savepoint=False)
def reassign(
    *, establishment: Establishment, from_seller: int, to_seller: int, on: dt.date | None = None
) -> Reassigned:
    """Let another seller visit an establishment, from ``on``, which is today unless given.

    Today: it leaves one phone and appears on the other at once; visits of today are either's.
    Later: both have it, with its dates, until the task ends the former's.

    Raises:
        UnknownSeller: ``to_seller`` is no active seller.
        InThePast: ``on`` lies before today.
        NotAssignedTo: ``from_seller`` does not have the establishment.
        AlreadyAssigned: ``to_seller`` has it.
    """
    today = business_day()
    on = on or today
    # Not UnknownEstablishment: nobody has an inactive one, which says NotAssignedTo.
    Establishment.objects.select_for_update(no_key=True).get(pk=establishment.pk)
    _lock_seller(to_seller, field="to")
    if on < today:
        raise InThePast("on")
    active = Assignment.objects.active().filter(
        establishment=establishment, seller__in=[from_seller, to_seller]
    )
    by_seller = {row.seller_id: row for row in lock_assignments(active)}
    former = by_seller.get(from_seller)
    if former is None:
        raise NotAssignedTo
    if to_seller in by_seller:
        raise AlreadyAssigned
    eve = on - dt.timedelta(days=1)
    if on == today or former.valid_from > eve:
        end_now([former], last_day=eve, today=today)
        written = [former]
    else:
        until = min(eve, former.valid_until or eve)
        changes = journal.change(former, {"valid_until": until})
        written = [former] if changes else []
        if changes:
            journal.record(journal.Action.CHANGE, former, changes=changes)
    started = _started(
        seller_id=to_seller, establishment_id=establishment.pk, valid_from=on, valid_until=None
    )
    clock.stamp(*written, started)
    return Reassigned(former, started)


def end_now(
    assignments: Iterable[Assignment], *, last_day: dt.date, today: dt.date, reason: str = ""
) -> None:
    """End locked assignments, with their entries in the journal; the caller stamps them.

    ``last_day`` is the last one that is the seller's. One that has not begun by then ends before
    it begins, which ``released_on`` says; one whose end comes sooner keeps that.
    """
    ended = list(assignments)
    entries = []
    for assignment in ended:
        before = journal.snapshot(assignment)
        until = assignment.valid_until or last_day
        assignment.state = AssignmentState.ENDED
        if assignment.valid_until is None or until >= today:
            assignment.valid_until = max(assignment.valid_from, min(until, last_day))
            assignment.released_on = today
        changes = journal.diff(before, assignment)
        entries.append(
            journal.entry(journal.Action.CHANGE, assignment, changes=changes, reason=reason)
        )
    Assignment.objects.bulk_update(ended, ["state", "valid_until", "released_on"])
    journal.record_many(entries)


def end_what_is_over(*, today: dt.date | None = None) -> int:
    """End the assignments whose last day is over; return how many that were.

    Safe twice, and beside itself: assignments that somebody else is at are left to them.
    """
    day = today or business_day()
    count = 0
    while done := _end_some(day):
        count += done
    return count


@transaction.atomic
def _end_some(today: dt.date) -> int:
    """End some assignments that were over before ``today``; return how many."""
    over = Assignment.objects.active().filter(valid_until__lt=today)
    some = over.order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS]
    assignments = lock_assignments(over.filter(pk__in=list(some)), skip_locked=True)
    for assignment in assignments:
        assignment.state = AssignmentState.ENDED
    Assignment.objects.bulk_update(assignments, ["state"])
    changes = {"state": [AssignmentState.ACTIVE.value, AssignmentState.ENDED.value]}
    journal.record_many(
        journal.entry(journal.Action.CHANGE, assignment, changes=changes, reason=noop("it is over"))
        for assignment in assignments
    )
    clock.stamp(*assignments)
    return len(assignments)


def _started(**fields: Any) -> Assignment:
    """Store an assignment, with its entry in the journal; the caller stamps it.

    Raises:
        AlreadyAssigned: the seller has the establishment.
    """
    assignment = Assignment(**fields)
    with refusing(Assignment, CONSTRAINT_ERRORS):
        assignment.save(force_insert=True)
    journal.record(journal.Action.CREATE, assignment, changes=journal.initial(assignment))
    return assignment


def _lock_establishment(pk: int) -> None:
    """Keep an establishment active until the commit.

    Raises:
        UnknownEstablishment: it is not there or not active.
    """
    # Visits refer to it all day: their key-share locks go with one that leaves the key alone.
    active = Establishment.objects.select_for_update(no_key=True).filter(state=State.ACTIVE)
    if not active.filter(pk=pk).only("pk").first():
        raise UnknownEstablishment


def _lock_seller(pk: int, *, field: str) -> None:
    """Keep a seller a seller until the commit: whoever removes them ends their assignments.

    Raises:
        UnknownSeller: there is no such active seller; it names ``field``.
    """
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    if not users.filter(pk=pk, is_active=True, role=Role.SELLER).only("pk").first():
        raise UnknownSeller(field)
