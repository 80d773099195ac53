"""Patients and studies for ADMIN; for SUPPORT that they exist, and a way back from the archive.

Whatever the admin shows is in the journal of each patient shown, as in the API.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline

from clinic import access, exporting, services
from clinic.constants import UrgencyLevel
from clinic.forms import PatientForm, StudyForm
from clinic.models import Patient, Study
from core.admin import ModelAdmin
from core.roles import Role

CSV = "text/csv; charset=utf-8"


def sees_clinical(request: HttpRequest) -> bool:
    """Tell whether the person at the screen may see more than that a patient exists."""
    return getattr(request.user, "role", "") == Role.ADMIN


class ArchivedFilter(admin.SimpleListFilter):
    """The archived ones apart."""

    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the archive beside what is present."""
        return [("yes", _("Archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Show what is present unless the archive is asked for."""
        return queryset.filter(archived_at__isnull=self.value() != "yes")

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

    journal_views = True
    support_fields: tuple[str, ...] = ()
    support_search: tuple[str, ...] = ("=id",)
    actions: Any = ("restore",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return every row; the filter keeps the archived ones apart."""
        rows = self.model.everything.get_queryset()
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    # -- who may -------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let ADMIN add."""
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
        """Show SUPPORT that the row exists."""
        return super().get_fields(request, obj) if sees_clinical(request) else self.support_fields

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
        """Give SUPPORT no filter that tells what a study says."""
        return super().get_list_filter(request) if sees_clinical(request) else (ArchivedFilter,)

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Let SUPPORT find what it knows already."""
        shown = super().get_search_fields(request)
        return shown if sees_clinical(request) else self.support_search

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse SUPPORT conditions in the address: they would tell what is not shown."""
        return sees_clinical(request) and super().lookup_allowed(lookup, value, request)

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave SUPPORT the way back from the archive."""
        actions = super().get_actions(request)
        if sees_clinical(request):
            return actions
        return {name: given for name, given in actions.items() if name == "restore"}

    # -- what is left behind -------------------------------------------------------------------
    def patients_of(self, rows: Any) -> list[int]:
        """Return the patients whose data the rows are."""
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list or run an action, and record each patient on it."""
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if request.method == "GET" and changelist is not None:
            rows = list(changelist.result_list)
            reason = access.reason_of("GET", request.path, request.GET)
            access.list_seen(self.patients_of(rows), count=len(rows), reason=reason)
        return response

    def record_opened(self, request: HttpRequest, object_id: str) -> None:
        """Record that one row's page was opened, as the patient's story tells it."""
        key = object_id if object_id.isascii() and object_id.isdigit() else "0"
        rows = self.model.everything.filter(pk=key)
        reason = access.reason_of("GET", request.path)
        for patient_id in self.patients_of(rows):
            access.patient_seen(patient_id, reason=reason)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show the story; that somebody read it is part of it."""
        self.record_opened(request, object_id)
        return super().history_view(request, object_id, extra_context)

    # -- what is done --------------------------------------------------------------------------
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name what is archived; nothing is deleted, so nothing cascades."""
        refused = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(one) for one in objs], {self.opts.verbose_name_plural: len(objs)}, refused, []


class StudyInline(TabularInline):
    """A patient's studies."""

    model = Study
    form = StudyForm
    fields = ("urgency_level", "type", "body_part", "description")
    extra = 0
    show_change_link = True


@admin.register(Patient)
class PatientAdmin(ClinicAdmin):
    """Patients with their studies."""

    form = PatientForm
    fields = (
        "first_name",
        "last_name",
        "birth_date",
        "email",
        "external_id",
        "created_at",
        "archived_at",
    )
    readonly_fields = ("external_id", "created_at", "archived_at")
    support_fields = ("id", "initials", "created_at", "archived_at")
    support_search = ("=id", "=email_key")
    list_display = ("id", "last_name", "first_name", "birth_date", "email", "created_at")
    list_display_links = ("id",)
    list_filter = (ArchivedFilter, UrgencyFilter, "birth_date", "created_at")
    search_fields = ("search_key", "=id", "=external_id")
    ordering = ("-id",)
    inlines = (StudyInline,)
    actions = ("restore", "export_patients", "export_studies")

    def patients_of(self, rows: Any) -> list[int]:
        """Return the rows' own keys."""
        return [row.pk for row in rows]

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the studies from SUPPORT."""
        return super().get_inline_instances(request, obj) if sees_clinical(request) else []

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write through the services, as the API does."""
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            stored = Patient.objects.select_for_update().get(pk=obj.pk)
            services.change_patient(patient=stored, **fields)
        else:
            obj.pk = services.create_patient(**fields).pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write the studies through the services."""
        formset.save(commit=False)
        formset.save_m2m = lambda: None
        for study in formset.deleted_objects:
            services.archive_study(study=study, reason="admin")
        for study, names in formset.changed_objects:
            stored = Study.objects.select_for_update().get(pk=study.pk)
            services.change_study(study=stored, **{name: getattr(study, name) for name in names})
        for study in formset.new_objects:
            fields = {name: getattr(study, name) for name in StudyInline.fields}
            study.pk = services.create_study(patient_id=form.instance.pk, **fields).pk

    def delete_model(self, request: HttpRequest, obj: Patient) -> None:
        """Archive."""
        services.archive_patient(patient=obj, reason="admin")

    @admin.action(
        description=_("Restore with the studies archived with them"), permissions=["restore"]
    )
    def restore(self, request: HttpRequest, queryset: QuerySet[Patient]) -> None:
        """Bring the selected patients back."""
        archived = list(queryset.filter(archived_at__isnull=False))
        with transaction.atomic():
            for patient in archived:
                services.restore_patient(patient=patient, reason="admin")
        count = len(archived)
        self.tell(request, ngettext("%d patient restored.", "%d patients restored.", count) % count)

    @admin.action(description=_("Export patients as CSV"))
    def export_patients(
        self, request: HttpRequest, queryset: QuerySet[Patient]
    ) -> StreamingHttpResponse:
        """Send the selected patients as a file that imports again."""
        return self.exported(queryset, "patients", exporting.patient_lines)

    @admin.action(description=_("Export their studies as CSV"))
    def export_studies(
        self, request: HttpRequest, queryset: QuerySet[Patient]
    ) -> StreamingHttpResponse:
        """Send the selected patients' studies as a file that imports again."""
        return self.exported(queryset, "studies", exporting.study_lines)

    def exported(self, queryset: QuerySet[Patient], name: str, lines: Any) -> StreamingHttpResponse:
        """Record the export, then send it."""
        exporting.record(queryset, reason=f"admin: {name}.csv")
        disposition = f'attachment; filename="{name}.csv"'
        return StreamingHttpResponse(
            lines(queryset), content_type=CSV, headers={"Content-Disposition": disposition}
        )


@admin.register(Study)
class StudyAdmin(ClinicAdmin):
    """Studies, one by one."""

    form = StudyForm
    fields = (
        "patient",
        "urgency_level",
        "type",
        "body_part",
        "description",
        "created_at",
        "archived_at",
    )
    readonly_fields = ("created_at", "archived_at")
    support_fields = ("id", "patient", "created_at", "archived_at")
    list_display = ("id", "patient", "urgency_level", "type", "body_part", "created_at")
    list_filter = (ArchivedFilter, "urgency_level", "type", "created_at")
    list_select_related = ("patient",)
    search_fields = ("=id", "=patient__id", "body_part")
    raw_id_fields = ("patient",)
    ordering = ("-id",)

    def patients_of(self, rows: Any) -> list[int]:
        """Return whose studies the rows are."""
        return [row.patient_id for row in rows]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kw: Any) -> Any:
        """Show one study; its patient's story tells it, too."""
        if request.method == "GET":
            self.record_opened(request, object_id)
        return super().change_view(request, object_id, *args, **kw)

    def save_model(self, request: HttpRequest, obj: Study, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write through the services, as the API does."""
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        if patient := fields.pop("patient", None):
            fields["patient_id"] = patient.pk
        if change:
            stored = Study.objects.select_for_update().get(pk=obj.pk)
            services.change_study(study=stored, **fields)
        else:
            obj.pk = services.create_study(**fields).pk

    def delete_model(self, request: HttpRequest, obj: Study) -> None:
        """Archive."""
        services.archive_study(study=obj, reason="admin")

    @admin.action(description=_("Restore"), permissions=["restore"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Bring the selected studies back."""
        archived = queryset.filter(archived_at__isnull=False)
        with transaction.atomic():
            count = sum(services.restore_study(study=study, reason="admin") for study in archived)
        self.tell(request, ngettext("%d study restored.", "%d studies restored.", count) % count)
