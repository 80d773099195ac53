"""Pages of the admin that an app brings beside its lists: ``PAGES`` in its ``cards.py``.

The menu shows each to the roles that it is for; the page's own view refuses all others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from core.admin import cards
from core.roles import Role


@dataclass(frozen=True, slots=True)
class Page:
    """A page: what the menu calls it, the name of its address, its icon, and whose it is."""

    title: Any
    name: str
    icon: str
    roles: frozenset[Role] = cards.FIGURE_ROLES

    @property
    def link(self) -> str:
        """Return the page's address."""
        return reverse(self.name)

    def is_for(self, request: HttpRequest) -> bool:
        """Tell whether somebody may open it."""
        return getattr(request.user, "role", "") in self.roles


def pages_for(request: HttpRequest) -> Iterator[Page]:
    """Yield the pages that somebody may open, of all apps that run."""
    return (page for page in cards.of_apps("PAGES") if page.is_for(request))
