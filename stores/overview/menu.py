"""The overview as a page of the admin: its place in the menu, and its view."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.admin.pages import Page, render
from stores.overview import content, scope

TEMPLATE = "stores/admin/overview.html"
TITLE = _("Overview of the field")


def overview(request: HttpRequest) -> HttpResponse:
    """Show the figures that a manager looks at; an address that asks for none says why."""
    asked = scope.read(request.GET)
    shown = content.of_scope(request, asked, asked.scope) if asked.scope else {}
    response = render(request, TEMPLATE, title=TITLE, asked=asked, **shown)
    response.status_code = 400 if asked.errors else 200
    return response


OVERVIEW = Page(TITLE, "field/", "stores_overview", overview, "monitoring")
