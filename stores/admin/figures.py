"""Figures as tables: sums over places and products, for whoever may know no more."""

from django.contrib import admin

from core.admin.base import ReadOnlyAdmin
from stores.admin.base import RegionFilter, TypologyFilter
from stores.models import AreaDay, ProductDay, ProductMonth


@admin.register(AreaDay)
class AreaDayAdmin(ReadOnlyAdmin):
    """Days of areas."""

    list_display = ("day", "region", "typology", "department", "visits", "must_have", "present")
    list_display_links = None
    list_filter = ("day", RegionFilter, TypologyFilter)
    ordering = ("-day", "region", "typology", "department")


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
