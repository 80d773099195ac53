"""What becomes of cases when somebody's account is removed.

The case stays, with its dates, states and what support wrote. Erased is what the person wrote as
its reporter: subject and details, their notes in events, and the answer that was theirs to read.
Support's notes are the company's and stay.
"""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as noop

from cases.constants import ACTIVE, EventKind
from cases.models import Case, CaseEvent
from cases.services.events import announce, record
from core.audit import journal

BATCH_ROWS = 500


@transaction.atomic
def forget(*, user_id: int) -> int:
    """Erase what a removed user wrote as reporter, and take their cases from them.

    Returns how many cases changed. The subject becomes the kind's name: an app that finds something
    by itself names no reporter, so it is the person's own words.
    """
    rows = Case.objects.filter(reporter=user_id) | Case.objects.filter(
        assignee=user_id, state__in=ACTIVE
    )
    count = last = 0
    while True:
        locked = rows.filter(pk__gt=last).select_for_update(no_key=True).order_by("pk")
        found = list(locked[:BATCH_ROWS])
        if not found:
            break
        for case in found:
            forget_in(case, user_id)
        count, last = count + len(found), found[-1].pk
    notes = CaseEvent.objects.filter(actor=user_id, case__reporter=F("actor")).exclude(note="")
    CaseEvent.objects.filter(pk__in=notes.values("pk")).update(note="")
    return count


def forget_in(case: Case, user_id: int) -> None:
    """Forget a person in one locked case."""
    fields: dict[str, object] = {}
    if case.reporter_id == user_id:
        fields.update(subject=case.kind, details="", answer="")
    leaves = case.assignee_id == user_id and case.state in ACTIVE
    if leaves:
        fields["assignee_id"] = None
    changes = journal.change(case, fields)
    if changes:
        journal.record(journal.Action.CHANGE, case, changes=changes, reason=noop("account removed"))
    if leaves:
        record(case, EventKind.ASSIGNED, values={"assignee": None})
    announce([case.pk])
