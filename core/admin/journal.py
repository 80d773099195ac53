"""The journal and the stored answers, to look at."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter
from unfold.decorators import display

from core.admin import words
from core.admin.base import ReadOnlyAdmin, UncountedPaginator
from core.audit.history import tell_changes
from core.context import KINDS
from core.models import JournalEntry, StoredAnswer
from core.text import UNSTORABLE, email_key


class ModelFilter(admin.SimpleListFilter):
    """Whose history: from the apps that run, as a DISTINCT would read the whole journal."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the models of all apps."""
        found = ((model._meta.label, words.model(model._meta.label)) for model in apps.get_models())
        return sorted(found, key=lambda choice: choice[1].casefold())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """Return the entries of the chosen value."""
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ActorFilter(ModelFilter):
    """What kind of actor."""

    title = _("kind of actor")
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the kinds in words."""
        return [(kind, words.kind_of_actor(kind)) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """Return the entries of the chosen kind; only people have an id, which is an index."""
        found = super().queryset(request, queryset)
        is_nobody = self.value() in KINDS and self.value() != "user"
        return found.filter(actor_id__isnull=True) if is_nobody else found


class RequestFilter(TextFilter):
    """All that one request did."""

    title = _("request id")
    parameter_name = "request"

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """Narrow to the request that was typed in."""
        asked = (self.value() or "").strip()
        return queryset.filter(request_id=UNSTORABLE.sub("", asked)) if asked else queryset


class JournalPaginator(UncountedPaginator):
    """Counts the first entries in the list's order, in which an index finds them."""

    def rows(self) -> models.QuerySet:
        """Return the list's entries in its order."""
        return self.object_list  # type: ignore[return-value]  # the admin gives a queryset


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """The one audit trail: search, filter, never change."""

    has_panels = False
    paginator = JournalPaginator

    fields = (
        *("at", "who", "action", "about", "object_id", "object_label", "why", "said"),
        *("count", "request_id"),
    )
    readonly_fields = fields
    list_display = ("at", "who", "action", "about", "object_id", "object_label", "why")
    list_filter = ("action", ModelFilter, ActorFilter, "at", RequestFilter)
    list_filter_submit = True
    search_fields = ("=request_id",)  # and what get_search_results adds
    search_help_text = _("A request id, an object's id or the whole e-mail address of an actor.")
    ordering = ("-id",)
    sortable_by = ("at",)  # by anything else all entries would have to be sorted

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the order: of a period that of the times, whose index begins where it ends."""
        is_period = any(name.startswith("at__") for name in request.GET)
        return ("-at", "-id") if is_period else self.ordering

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Find entries by what an index knows: the journal is the largest table that there is."""
        text = UNSTORABLE.sub(" ", search_term).strip()
        if not text:
            return queryset, False
        if "@" in text:
            users = get_user_model()._default_manager.filter(email=email_key(text))
            keys = list(users.values_list("pk", flat=True))
            return queryset.filter(actor_kind="user", actor_id__in=keys), False
        about = models.Q(model__in=[*words.models_by_label()], object_id=text)
        return queryset.filter(models.Q(request_id=text) | about), False

    @display(description=_("actor"))
    def who(self, entry: JournalEntry) -> str:
        """Return who acted, in words."""
        return words.actor(entry.actor_kind, entry.actor_label)

    @display(description=_("model"))
    def about(self, entry: JournalEntry) -> str:
        """Return what people call the model."""
        return words.model(entry.model)

    @display(description=_("reason"))
    def why(self, entry: JournalEntry) -> str:
        """Return why, or where it happened, in words; how it is stored is the title."""
        return format_html('<span title="{}">{}</span>', entry.reason, words.reason(entry.reason))

    @display(description=_("changes"))
    def said(self, entry: JournalEntry) -> SafeString:
        """Return each field with what it said before and after."""
        tell_changes([entry], words.models_by_label().get(entry.model))
        lines = [
            (field, "—", gettext("changed (secret)")) if values is None else (field, *values)
            for field, values in entry.lines  # type: ignore[attr-defined]  # just filled
        ]
        return format_html_join("", "<p>{}: {} → {}</p>", lines)


@admin.register(StoredAnswer)
class StoredAnswerAdmin(ReadOnlyAdmin):
    """Answers kept for repeated keys: when and how often, never what."""

    has_panels = False

    fields = ("key", "status", "created_at", "replays")
    list_display = ("created_at", "status", "replays")
    list_filter = ("status",)
    search_fields = ("key",)
    ordering = ("-id",)
    export_fields = ("created_at", "status", "replays")
