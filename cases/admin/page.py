"""What the page of a case shows."""

from contextlib import suppress
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from cases.admin import words
from cases.admin.work import WORKS, can_be_taken, offered
from cases.constants import ACTIVE, RUNNING
from cases.forms.work import WorkForm
from cases.models import Case, CaseEvent
from cases.services.kinds import kind_of
from cases.services.macros import macros_for
from core.admin.words import tell
from core.models import JournalEntry
from core.values import parse_key

MAX_EVENTS = 100
MAX_DUPLICATES = 50
MAX_MACROS = 20
MAX_ENTRIES = 50
PRESSED = ("take", "macro")  # are buttons without a form to fill in


def describe(
    request: HttpRequest, case: Case, *, seen: int, refused: tuple[str, WorkForm | None]
) -> dict[str, Any]:
    """Return what the page's template shows; ``refused`` is a form with its errors, by name."""
    kind, now = kind_of(case.kind), timezone.now()
    runs = case.state in RUNNING
    rows = events_of(request, case)
    shown = rows[:MAX_EVENTS]
    name_refused, form_refused = refused
    is_active = case.state in ACTIVE
    has_object = bool(case.object_id)
    return {
        "case": case,
        "kind": kind,
        "seen": seen,
        "state_colour": words.STATE_COLOURS[case.state],
        "due": words.due(case.solution_due, now, runs=runs) if is_active else "",
        "first_due": words.due(case.first_response_due, now, runs=True)
        if runs and case.first_responded_at is None
        else "",
        "priority": words.priority(case.priority),
        "resolution": words.resolution(case),
        "facts": kind.facts(case.object_id) if kind.facts and has_object else [],
        "kind_page": kind.page(case.object_id) if kind.page and has_object and is_active else "",
        "things": words.things(request, case),
        "can_be_taken": can_be_taken(case, request.user.pk),
        "works": works(case, seen, refused),
        "refused": form_refused if name_refused in PRESSED else None,
        "macros": macros_for(case)[:MAX_MACROS] if is_active else [],
        "lines": words.lines(request, case, shown),
        "earlier": shown[-1].pk if len(rows) > MAX_EVENTS else None,
        "duplicates": case.duplicates.order_by("pk")[:MAX_DUPLICATES],
        "entries": entries_of(request, case),
    }


def events_of(request: HttpRequest, case: Case) -> list[CaseEvent]:
    """Return the latest events of a case, or those before the one that the address names."""
    events = CaseEvent.objects.filter(case=case).select_related("actor").order_by("-pk")
    with suppress(ValueError):  # the latest, unless the address names an event
        events = events.filter(pk__lt=parse_key(request.GET.get("before", "")))
    return list(events[: MAX_EVENTS + 1])


def works(case: Case, seen: int, refused: tuple[str, WorkForm | None]) -> list[dict[str, Any]]:
    """Return the forms of what can be done, the refused one as it was sent but open."""
    found = []
    name_refused, form_refused = refused
    names = offered(case)
    if form_refused is not None and name_refused not in {*names, *PRESSED}:
        names = [*names, name_refused]  # what the case allowed when the page was shown
    for name in names:
        form = WORKS[name].form(initial={"seen": seen}, case=case, auto_id=f"id_{name}_%s")
        is_open = name == name_refused and form_refused is not None
        if is_open and form_refused is not None:
            form = form_refused
            form.auto_id = f"id_{name}_%s"
        found.append({"name": name, "work": WORKS[name], "form": form, "is_open": is_open})
    return found


def entries_of(request: HttpRequest, case: Case) -> list[tuple[JournalEntry, words.Thing]]:
    """Return the journal of the request that the case is about."""
    if not case.request_id or not request.user.has_perm("core.view_journalentry"):
        return []
    rows: QuerySet[JournalEntry] = JournalEntry.objects.filter(request_id=case.request_id)
    found = list(rows.order_by("pk")[:MAX_ENTRIES])
    tell(found)
    return [
        (entry, words.thing(request, entry.model, entry.object_id, count=entry.count or 0))
        for entry in found
    ]
