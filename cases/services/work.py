"""What support and reporters do with a case. Each function locks the case and returns it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.constants import ACTIVE, EventKind, State
from cases.errors import CaseState, CaseTaken
from cases.models import Case
from cases.services import due
from cases.services.events import announce, record, spread
from cases.services.kinds import kind_of, values_for
from cases.services.moves import can_reopen, lock, move
from cases.services.opening import report
from core import context
from core.audit import journal
from core.cases import Report


def write(case: Case, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write columns of a locked case with its journal; return what changed."""
    changes = journal.change(case, fields)
    if changes:
        journal.record(journal.Action.CHANGE, case, changes=changes)
    return changes


def refuse_over(case: Case) -> None:
    """Raise CaseState unless something is left to do."""
    if case.state not in ACTIVE:
        raise CaseState(state=case.state)


def begin(case: Case) -> None:
    """Let whoever acts work on a locked case: it is open, and theirs if it was nobody's."""
    refuse_over(case)
    who = context.actor.get()
    also = {}
    if case.assignee_id is None and who.kind == "user":
        also["assignee_id"] = who.id
    if case.state == State.OPEN:
        write_assignee(case, also.get("assignee_id", case.assignee_id))
    else:
        move(case, State.OPEN, also=also)


def write_assignee(case: Case, assignee_id: int | None) -> None:
    """Give a locked case to somebody, or to nobody."""
    if case.assignee_id != assignee_id:
        write(case, {"assignee_id": assignee_id})
        record(case, EventKind.ASSIGNED, values={"assignee": assignee_id})


def told(case: Case, text: str) -> list[int]:
    """Keep what support let the reporter of a locked case read; return the duplicates' ids."""
    fields: dict[str, Any] = {"answer": text} if text else {}
    if case.first_responded_at is None:
        rules = due.Rules(case.kind, case.priority)
        fields.update(due.at_first_response(case, rules, timezone.now()))
    write(case, fields)
    return spread(case, text) if text else []


@transaction.atomic
def take(*, case: Case, user_id: int) -> Case:
    """Let somebody of support work on a case.

    Raises:
        CaseTaken: somebody else does.
        CaseState: it is over.
    """
    case = lock(case.pk)
    refuse_over(case)
    reopened = case.state == State.REOPENED
    if case.assignee_id not in (None, user_id) and not reopened:
        raise CaseTaken
    if case.state in (State.NEW, State.REOPENED):
        move(case, State.OPEN, also={"assignee_id": user_id})
    elif case.assignee_id == user_id:
        return case
    else:
        write_assignee(case, user_id)
    announce([case.pk])
    return case


@transaction.atomic
def assign(*, case: Case, assignee_id: int | None) -> Case:
    """Give a case to somebody of support, or to nobody.

    Raises:
        CaseState: it is over.
    """
    case = lock(case.pk)
    refuse_over(case)
    if assignee_id is not None and case.state in (State.NEW, State.REOPENED):
        move(case, State.OPEN, also={"assignee_id": assignee_id})
    elif case.assignee_id != assignee_id:
        write_assignee(case, assignee_id)
    else:
        return case
    announce([case.pk])
    return case


@transaction.atomic
def reply(*, case: Case, text: str, visible: bool = True) -> Case:
    """Let support write to the reporter, which takes a case that is nobody's; or note something.

    A note that the reporter does not see can be added to any case.

    Raises:
        CaseState: the case is over, and the reporter would read it.
    """
    case = lock(case.pk)
    if not visible:
        record(case, EventKind.NOTED, note=text)
        return case
    refuse_over(case)
    if case.state in (State.NEW, State.REOPENED):
        begin(case)
    record(case, EventKind.REPLIED, note=text, visible_to_seller=True)
    announce([case.pk, *told(case, text)])
    return case


@transaction.atomic
def answer(*, case: Case, author_id: int, text: str) -> Case:
    """Let the reporter write; a case that waited for that is open again.

    Raises:
        CaseState: it is over; it can be opened again.
    """
    case = lock(case.pk)
    refuse_over(case)
    record(case, EventKind.ANSWERED, author_id=author_id, note=text, visible_to_seller=True)
    if case.state == State.WAITING_SELLER:
        move(case, State.OPEN, author_id=author_id, visible=True)
    else:
        case.save(update_fields=["updated_at"])
    announce([case.pk])
    return case


