"""The head of an object's pages: its name, its id to copy, and how it stands, in colour."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import models

# What states mean to people, whatever the app; a list that says more brings its own colours.
COLOURS = {
    **dict.fromkeys(("accepted", "active", "done", "matched", "published"), "success"),
    **dict.fromkeys(("ready", "resolved", "sent", "stored"), "success"),
    **dict.fromkeys(("failed", "refused", "rejected", "void"), "danger"),
    **dict.fromkeys(("ended", "expired", "flagged", "inactive", "retired"), "warning"),
    **dict.fromkeys(("draft", "open", "pending", "receiving"), "info"),
}
STATES = ("state", "status")


class Label(NamedTuple):
    """How an object stands: a word, and Unfold's name of its colour, if it has one."""

    text: Any
    colour: str = ""


def labels_of(page: Any, obj: models.Model) -> list[Label]:
    """Return how an object stands: as its list shows it, and its columns of states."""
    found = list(coloured(page, obj))
    if not found:
        found = list(states_of(obj))
    return found


def coloured(page: Any, obj: models.Model) -> Iterator[Label]:
    """Yield the labels of a ModelAdmin: ``header_labels``, then those in its list."""
    for name in (*page.header_labels, *page.list_display):
        shown = getattr(page, str(name), None)
        colours = getattr(shown, "label", None)
        if shown is None or not isinstance(colours, dict):
            continue
        value = shown(obj)
        key, text = value if isinstance(value, tuple) else (value, value)
        if text:
            yield Label(text, colours.get(key, ""))


def states_of(obj: models.Model) -> Iterator[Label]:
    """Yield the states that an object's columns hold."""
    for column in obj._meta.concrete_fields:
        if column.choices and (column.name in STATES or column.name.endswith("_status")):
            value = getattr(obj, column.attname)
            text = getattr(obj, f"get_{column.name}_display")()
            if text:
                yield Label(text, COLOURS.get(value, ""))
