"""Somebody who keeps cases, where the app that does is not asked: their notes are rows."""

import datetime as dt
from uuid import uuid4

from core import cases
from core.models import StoredAnswer

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class FakeKeeper:
    """Keeps the cases it is given: id → whether it is over. Its ids are not its numbers."""

    def __init__(self, **over):
        self.over = {int(name.removeprefix("case")): ended for name, ended in over.items()}
        self.asked = []

    def number(self, case_id):
        return f"C-{1000 + case_id}"

    def view(self, case_id):
        number = self.number(case_id)
        return cases.View(case_id, number, "k", "open", "s", "", "", "", None, NEW_YEAR)

    def open_cases(self, search):
        self.asked.append(search)
        shown = [
            (one, f"{self.number(one)} · <yoghurt>") for one, over in self.over.items() if not over
        ]
        return [(one, text) for one, text in shown if search in text]

    def note_action(self, case_id, **note):
        StoredAnswer.objects.create(
            key=uuid4().hex, fingerprint="note", headers={"case": case_id, **note}
        )


def notes():
    """What the fake keeper was told and what stayed, in order."""
    rows = StoredAnswer.objects.filter(fingerprint="note").order_by("pk")
    return list(rows.values_list("headers", flat=True))
