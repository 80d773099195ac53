"""The journal and the stored answers, to look at."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin.base import ReadOnlyAdmin
from core.context import KINDS
from core.models import JournalEntry, StoredAnswer


class ModelFilter(admin.SimpleListFilter):
    """Whose history: from the apps that run, as a DISTINCT would read the whole journal."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the models of all apps."""
        found = ((model._meta.label, model._meta.verbose_name) for model in apps.get_models())
        return sorted(found, key=lambda choice: choice[0])

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """Return the entries of the chosen value."""
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ActorFilter(ModelFilter):
    """What kind of actor."""

    title = _("kind of actor")
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the kinds, as the journal calls them."""
        return [(kind, kind) for kind in KINDS]


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """The one audit trail: search, filter, never change."""

    list_display = ("at", "actor_label", "action", "model", "object_id", "object_label", "reason")
    list_filter = ("action", ModelFilter, ActorFilter, "at")
    search_fields = ("object_id", "actor_label", "request_id", "object_label")
    ordering = ("-id",)


@admin.register(StoredAnswer)
class StoredAnswerAdmin(ReadOnlyAdmin):
    """Answers kept for repeated keys: when and how often, never what."""

    fields = ("key", "status", "created_at", "replays")
    list_display = ("created_at", "status", "replays")
    list_filter = ("status",)
    search_fields = ("key",)
    ordering = ("-id",)
    export_fields = ("created_at", "status", "replays")
