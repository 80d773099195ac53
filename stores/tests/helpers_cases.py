"""Support that keeps cases in memory, and the work on groups and cases done at once."""

import dataclasses
import threading
from typing import Any

from django.utils import timezone

from core import cases
from core.cases import View
from core.signals import case_changed
from stores.models import SellerCase, UnrecognisedGroup
from stores.services import groups, seller_cases
from stores.tests.helpers_push import visit

OVER = ("resolved", "closed", "duplicate")
GTIN = "9529999000019"


class Keeper:
    """What ``core.cases.Keeper`` says, without tables."""

    def __init__(self) -> None:
        self.views: dict[int, View] = {}
        self.reports: list[cases.Report] = []
        self.lock = threading.Lock()

    def report(self, report: cases.Report) -> int:
        with self.lock:
            self.reports.append(report)
            about = (report.kind, report.label, report.object_id)
            for view in self.views.values():
                if (view.kind, view.label, view.object_id) == about and view.state not in OVER:
                    return view.id
            key = len(self.views) + 1
            self.views[key] = View(
                id=key,
                number=f"C-{key}",
                kind=report.kind,
                state="new",
                subject=report.subject,
                answer="",
                label=report.label,
                object_id=report.object_id,
                reporter_id=report.reporter_id,
                updated_at=timezone.now(),
            )
        case_changed.send(sender=None, case_id=key)
        return key

    def view(self, case_id: int) -> View | None:
        return self.views.get(case_id)

    def change(self, case_id: int, **values: Any) -> None:
        self.views[case_id] = dataclasses.replace(
            self.views[case_id], updated_at=timezone.now(), **values
        )
        case_changed.send(sender=None, case_id=case_id)

    def resolve(self, kind, object_id, resolution, values, reason) -> None:
        does = cases.kinds()[kind].resolve
        if does is not None:
            does(object_id, resolution, values, reason)
        for view in list(self.views.values()):
            if (view.kind, view.object_id) == (kind, object_id) and view.state not in OVER:
                self.change(view.id, state="resolved", answer=reason)


def items(*names: Any, **fields: Any) -> list[dict[str, Any]]:
    """Return unrecognised items: a GTIN of digits, or a text."""
    rows = [{"gtin" if str(name).isdecimal() else "text": str(name)} for name in names]
    return [{"id": f"i{place}", **row, **fields} for place, row in enumerate(rows)]


def with_items(store: Any, *names: Any, **fields: Any) -> dict[str, Any]:
    """Return a document of a visit with unrecognised items."""
    return visit(store, unrecognised=items(*names), **fields)


def work() -> None:
    """Do all the work that waits, as the sweep and a worker would."""
    for pk in UnrecognisedGroup.objects.filter(status="pending").values_list("pk", flat=True):
        groups.work_on(pk=pk)
    for pk in SellerCase.objects.filter(status="pending").values_list("pk", flat=True):
        seller_cases.work_on(pk=str(pk))


def waiting() -> int:
    """Return how much work waits."""
    found = (UnrecognisedGroup.objects, SellerCase.objects)
    return sum(rows.filter(status="pending").count() for rows in found)
