"""The admin's menu: home, what waits, one group per app, people, and the technical tables."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from core.admin import cards, pages

PEOPLE = "users"
SYSTEM = "core"

type_item = dict[str, Any]
type_group = dict[str, Any]


def navigation(request: HttpRequest) -> list[type_group]:
    """Return the groups of the menu for somebody (Unfold's ``SIDEBAR``); empty ones are left out.

    A list is technical where its ModelAdmin says ``is_technical``: it goes below System.
    """
    plain: dict[str, list[type_item]] = {}
    technical: list[type_item] = []
    apps = admin.site.get_app_list(request)
    for app in apps:
        for model in app["models"]:
            registered = admin.site._registry[model["model"]]  # noqa: SLF001 - Django offers no other way
            item = {"title": model["name"], "link": model["admin_url"]}
            is_technical = app["app_label"] == SYSTEM or getattr(registered, "is_technical", False)
            (technical if is_technical else plain.setdefault(app["app_label"], [])).append(item)
    names = {app["app_label"]: app["name"] for app in apps}
    people = plain.pop(PEOPLE, [])
    groups: list[type_group] = [
        {"title": "", "items": home(request)},
        {"title": _("Attend"), "items": waiting(request)},
        *({"title": names[label], "items": items} for label, items in plain.items()),
        {"title": _("People"), "items": people},
        {"title": _("System"), "items": technical, "collapsible": True},
    ]
    return [group for group in groups if group["items"]]


def home(request: HttpRequest) -> list[type_item]:
    """Return the pages that are about no list, the apps' own ones between ours."""
    own = [
        {"title": page.title, "link": page.link, "icon": page.icon}
        for page in pages.pages_for(request)
    ]
    return [
        {"title": _("Home"), "link": reverse("admin:index"), "icon": "home"},
        *own,
        {"title": _("Background work"), "link": reverse("admin:background"), "icon": "schedule"},
    ]


def waiting(request: HttpRequest) -> list[type_item]:
    """Return what waits for a person, each with the number that the home page counted last."""
    items: list[type_item] = []
    for card in sorted(cards.kept_cards(cards.seen_by(request)), key=cards.order):
        if isinstance(card.source, cards.Attention) and card.waiting and card.waiting.number:
            number = number_format(min(card.waiting.number, cards.MAX_COUNTED_ROWS))
            items.append(
                {
                    "title": card.source.title,
                    "link": card.source.link,
                    "badge": f"{number}+" if card.is_more else number,
                    "badge_variant": "danger" if card.is_urgent else "primary",
                }
            )
    return items
