"""Filters by which the list of visits has exactly those that a figure counts."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from core.text import is_storable, name_key
from stores.admin.base import PlaceFilter
from stores.constants import VisitState
from stores.models import Department, Product


class DepartmentFilter(PlaceFilter):
    """Rows of one department; a city's code begins with that of its own."""

    title = Department._meta.verbose_name
    parameter_name = "department"
    model = Department
    path = "city__startswith"


class CountedFilter(admin.SimpleListFilter):
    """Visits that count in figures: those that are not void."""

    title = _("counted in figures")
    parameter_name = "counted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer both."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the chosen ones."""
        is_void = Q(state=VisitState.VOID)
        chosen = {"yes": ~is_void, "no": is_void}.get(str(self.value()))
        return queryset if chosen is None else queryset.filter(chosen)


class MissingFilter(TextFilter):
    """Visits in which a must-have was not seen, by its SKU."""

    title = _("must-have not seen (SKU)")
    parameter_name = "missing"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Look into the list's text: not every database looks into a list."""
        text = (self.value() or "").strip()
        if not text:
            return queryset
        found = Product.objects.filter(sku_key=name_key(text)) if is_storable(text) else None
        product = None if found is None else found.values_list("pk", flat=True).first()
        if product is None:
            return queryset.none()
        rows = queryset.alias(missing_text=Cast("missing", TextField()))
        return rows.filter(missing_text__regex=rf"[\[ ,]{product}[,\]]")
