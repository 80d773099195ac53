"""The events of cases, and who hears of them."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from cases.constants import PREFIX, EventKind
from cases.models import Case, CaseEvent
from core import context, signals
from core.text import storable


def event(case: Case, kind: EventKind, *, author_id: int | None = None, **fields: Any) -> CaseEvent:
    """Return an unsaved event: who acts did it, unless it says another author."""
    who = context.actor.get()
    if author_id is None and who.kind == "user":
        author_id = who.id
    label = "" if author_id is not None else storable(who.label or who.kind, 100)
    return CaseEvent(
        case=case,
        at=timezone.now(),
        kind=kind.value,
        actor_id=author_id,
        actor_label=label,
        **fields,
    )


def record(
    case: Case, kind: EventKind, *, author_id: int | None = None, **fields: Any
) -> CaseEvent:
    """Store an event, in the transaction of what it tells of."""
    made = event(case, kind, author_id=author_id, **fields)
    made.save(force_insert=True)
    return made


def spread(case: Case, note: str) -> list[int]:
    """Let the reporters of a case's duplicates read what its own reporter does; return the ids.

    Their rows are locked after the case's.
    """
    rows = Case.objects.select_for_update(no_key=True).filter(duplicate_of=case.pk)
    found = list(rows.order_by("pk"))
    for duplicate in found:
        duplicate.answer = note
        duplicate.save(update_fields=["answer", "updated_at"])
    told: dict[str, Any] = {
        "visible_to_seller": True,
        "note": note,
        "values": {"of": f"{PREFIX}{case.pk}"},
    }
    CaseEvent.objects.bulk_create(event(one, EventKind.REPLIED, **told) for one in found)
    return [one.pk for one in found]


def announce(case_ids: Iterable[int]) -> None:
    """Tell the other apps that cases changed. No row of the app is locked afterwards."""
    for case_id in case_ids:
        signals.case_changed.send(sender=Case, case_id=case_id)
