"""Due times by the rules of today: after a calendar or a target was changed."""

from typing import NamedTuple

from django.db import transaction

from cases.constants import ACTIVE, EventKind
from cases.models import Case
from cases.services import due
from cases.services.events import record
from core.audit import journal

SHOWN = ("first_response_due", "solution_due")
BATCH_ROWS = 500


class Moved(NamedTuple):
    """How many cases were looked at, and of how many the due times are others."""

    looked_at: int
    moved: int


class Recompute:
    """Goes through the cases that are not over; rules are read once for a kind and priority."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.rules: dict[tuple[str, int], due.Rules] = {}

    def rules_of(self, case: Case) -> due.Rules:
        """Return what holds for a case.

        Raises:
            NoWorkingTime: its calendar has no hours.
        """
        key = (case.kind, case.priority)
        if key not in self.rules:
            rules = due.Rules(*key)
            rules.calendar.add(case.created_at, 1)
            self.rules[key] = rules
        return self.rules[key]

    def run(self) -> Moved:
        """Move the due times of all of them, a batch at a time.

        Raises:
            NoWorkingTime: a calendar has no hours; nothing of its batch is written.
        """
        looked_at = moved = last = 0
        while True:
            with transaction.atomic():
                rows = Case.objects.filter(state__in=ACTIVE, pk__gt=last).order_by("pk")
                locked = rows if self.dry_run else rows.select_for_update(no_key=True)
                found = list(locked[:BATCH_ROWS])
                moved += sum(self.move(case) for case in found)
            if not found:
                return Moved(looked_at, moved)
            looked_at, last = looked_at + len(found), found[-1].pk

    def move(self, case: Case) -> bool:
        """Move the due times of a locked case; tell whether they were others."""
        fields = due.anew(case, self.rules_of(case))
        before = {name: getattr(case, name) for name in SHOWN}
        after = {name: fields.get(name, before[name]) for name in SHOWN}
        if before == after:
            return False
        if not self.dry_run:
            changes = journal.change(case, fields)
            journal.record(journal.Action.CHANGE, case, changes=changes)
            values = {
                name: [before[name].isoformat(), after[name].isoformat()]
                for name in SHOWN
                if before[name] != after[name]
            }
            record(case, EventKind.DUE_MOVED, values=values)
        return True
