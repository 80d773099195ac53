"""Cases are opened, or joined by what is reported again."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.constants import SUBJECT_LENGTH, TEXT_LENGTH, EventKind, State
from cases.errors import CaseAnotherOpen
from cases.models import Case
from cases.services import due
from cases.services.events import announce, record
from cases.services.kinds import kind_of
from core.audit import journal
from core.cases import Report
from core.db import refusing
from core.text import storable

FORMER = "cases.Case"  # the label of the link to the case before this one
ATTEMPTS = 3


@transaction.atomic
def report(what: Report, *, priority: int | None = None, former_id: int | None = None) -> Case:
    """Open a case, or join the one about the same object that is not over; return it.

    A case that is a duplicate is over when its original is. A new case about an object that had one
    before names that one in its links. The case's row is locked until the commit.

    Raises:
        CaseAnotherOpen: it goes on with ``former_id``, and there is one to join already.
    """
    for _attempt in range(ATTEMPTS):
        latest = latest_about(what) if what.object_id else None
        if latest is not None and not is_over(latest):
            if former_id is not None:
                raise CaseAnotherOpen(existing=latest.pk)
            return join(latest, what)
        before = former_id if latest is None else latest.pk
        try:
            return open_case(what, priority=priority, former_id=before)
        except CaseAnotherOpen:
            continue  # somebody else opened it a moment before: join that one
    raise CaseAnotherOpen


def latest_about(what: Report) -> Case | None:
    """Return the latest case of the kind about the object, locked."""
    rows = Case.objects.select_for_update(no_key=True).filter(
        kind=what.kind, object_label=what.label, object_id=what.object_id
    )
    return rows.order_by("-pk").first()


def is_over(case: Case) -> bool:
    """Tell whether what is reported again wants a new case."""
    if case.state != State.DUPLICATE:
        return case.is_over
    original = case.duplicate_of
    return original is None or original.is_over


def join(case: Case, what: Report) -> Case:
    """Count in a locked case how often it occurred; a report that comes twice changes nothing."""
    occurrences = max(case.occurrences, what.occurrences)
    changes = journal.change(case, {"occurrences": occurrences})
    if changes:
        journal.record(journal.Action.CHANGE, case, changes=changes)
    return case


def open_case(what: Report, *, priority: int | None, former_id: int | None) -> Case:
    """Store a new case with its due times, its first event and its journal.

    Raises:
        CaseAnotherOpen: another one about the same object is not over.
    """
    now = timezone.now()
    if priority is None:
        priority = kind_of(what.kind).priority
    links: dict[str, Any] = {label: str(key) for label, key in what.links.items()}
    if former_id is not None:
        links[FORMER] = str(former_id)
    case = Case(
        kind=what.kind,
        priority=priority,
        subject=storable(what.subject, SUBJECT_LENGTH),
        details=storable(what.details, TEXT_LENGTH),
        reporter_id=what.reporter_id,
        object_label=what.label,
        object_id=what.object_id,
        links=links,
        request_id=storable(what.request_id, 64),
        app_version=storable(what.app_version, 64),
        occurrences=what.occurrences,
        created_at=now,
        **due.at_opening(due.Rules(what.kind, priority), now),
    )
    with refusing(Case, {"cases_one_per_object": CaseAnotherOpen}), transaction.atomic():
        case.save(force_insert=True)
    journal.record(journal.Action.CREATE, case, changes=journal.initial(case))
    record(
        case,
        EventKind.OPENED,
        to_state=State.NEW.value,
        visible_to_seller=True,
        values={} if former_id is None else {"former": former_id},
    )
    announce([case.pk])
    return case
