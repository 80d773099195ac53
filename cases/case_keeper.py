"""What other apps can do with cases (:class:`core.cases.Keeper`)."""

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from cases.constants import ACTIVE, OVER, EventKind, State
from cases.errors import CaseState
from cases.figures import Counted
from cases.models import Case
from cases.selectors import active, is_breaching, number_of
from cases.services import opening, work
from cases.services.events import record
from cases.services.kinds import kind_of, known_kind
from core.cases import AGE_DAYS, Ages, Figures, Report, View

FOUND = 20


def report(report: Report) -> int:
    """Open a case, or join the one that is there; return its id."""
    known_kind(report.kind)
    return opening.report(report).pk


def view(case_id: int) -> View | None:
    """Return a case as its reporter may see it, or None if there is none."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        return None
    return View(
        id=case.pk,
        number=case.number,
        kind=case.kind,
        state=case.state,
        subject=case.subject,
        answer=case.answer,
        label=case.object_label,
        object_id=case.object_id,
        reporter_id=case.reporter_id,
        updated_at=case.updated_at,
    )


def reply(case_id: int, *, author_id: int, text: str) -> None:
    """Add what the reporter answers."""
    work.answer(case=Case.objects.get(pk=case_id), author_id=author_id, text=text)


def resolve(
    kind: str, object_id: str, resolution: str, values: Mapping[str, Any], reason: str
) -> None:
    """Resolve the case that is about an object, and have its kind do what that means.

    An object of which there is no case is the kind's alone: it was found while nobody kept cases.
    So is one whose case is the duplicate of another.

    Raises:
        ApplicationError: the case is over, or the kind refuses.
    """
    rows = Case.objects.filter(kind=kind, object_id=object_id).order_by("-pk")
    case = rows.filter(state__in=ACTIVE).first() or rows.first()
    if case is None or case.state == State.DUPLICATE:
        if (does := kind_of(kind).resolve) is not None:
            does(object_id, resolution, values, reason)
        return
    if case.state in OVER:
        raise CaseState(state=case.state)
    work.resolve(case=case, resolution=resolution, values=values, note=reason)


def open_cases(search: str) -> list[tuple[int, str]]:
    """Return some cases that are not over, by number or subject: id and what people see."""
    rows = active().order_by("-pk").only("pk", "subject")
    number = number_of(search.strip())
    found = [] if number is None else list(rows.filter(pk=number))
    for word in search.split():
        rows = rows.filter(search_key__icontains=word)
    found += [row for row in rows[:FOUND] if row.pk != number]
    return [(one.pk, f"{one.number} {one.subject}") for one in found]


def ages(kinds: Collection[str]) -> Ages:
    """Return how old the cases of some kinds are that are not over; one query."""
    now = timezone.now()
    limits = [now - dt.timedelta(days=days) for days in AGE_DAYS]
    spans = [Q(created_at__gt=limits[0])]
    spans += [
        Q(created_at__gt=older, created_at__lte=younger) for younger, older in pairwise(limits)
    ]
    spans.append(Q(created_at__lte=limits[-1]))
    counts = {f"span_{place}": Count("pk", filter=span) for place, span in enumerate(spans)}
    late = Count("pk", filter=is_breaching(0))
    found = active().filter(kind__in=kinds).order_by().aggregate(**counts, late=late)
    return Ages(Case._meta.label, tuple(found[name] for name in counts), found["late"])


def figures(kinds: Collection[str], first: dt.date, last: dt.date) -> Figures:
    """Return what became of the cases of some kinds from one day to another."""
    return Counted(first, last, kinds).whole()


def note_action(
    case_id: int, *, action: str, label: str, object_id: str, count: int, text: str
) -> None:
    """Add to a case's events what somebody did elsewhere because of it, whatever its state is.

    No row is locked: whatever was changed is locked already, and a case comes before that.
    """
    said = {"action": action, "label": label, "object_id": object_id, "count": count}
    record(Case(pk=case_id), EventKind.ACTED, note=text, values=said)
