"""Filters that lists of every app have."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import cards


class AttentionFilter(admin.SimpleListFilter):
    """The rows that wait for a person: the same ones that a card of the home page counts."""

    title = _("needs attention")
    parameter_name = cards.PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what may wait among the list's rows."""
        return [
            (one.name, one.title) for one in cards.attention_by_model().get(model_admin.model, [])
        ]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        """Keep the chosen rows; a name that is none finds nothing."""
        name = self.value()
        if name is None:
            return queryset
        for one in cards.attention_by_model().get(queryset.model, []):
            if one.name == name:
                return queryset.filter(pk__in=one.rows().order_by().values("pk"))
        return queryset.none()
