"""What the clinic's admin pages share: what SUPPORT sees, and what a look leaves behind."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import access
from clinic.constants import UrgencyLevel
from clinic.models import Archivable, Study, Version
from core import cases
from core.admin.base import ModelAdmin
from core.admin.forms import CASE
from core.admin.headers import Label
from core.errors import ApplicationError
from core.roles import Role

ARCHIVED = "yes"  # as the filter of the lists spells it


def sees_clinical(request: HttpRequest) -> bool:
    """Tell whether the person at the screen may see more than that a patient exists."""
    return getattr(request.user, "role", "") == Role.ADMIN


class ArchivedFilter(admin.SimpleListFilter):
    """The archived ones apart."""

    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the archive beside what is present."""
        return [(ARCHIVED, _("Archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Show what is present unless the archive is asked for."""
        return queryset.filter(archived_at__isnull=self.value() != ARCHIVED)

    def choices(self, changelist: Any) -> Any:
        """Call the default what it is."""
        for choice in super().choices(changelist):
            yield {**choice, "display": _("Present")} if choice["display"] == _("All") else choice


class UrgencyFilter(admin.SimpleListFilter):
    """Patients who have a study of this urgency."""

    title = _("urgency")
    parameter_name = "urgency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer the three levels."""
        return UrgencyLevel.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Ask for a study that is not archived by itself."""
        if self.value() not in UrgencyLevel.values:
            return queryset
        studies = Study.objects.filter(patient=OuterRef("pk"), urgency_level=self.value())
        return queryset.filter(Exists(studies))


class ClinicAdmin(ModelAdmin):
    """Base: what SUPPORT sees, what reading leaves behind, how archiving is done."""

    support_fields: tuple[str, ...] = ()
    support_search: tuple[str, ...] = ("=id",)
    support_filters: tuple[Any, ...] = (ArchivedFilter,)
    has_looks = True
    shows_cascade = False  # nothing is deleted, so nothing cascades
    actions: Any = ("restore",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return every row; the filter keeps the archived ones apart."""
        rows = self.model.everything.get_queryset()
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    # -- who may -------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person sees clinical data: nobody else can fill in the form."""
        return sees_clinical(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN change what is not archived."""
        return sees_clinical(request) and not (obj is not None and obj.is_archived)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let ADMIN archive."""
        return self.has_change_permission(request, obj)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Let whoever may look restore."""
        return self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show SUPPORT that the row exists; ask whoever changes it why."""
        if not sees_clinical(request):
            return self.support_fields
        shown = super().get_fields(request, obj)
        asked = obj is not None and self.has_change_permission(request, obj)
        if not asked:
            return shown
        return (*shown, "reason", CASE) if cases.keeper() is not None else (*shown, "reason")

    def labels_of(self, request: HttpRequest, obj: Archivable) -> list[Label]:
        """Show no more than whether the record is here: a study's status is clinical."""
        if obj.is_archived:
            return [Label(gettext("archived"), "warning")]
        return [Label(gettext("present"), "success")]

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what records say from SUPPORT; versions are shown and never sent back."""
        if not sees_clinical(request):
            return []
        found = super().get_inline_instances(request, obj)
        if obj is not None and request.method in {"GET", "HEAD"}:
            return found
        return [inline for inline in found if inline.model is not Version]

    def refusal(self, request: HttpRequest, error: ApplicationError) -> HttpResponse:
        """Say why; if that tells that somebody is a patient, it was a look at their record."""
        path = f"{error.status_code} {request.method} {request.path}"
        access.told(error, reason=access.reason_of("", path))
        return super().refusal(request, error)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the fields."""
        return [(None, {"fields": self.get_fields(request, obj)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let SUPPORT edit nothing."""
        shown = super().get_readonly_fields(request, obj)
        return shown if sees_clinical(request) else self.support_fields

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show SUPPORT that the rows exist."""
        shown = super().get_list_display(request)
        return shown if sees_clinical(request) else self.support_fields

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Give SUPPORT no filter that shows what a study says."""
        return super().get_list_filter(request) if sees_clinical(request) else self.support_filters

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Let SUPPORT find what it knows already, and nobody by a route that records no look."""
        if request.path == reverse("admin:autocomplete"):
            return ()  # no form of ours asks there
        shown = super().get_search_fields(request)
        return shown if sees_clinical(request) else self.support_search

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse SUPPORT conditions in the address: they would reveal what is not shown."""
        if not sees_clinical(request):
            return lookup in {one.parameter_name for one in self.support_filters}
        return super().lookup_allowed(lookup, value, request)

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer to archive what is present, to restore what is not; leave SUPPORT the way back."""
        actions = super().get_actions(request)
        is_archive = request.GET.get(ArchivedFilter.parameter_name) == ARCHIVED
        actions.pop("delete_selected" if is_archive else "restore", None)
        if sees_clinical(request):
            return actions
        return {name: given for name, given in actions.items() if name == "restore"}

    # -- what is left behind -------------------------------------------------------------------
    def patients_of(self, rows: Any) -> list[int]:
        """Return the patients whose data the rows are."""
        raise NotImplementedError  # a default would leave patients out of the access log

    def record_opened(self, request: HttpRequest, obj: Any) -> None:
        """Record that one row was shown."""
        raise NotImplementedError  # a default would open a page without an entry in the log

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list or run an action, and record each patient on it."""
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:  # also after a POST that asked for nothing
            rows = list(changelist.result_list)
            reason = access.reason_of(request.method or "", request.path, request.GET)
            access.list_seen(self.patients_of(rows), count=len(rows), reason=reason)
        return response

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Show one row, also after a form with mistakes, and record that."""
        if obj is not None:
            self.record_opened(request, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)
