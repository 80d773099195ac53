"""The journal in words: who acted, on what, and where they looked; no word of code.

What the journal stores stays as it is: labels of models, names of tasks, methods and paths.
Where an app says of its own lines what people call them, its ``words.py`` has ``reason(text)``.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.management import get_commands
from django.db import models
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from core import plugs
from core.models import JournalEntry

KINDS: dict[str, Any] = {
    "user": _("person"),
    "task": _("background work"),
    "command": _("command"),
    "anonymous": _("nobody signed in"),
}
# A look, as apps write it down: "404 GET /api/patients/7 (search)", the first and last if any.
LOOK = re.compile(
    r"(?:(?P<status>[1-5][0-9]{2}) )?(?P<method>[A-Z]{3,7}) (?P<path>/\S*)"
    r"(?: \((?P<names>[^()]+)\))?"
)
BY_ADMIN = re.compile(r"admin(?:: (?P<what>.+))?")
PAGES: dict[str, Any] = {
    "add": _("new"),
    "change": _("page"),
    "changelist": _("list"),
    "delete": _("removal"),
    "history": _("changes"),
    "looks": _("who looked"),
}
ROUTES: dict[str, Any] = {
    "create": _("new"),
    "destroy": _("removal"),
    "list": _("list"),
    "partial_update": _("change"),
    "retrieve": _("record"),
    "update": _("change"),
}
REASONS = (gettext_noop("import"),)  # of lines that code writes: here for the translations
LISTS = {"changelist", "list"}
SEARCHES = {"q", "search"}
MAX_KEPT_ADDRESSES = 1024
PAGINGS = {"all", "before", "count", "cursor", "e", "into", "limit", "o", "ordering", "p"}


def kind_of_actor(name: str) -> str:
    """Return what people call a kind of actor."""
    return str(KINDS.get(name, name))


def actor(kind: str, label: str) -> str:
    """Return who acted: a person by address, work in the background by what it does."""
    if kind == "user" and label:
        return label
    named = task(label) if kind == "task" else label
    return f"{kind_of_actor(kind)}: {named}" if named else kind_of_actor(kind)


def task(name: str) -> str:
    """Return what people call a task; nothing for one that is no more, or has no name."""
    app, _dot, rest = name.partition(".")
    config = apps.app_configs.get(app)
    part = config.part("tasks") if isinstance(config, plugs.PluggableApp) else None
    found = getattr(part, rest.removeprefix("tasks."), None)
    return str(getattr(found, "title", None) or "")


def model(label: str) -> str:
    """Return what people call a model; one of an app that is off has its label only."""
    found = models_by_label().get(label)
    return label if found is None else capitalised(found._meta.verbose_name)


@cache
def models_by_label() -> dict[str, type[models.Model]]:
    """Return the models of the apps that run; which do never changes."""
    return {found._meta.label: found for found in apps.get_models()}


def reason(text: str) -> str:
    """Return why, or where, something happened."""
    if not text:
        return ""
    if (look := LOOK.fullmatch(text)) is not None:
        return place(look) or text
    if (found := BY_ADMIN.fullmatch(text)) is not None:
        return joined(where(), gettext(found["what"]) if found["what"] else "")
    if text in get_commands():
        return joined(kind_of_actor("command"), text)
    parts = (app.part("words") for app in plugs.enabled())
    said = (part.reason(text) for part in parts if part is not None)
    return next((words for words in said if words), gettext(text))


def place(look: re.Match[str]) -> str:
    """Return where a look went; nothing for an address that leads nowhere."""
    match = resolved(look["path"])
    if match is None:
        return ""
    found = page(match) or route(match, look["method"])
    names = set((look["names"] or "").split(", ")) - {""} - PAGINGS
    return joined(
        *found,
        gettext("searched") if names & SEARCHES else "",
        gettext("filtered") if names - SEARCHES else "",
        look["status"] or "",
    )


@lru_cache(maxsize=MAX_KEPT_ADDRESSES)
def resolved(path: str) -> ResolverMatch | None:
    """Return what an address leads to; a page of the journal asks the same ones again."""
    for spelled in (path, path.rstrip("/")):  # the API's take both
        with suppress(Resolver404):
            return resolve(spelled)
    return None


def page(match: ResolverMatch) -> list[str]:
    """Return which page of the admin an address is; nothing for one that is none."""
    if "admin" not in match.app_names:
        return []
    url_name = match.url_name or ""
    for found, registered in admin.site._registry.items():  # noqa: SLF001 - Django offers no other way
        begin = f"{found._meta.app_label}_{found._meta.model_name}_"
        name = url_name.removeprefix(begin)
        if name != url_name:
            described = getattr(getattr(registered, name, None), "short_description", "")
            return [*about(found, name), str(PAGES.get(name, described)), where()]
    return [where()]


def route(match: ResolverMatch, method: str) -> list[str]:
    """Return which route of the API an address is."""
    view: Any = getattr(match.func, "cls", None)
    action = getattr(match.func, "actions", {}).get(method.lower(), "")
    found = getattr(getattr(view, "queryset", None), "model", None)
    own = getattr(getattr(view, action, None), "kwargs", {}).get("name", "")
    return [*(about(found, action) if found else ()), str(ROUTES.get(action, own)), gettext("API")]


def about(found: type[models.Model], name: str) -> list[str]:
    """Return what a page or route is about: one row of a model, or its list."""
    options = found._meta
    called = options.verbose_name_plural if name in LISTS else options.verbose_name
    return [capitalised(called)]


def tell(entries: Iterable[JournalEntry]) -> None:
    """Give entries what templates show of them: ``who`` acted, and ``why`` or where."""
    for entry in entries:
        entry.who = actor(entry.actor_kind, entry.actor_label)  # type: ignore[attr-defined]  # read by templates
        entry.why = reason(entry.reason)  # type: ignore[attr-defined]  # read by templates


def capitalised(name: Any) -> str:
    """Return a name with a capital, as a heading begins."""
    return str(capfirst(name))


def where() -> str:
    """Return what people call the admin."""
    return gettext("administration")


def joined(*parts: str) -> str:
    """Return the parts that say something, in one line."""
    return " · ".join(part for part in parts if part)
