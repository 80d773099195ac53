"""Figures as tables: sums over places and products, for whoever may know no more."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from core.admin.base import ReadOnlyAdmin
from stores.admin.base import RegionFilter, TypologyFilter
from stores.models import AreaDay, ProductDay, ProductMonth
from stores.overview import page, scope
from stores.overview.menu import OVERVIEW


@admin.register(AreaDay)
class AreaDayAdmin(ReadOnlyAdmin):
    """Days of areas, and beside their list the overview of the field."""

    list_display = ("day", "region", "typology", "department", "visits", "must_have", "present")
    list_display_links = None
    list_filter = ("day", RegionFilter, TypologyFilter)
    ordering = ("-day", "region", "typology", "department")

    def get_urls(self) -> list[Any]:
        """Add the overview."""
        view = require_safe(self.admin_site.admin_view(self.overview))
        return [path("overview/", view, name="stores_overview"), *super().get_urls()]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Show the figures that a manager looks at; an address that asks for none says why.

        Raises:
            PermissionDenied: it is not for them.
        """
        if not OVERVIEW.is_for(request):
            raise PermissionDenied
        asked = scope.read(request.GET)
        shown = page.content(request, asked, asked.scope) if asked.scope else {}
        response = self.page(
            request,
            "stores/admin/overview.html",
            title=gettext("Overview of the field"),
            asked=asked,
            **shown,
        )
        response.status_code = 400 if asked.errors else 200
        return response


@admin.register(ProductDay)
class ProductDayAdmin(ReadOnlyAdmin):
    """Where products were missing, by day."""

    list_display = ("day", "product", "region", "typology", "city", "must_have", "missing")
    list_display_links = None
    list_filter = ("day", RegionFilter, TypologyFilter)
    list_select_related = ("product",)
    ordering = ("-day", "-id")


@admin.register(ProductMonth)
class ProductMonthAdmin(ReadOnlyAdmin):
    """Which establishments showed products, by month."""

    list_display = ("month", "product", "region", "typology", "city", "audited", "showing")
    list_display_links = None
    list_filter = ("month", RegionFilter, TypologyFilter)
    list_select_related = ("product",)
    ordering = ("-month", "-id")
