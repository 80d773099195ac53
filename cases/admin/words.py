"""How the desk's pages say things: due times, states, events, objects."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext

from cases.constants import PREFIX, EventKind, State
from cases.forms.work import PRIORITIES
from cases.models import Case, CaseEvent
from cases.services.kinds import kind_of
from core.admin import cards
from core.models import Action

STATE_COLOURS = {
    State.NEW.value: "info",
    State.OPEN.value: "primary",
    State.REOPENED.value: "warning",
    State.WAITING_SELLER.value: "",
    State.WAITING_VENDOR.value: "",
    State.RESOLVED.value: "success",
    State.CLOSED.value: "",
    State.DUPLICATE.value: "",
}
LATE = "text-red-700 dark:text-red-400"
HOUR = 60


class Thing(NamedTuple):
    """An object that a case names: what it is, its id, and its page if one may open it."""

    kind: str
    name: str
    link: str = ""


class Line(NamedTuple):
    """An event as people read it."""

    event: CaseEvent
    who: str
    text: str
    thing: Thing | None = None


def moment(when: dt.datetime) -> str:
    """Return a time as people here read it."""
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")


def how_long(when: dt.datetime, now: dt.datetime) -> str:
    """Return how far a due time is away, or how long ago it was."""
    if when <= now:
        return gettext("%(time)s late") % {"time": timesince(when, now, depth=1)}
    return gettext("in %(time)s") % {"time": timesince(now, when, depth=1)}


def due(when: dt.datetime, now: dt.datetime, *, runs: bool) -> str:
    """Return a due time with how far it is away, in red when it is past; that only if it runs."""
    zoned = timezone.localtime(when)
    return format_html(
        '<time datetime="{}" title="{}" class="whitespace-nowrap {}">{}{}</time>',
        zoned.isoformat(),
        date_format(zoned, "Y-m-d H:i:s T"),
        LATE if runs and when <= now else "",
        moment(when),
        f" · {how_long(when, now)}" if runs else "",
    )


def priority(number: int) -> str:
    """Return a priority with its word."""
    return f"{number} · {PRIORITIES[number]}"


def span(minutes: int) -> str:
    """Return a span of working time."""
    about = {"hours": minutes // HOUR, "minutes": minutes % HOUR}
    return gettext("%(hours)d h %(minutes)d min") % about


def resolution(case: Case) -> str:
    """Return how a case ended."""
    if not case.resolution:
        return ""
    found = kind_of(case.kind).resolutions.get(case.resolution)
    return str(found.label) if found is not None else gettext(case.resolution.replace("_", " "))


def thing(request: HttpRequest, label: str, object_id: str, *, count: int = 1) -> Thing:
    """Return an object, or so many of a model; with a link where somebody may open it."""
    model = cards.listed(label)
    if model is None:
        return Thing("", f"{label} {object_id}".strip())
    options = model._meta
    if not object_id:
        number = f" ({count})" if count else ""
        return Thing("", f"{options.verbose_name_plural}{number}")
    name = f"{PREFIX}{object_id}" if model is Case else object_id
    if not cards.may_see(request, model):
        return Thing(str(options.verbose_name), name)
    try:
        page = f"admin:{options.app_label}_{options.model_name}_change"
        return Thing(str(options.verbose_name), name, reverse(page, args=[quote(object_id)]))
    except NoReverseMatch:
        return Thing(str(options.verbose_name), name)


def things(request: HttpRequest, case: Case) -> list[Thing]:
    """Return the objects that a case is about."""
    named = [(case.object_label, case.object_id)] if case.object_id else []
    named += [(label, key) for label, key in case.links.items() if (label, key) not in named]
    return [thing(request, label, str(key)) for label, key in named]


def action_name(label: str, name: str) -> str:
    """Return what an action of an admin page is called there."""
    if name in Action.values or name == "add":
        return str(Action(name if name != "add" else "create").label)
    model = cards.listed(label)
    page = None if model is None else admin.site._registry.get(model)  # noqa: SLF001 - Django offers no other way
    described = getattr(getattr(page, name, None), "short_description", "")
    return str(described or name.replace("_", " "))


def people(events: Iterable[CaseEvent]) -> dict[int, str]:
    """Return the names of those to whom a case was given, in one query."""
    keys = {event.values.get("assignee") for event in events} - {None}
    rows = get_user_model()._default_manager.filter(pk__in=keys)
    return {user.pk: str(user) for user in rows}


def lines(request: HttpRequest, case: Case, events: list[CaseEvent]) -> list[Line]:
    """Return a case's events as people read them."""
    names = people(events)
    found = []
    for event in events:
        who = str(event.actor) if event.actor is not None else gettext("the system")
        about = None
        if event.kind == EventKind.ACTED:
            said: Mapping[str, Any] = event.values
            key, count = said.get("object_id", ""), said.get("count", 1)
            about = thing(request, said.get("label", ""), key, count=count)
        elif event.values.get("of"):
            number = str(event.values["of"])
            about = thing(request, "cases.Case", number.removeprefix(PREFIX))
        found.append(Line(event, who, text_of(case, event, names), about))
    return found


def text_of(case: Case, event: CaseEvent, names: Mapping[int, str]) -> str:
    """Return what an event tells, without its note."""
    said, text = event.values, str(event.get_kind_display())
    match event.kind:
        case EventKind.MOVED:
            text = moved(case, event)
        case EventKind.ASSIGNED if said.get("assignee") is None:
            text = gettext("given to nobody")
        case EventKind.ASSIGNED:
            who = names.get(said["assignee"], gettext("somebody without an account"))
            text = gettext("given to %(who)s") % {"who": who}
        case EventKind.CHANGED if "priority" in said:
            before, after = said["priority"]
            about = {"before": priority(before), "after": priority(after)}
            text = gettext("priority: %(before)s → %(after)s") % about
        case EventKind.ACTED:
            text = action_name(said.get("label", ""), said.get("action", ""))
        case EventKind.NOTED:
            text = gettext("internal note")
    return text


def moved(case: Case, event: CaseEvent) -> str:
    """Return where a case went, how it ended, and how long it had waited."""
    about = {"before": event.get_from_state_display(), "after": event.get_to_state_display()}
    parts = [gettext("%(before)s → %(after)s") % about]
    if ending := event.values.get("resolution"):
        known = kind_of(case.kind).resolutions.get(ending)
        parts.append(str(known.label) if known else gettext(ending.replace("_", " ")))
    if event.minutes:
        parts.append(gettext("waited %(time)s of working time") % {"time": span(event.minutes)})
    return " · ".join(parts)
