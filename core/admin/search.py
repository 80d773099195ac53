"""The admin's one search (Ctrl+K): what people know by heart, found in every app by its keys.

An app says in its ``finders.py`` what it finds, as ``find(request, text)``: by equality or by a
beginning, which an index answers. Nothing is searched for that somebody may not see.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.paginator import InvalidPage, Paginator
from django.db import DatabaseError, models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from core import plugs
from core.admin.cards import CARD_SECONDS, logger, may_see
from core.db import time_limit
from core.text import UNSTORABLE

MIN_CHARACTERS = 2
MAX_CHARACTERS = 200
ROWS_PER_KIND = 5
PER_PAGE = 100  # as many as the theme shows


class Found(NamedTuple):
    """One hit: its name, what it is and how it stands, and its page."""

    title: str
    description: str
    link: str
    icon: str = "arrow_outward"


def hits(
    request: HttpRequest,
    rows: models.QuerySet[Any],
    state: Callable[[Any], Any] = lambda _row: "",
    title: Callable[[Any], Any] = str,
) -> Iterator[Found]:
    """Yield the first rows as hits, with their state, if somebody may see them in the admin."""
    options = rows.model._meta
    if not may_see(request, rows.model):
        return
    for row in rows[:ROWS_PER_KIND]:
        page = f"admin:{options.app_label}_{options.model_name}_change"
        described = [str(part) for part in (options.verbose_name, state(row)) if part]
        yield Found(str(title(row)), " · ".join(described), reverse(page, args=[row.pk]))


def find(request: HttpRequest, text: str) -> list[Found]:
    """Return what is found for a text; an app whose search fails finds nothing."""
    text = UNSTORABLE.sub(" ", text).strip()
    if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS:
        return []
    found = [*pages(request, text)]
    for app in plugs.enabled():
        part = app.part("finders")
        if part is None:
            continue
        try:
            with time_limit(CARD_SECONDS):
                found.extend(part.find(request, text))
        except DatabaseError as error:
            logger.warning("search failed", extra={"app": app.name, "error": str(error)[:200]})
    return found


def pages(request: HttpRequest, text: str) -> Iterator[Found]:
    """Yield the lists of the admin whose names have the text in them."""
    for app in admin.site.get_app_list(request):
        for model in app["models"]:
            if model["admin_url"] and text.casefold() in str(model["name"]).casefold():
                yield Found(str(model["name"]), str(app["name"]), model["admin_url"], "list")


def search(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Show what is found, as the theme's search wants it. Nothing is kept: rows change.

    Raises:
        Http404: the page of results that is asked for is not there.
    """
    del extra_context
    begun = time.perf_counter()
    paginator = Paginator(find(request, request.GET.get("s", "")), PER_PAGE)
    try:
        results = paginator.page(request.GET.get("page", 1))
    except InvalidPage:
        raise Http404 from None
    context = {
        "page_obj": paginator,
        "results": results,
        "page_counter": (results.number - 1) * PER_PAGE,
        "execution_time": time.perf_counter() - begun,
    }
    headers = {"HX-Trigger": "search", "Cache-Control": "no-store"}
    return TemplateResponse(
        request, "unfold/helpers/command_results.html", context, headers=headers
    )


site: Any = admin.site  # Unfold's, which has a search
site.search = search
