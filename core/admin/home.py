"""The admin's home page: what needs attention, figures, and what oneself did last."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from core.admin import cards
from core.models import Action, JournalEntry

OWN_ACTIONS = 10
OWN_ENTRIES = 100  # among which one's recent objects are looked for


class Recent(NamedTuple):
    """An object that somebody worked with: its name, what it is, and its page."""

    label: str
    kind: Any
    link: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the home page (Unfold's ``DASHBOARD_CALLBACK``)."""
    entries = list(
        JournalEntry.objects.filter(actor_kind="user", actor_id=request.user.pk).order_by("-id")[
            :OWN_ENTRIES
        ]
    )
    actions = [entry for entry in entries if entry.action != Action.READ and is_named(entry)]
    return {
        **context,
        "attention": cards.waiting_for(request),
        "figures": cards.figures_for(request),
        "fresh_seconds": cards.FRESH_SECONDS,
        "most": cards.MAX_COUNTED_ROWS,
        "as_of": timezone.localtime(),
        "recent": recent(request, entries),
        "actions": [(entry, recent_of(request, entry)) for entry in actions[:OWN_ACTIONS]],
    }


def is_named(entry: JournalEntry) -> bool:
    """Tell whether an entry is about one object that people know by a name, as no session is."""
    return bool(entry.object_id) and entry.object_label != entry.object_id


def recent(request: HttpRequest, entries: list[JournalEntry]) -> list[Recent]:
    """Return the objects that one worked with, the latest first, each once."""
    found: dict[tuple[str, str], Recent] = {}
    for entry in entries:
        key = (entry.model, entry.object_id)
        if is_named(entry) and key not in found and (one := recent_of(request, entry)):
            found[key] = one
    return list(found.values())[:OWN_ACTIONS]


def recent_of(request: HttpRequest, entry: JournalEntry) -> Recent | None:
    """Return the object that an entry is about; None if it has no page that one may open."""
    model = cards.listed(entry.model)
    if model is None or not cards.may_see(request, model):
        return None  # an app that is off, a table without a list, or not for them
    options = model._meta
    try:
        link = reverse(
            f"admin:{options.app_label}_{options.model_name}_change", args=[entry.object_id]
        )
    except NoReverseMatch:
        return None
    return Recent(entry.object_label or entry.object_id, options.verbose_name, link)


admin.site.index_template = "core/admin/home.html"
