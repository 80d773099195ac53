"""Pages of the admin that an app brings beside its lists: ``PAGES`` in its ``cards.py``.

The menu shows each to the roles that it is for; for anybody else it is not there to be opened.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from core.admin import cards
from core.roles import Role


@dataclass(frozen=True, slots=True)
class Page:
    """A page: what the menu calls it, its address below ``/admin/`` and its name, and its view.

    The view is asked for reading only, by whoever has one of the roles.
    """

    title: Any
    path: str
    name: str
    view: Callable[[HttpRequest], HttpResponse]
    icon: str
    roles: frozenset[Role] = cards.FIGURE_ROLES

    @property
    def link(self) -> str:
        """Return the page's address."""
        return reverse(f"admin:{self.name}")

    def is_for(self, request: HttpRequest) -> bool:
        """Tell whether somebody may open it."""
        return getattr(request.user, "role", "") in self.roles


def pages_for(request: HttpRequest) -> Iterator[Page]:
    """Yield the pages that somebody may open, of all apps that run."""
    return (page for page in cards.of_apps("PAGES") if page.is_for(request))


def opened(page: Page, request: HttpRequest) -> HttpResponse:
    """Answer with a page.

    Raises:
        PermissionDenied: it is not for them.
    """
    if not page.is_for(request):
        raise PermissionDenied
    return page.view(request)


def render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Return a page of the admin that is about no model; no browser keeps it."""
    base = {**admin.site.each_context(request), **context}
    response = TemplateResponse(request, template, base)
    response["Cache-Control"] = "no-store"
    return response


site_urls = admin.site.get_urls


def get_urls() -> list[URLPattern | URLResolver]:
    """Return the admin's addresses with the apps' pages and the choice of language before them."""
    seen = admin.site.admin_view
    own = [
        path(page.path, require_safe(seen(partial(opened, page))), name=page.name)
        for page in cards.of_apps("PAGES")
    ]
    language = path("language/", require_POST(set_language), name="set_language")
    return [*own, language, *site_urls()]


admin.site.get_urls = get_urls  # type: ignore[method-assign]  # the theme brings the site
