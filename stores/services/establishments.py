"""Writes of establishments: unique, journalled, stamped; inactive instead of deleted."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from core.audit import journal
from core.db import refusing
from core.values import business_day
from stores import clock
from stores.constants import State
from stores.errors import CodeTaken
from stores.models import Assignment, Establishment
from stores.services.assignments import end_now
from stores.services.sellers import lock_assignments

CONSTRAINT_ERRORS = {"stores_establishment_code_unique": CodeTaken}
BECAME_INACTIVE = "the establishment became inactive"


@transaction.atomic(savepoint=False)
def create_establishment(**fields: Any) -> Establishment:
    """Add an establishment; its code is made when there is none.

    Raises:
        CodeTaken: another establishment has the code, whatever its case.
    """
    establishment = Establishment(**fields)
    with refusing(Establishment, CONSTRAINT_ERRORS):
        establishment.save(force_insert=True)
    changes = journal.initial(establishment)
    journal.record(journal.Action.CREATE, establishment, changes=changes)
    clock.stamp(establishment)
    return establishment


@transaction.atomic(savepoint=False)
def change_establishment(*, establishment: Establishment, **fields: Any) -> Establishment:
    """Change the named fields of a locked establishment; nothing changed is nothing written.

    One that becomes inactive leaves its sellers' phones.

    Raises:
        CodeTaken: another establishment has the new code, whatever its case.
    """
    return _save(establishment, fields, journal.Action.CHANGE)


@transaction.atomic(savepoint=False)
def retire_establishment(*, establishment: Establishment) -> Establishment:
    """Make a locked establishment inactive, and end its assignments."""
    return _save(establishment, {"state": State.INACTIVE}, journal.Action.DELETE)


def end_assignments_of(establishment_ids: Collection[int]) -> list[Assignment]:
    """End the active assignments of locked establishments today; the caller stamps them.

    Each lasted until today, or until its first day where that is later; one whose last day is over
    keeps that.
    """
    active = Assignment.objects.active().filter(establishment__in=establishment_ids)
    assignments = lock_assignments(active)
    today = business_day()
    end_now(assignments, last_day=today, today=today, reason=BECAME_INACTIVE)
    return assignments


def _save(
    establishment: Establishment, fields: Mapping[str, Any], action: journal.Action
) -> Establishment:
    """Store changed fields, and what follows from them."""
    before = journal.snapshot(establishment)
    for name, value in fields.items():
        setattr(establishment, name, value)
    with refusing(Establishment, CONSTRAINT_ERRORS):
        changes = journal.save_changes(establishment, before)
    if changes:
        is_gone = "state" in changes and establishment.state == State.INACTIVE
        ended = end_assignments_of([establishment.pk]) if is_gone else []
        journal.record(action, establishment, changes=changes)
        clock.stamp(establishment, *ended)
    return establishment
