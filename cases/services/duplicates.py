"""Cases that say what another one says already."""

from typing import Any

from django.db import transaction

from cases.constants import MOVES_TO_DUPLICATE, EventKind, State
from cases.errors import CaseState, DuplicateOfItself, UnknownCase
from cases.models import Case
from cases.services.events import announce, record
from cases.services.moves import move
from core.audit import journal
from core.db import advisory_lock

ATTEMPTS = 3
LOCK = "cases.duplicates"  # held while cases are made duplicates, before any of them is locked


def lock_both(case_id: int, of_id: int) -> tuple[Case, Case]:
    """Return a case and the original that another one leads to, locked in the order of their keys.

    No case leads to one that is a duplicate itself, so there is one step at most.

    Raises:
        UnknownCase: the other one is not there.
        DuplicateOfItself: it leads back to the case.
    """
    for _attempt in range(ATTEMPTS):
        other = Case.objects.filter(pk=of_id).values_list("pk", "duplicate_of_id").first()
        if other is None:
            raise UnknownCase
        end = other[1] or other[0]
        if end == case_id:
            raise DuplicateOfItself
        rows = Case.objects.select_for_update(no_key=True).filter(pk__in=[case_id, end])
        found = {row.pk: row for row in rows.order_by("pk")}
        if found[end].duplicate_of_id is None:
            return found[case_id], found[end]
    raise UnknownCase  # it changes faster than it can be read


@transaction.atomic
def mark_duplicate(*, case: Case, of_id: int, note: str = "", visible: bool = True) -> Case:
    """End a case because another one says the same. Its own duplicates follow it.

    Its reporter reads from now on what the original's reporter does, and at once what that one was
    told last.

    Raises:
        CaseState: the case is neither new nor open.
        UnknownCase, DuplicateOfItself: there is no such original.
    """
    if case.state not in MOVES_TO_DUPLICATE:
        raise CaseState(state=case.state)
    advisory_lock(LOCK)
    case, original = lock_both(case.pk, of_id)
    also: dict[str, Any] = {"duplicate_of_id": original.pk}
    answer = note if visible and note else original.answer
    if answer:
        also["answer"] = answer
    values = {"of": original.number}
    move(case, State.DUPLICATE, note=note, visible=visible, values=values, also=also)
    if answer and answer != note:
        record(case, EventKind.REPLIED, note=answer, visible_to_seller=True, values=values)
    announce([case.pk, *follow(case, original)])
    return case


def follow(case: Case, original: Case) -> list[int]:
    """Let the duplicates of a case be those of its original; return their ids."""
    rows = Case.objects.select_for_update(no_key=True).filter(duplicate_of=case.pk)
    found = list(rows.order_by("pk"))
    for row in found:
        changes = journal.change(row, {"duplicate_of_id": original.pk})
        journal.record(journal.Action.CHANGE, row, changes=changes)
        record(row, EventKind.CHANGED, values={"of": original.number})
    return [row.pk for row in found]