@transaction.atomic
def wait(*, case: Case, to: State, note: str = "", visible: bool | None = None) -> Case:
    """Let a case wait for its seller, who reads the note, or for a vendor; the clock stops.

    Raises:
        CaseState: it is over, or waits for the same already.
    """
    case = lock(case.pk)
    if case.state == to:
        raise CaseState(state=case.state)
    begin_unless(case, State.OPEN)
    shown = to == State.WAITING_SELLER if visible is None else visible
    move(case, to, note=note, visible=shown)
    announce([case.pk, *(told(case, note) if shown else [])])
    return case


def begin_unless(case: Case, state: State) -> None:
    """Open a locked case that is in another state than this one."""
    if case.state != state:
        begin(case)


@transaction.atomic
def resolve(
    *,
    case: Case,
    resolution: str,
    values: Mapping[str, Any] | None = None,
    note: str = "",
    visible: bool = True,
) -> Case:
    """Resolve a case, and have its kind do what that means for the object.

    One that nobody has is taken by who resolves it, and one that waits is opened before.

    Raises:
        UnknownResolution, ResolutionValue: the kind's cases do not end like this.
        CaseState: it is over.
        ApplicationError: what the kind has against it.
    """
    case = lock(case.pk)
    kind = kind_of(case.kind)
    wanted = values_for(kind, resolution, values or {})
    begin_unless(case, State.OPEN)
    if kind.resolve is not None and case.object_id:
        kind.resolve(case.object_id, resolution, wanted, note)
    finish(case, resolution, values=wanted, note=note, visible=visible)
    return case


def finish(
    case: Case, resolution: str, *, values: Mapping[str, Any], note: str, visible: bool
) -> None:
    """Bring a locked case to its end and tell everybody."""
    also = {"resolution": resolution, "resolution_values": dict(values)}
    said = {"resolution": resolution, **values}
    move(case, State.RESOLVED, note=note, visible=visible, values=said, also=also)
    announce([case.pk, *told(case, note if visible else "")])


@transaction.atomic
def reopen(
    *, case: Case, note: str = "", author_id: int | None = None, visible: bool = True
) -> Case:
    """Go on with a case that was resolved; after thirty days a new one does, which is returned.

    Raises:
        CaseState: it was not resolved.
        CaseAnotherOpen: another case about the same object is not over.
    """
    case = lock(case.pk)
    now = timezone.now()
    if case.resolved_at is None:
        raise CaseState(state=case.state)
    if not can_reopen(case, now):
        return begin_anew(case, note=note, author_id=author_id)
    move(case, State.REOPENED, note=note, visible=visible, author_id=author_id)
    announce([case.pk])
    return case


def begin_anew(case: Case, *, note: str, author_id: int | None) -> Case:
    """Return a new case about what a case was about that ended long ago.

    Raises:
        CaseAnotherOpen: another case about the same object is not over.
    """
    what = Report(
        kind=case.kind,
        subject=case.subject,
        details=note or case.details,
        label=case.object_label,
        object_id=case.object_id,
        reporter_id=case.reporter_id if author_id is None else author_id,
        links={**case.links},
    )
    return report(what, priority=case.priority, former_id=case.pk)


@transaction.atomic
def change(*, case: Case, fields: Mapping[str, Any]) -> Case:
    """Give a case another subject or priority; with the priority its due times move.

    Raises:
        CaseState: it is over.
    """
    case = lock(case.pk)
    refuse_over(case)
    before = {name: getattr(case, name) for name in fields}
    changed = {name: value for name, value in fields.items() if before[name] != value}
    if "priority" in changed:
        case.priority = changed["priority"]
        changed.update(due.anew(case, due.Rules(case.kind, case.priority)))
        case.priority = before["priority"]
    if not write(case, changed):
        return case
    priorities = {"priority": [before["priority"], case.priority]} if "priority" in changed else {}
    record(case, EventKind.CHANGED, values=priorities)
    announce([case.pk])
    return case
