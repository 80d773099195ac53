"""What belongs to an object, on the object's own page: a panel per app, each with its rows.

An app says in its ``panels.py``, as a list ``PANELS``, what it has about objects of which models,
also those of other apps, which it names by their labels. An app that is off has no panel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, models
from django.http import HttpRequest

from core import plugs
from core.admin.cards import CARD_SECONDS, address, may_see
from core.admin.search import ROWS_PER_KIND, Found, hits
from core.db import time_limit

MAX_COUNTED_ROWS = 100
ANYTHING = ""  # a panel about objects of every model whose pages have tabs
RELATED, CASES = "related", "cases"
type_action = tuple[Any, str]


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows about an object of the model ``of``: the first ones, how many, and what can be done.

    ``tab`` is where it stands: what is related to the object, or the cases that it is in.
    ``everything`` returns the parameters of the list that has all of them; ``actions`` what
    somebody may press, each with the address of its page.
    """

    of: str
    title: Any
    rows: Callable[[Any], models.QuerySet[Any]]
    state: Callable[[Any], Any] = lambda _row: ""
    name: Callable[[Any], Any] = str
    everything: Callable[[Any], Mapping[str, str]] | None = None
    actions: Callable[[HttpRequest, Any], list[type_action]] = lambda _request, _obj: []
    tab: str = RELATED

    def is_about(self, obj: models.Model) -> bool:
        """Tell whether it stands on an object's pages; no case is about a case."""
        if self.of:
            return self.of == obj._meta.label
        return self.rows(obj).model is not type(obj)


@dataclass(slots=True)
class Shown:
    """A panel as the page shows it; ``failed`` says that its rows could not be read."""

    title: Any
    tab: str = RELATED
    number: int = 0
    found: list[Found] = field(default_factory=list)
    link: str = ""
    actions: list[type_action] = field(default_factory=list)
    failed: bool = False

    @property
    def is_more(self) -> bool:
        """Tell whether there are more rows than were counted."""
        return self.number > MAX_COUNTED_ROWS

    @property
    def most(self) -> int:
        """Return how many rows are counted at most."""
        return MAX_COUNTED_ROWS


def panels_about(request: HttpRequest, obj: models.Model) -> list[Panel]:
    """Return the panels about an object whose rows somebody may see, tab by tab; none is read."""
    parts = (app.part("panels") for app in plugs.enabled())
    panels = [
        panel
        for part in parts
        for panel in getattr(part, "PANELS", ())
        if panel.is_about(obj) and may_see(request, panel.rows(obj).model)
    ]
    return sorted(panels, key=lambda panel: panel.tab == CASES)


def panels_for(request: HttpRequest, obj: models.Model) -> list[Shown]:
    """Return the panels about an object with their rows."""
    return [panel_of(panel, request, obj) for panel in panels_about(request, obj)]


def panel_of(panel: Panel, request: HttpRequest, obj: models.Model) -> Shown:
    """Return one panel with its rows; one that cannot be read says so, and the page stands."""
    rows, actions = panel.rows(obj), panel.actions(request, obj)
    try:
        with time_limit(CARD_SECONDS):
            found = list(hits(request, rows[:ROWS_PER_KIND], panel.state, panel.name))
            counted = rows.order_by().values("pk")[: MAX_COUNTED_ROWS + 1].count()
    except DatabaseError:
        return Shown(panel.title, panel.tab, actions=actions, failed=True)
    link = address(rows.model, panel.everything(obj)) if panel.everything else ""
    return Shown(panel.title, panel.tab, counted, found, link, actions)
