"""Patients and studies for ADMIN; for SUPPORT that they exist, and a way back from the archive.

Whatever the admin shows is in the journal of each patient shown, as in the API.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clinic import access, services
from clinic.admin import archiving, studies
from clinic.admin.base import ArchivedFilter, UrgencyFilter, sees_clinical
from clinic.admin.importing import ImportClinic
from clinic.admin.merging import DuplicatesFilter, MergePages
from clinic.admin.moving import MovePage
from clinic.admin.versions import PatientVersionInline, StudyVersionInline
from clinic.constants import UrgencyLevel
from clinic.files import exporting
from clinic.forms import PatientForm, StudyForm
from clinic.models import Patient, Study


@admin.register(Patient)
class PatientAdmin(ImportClinic, MergePages):
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
        "merged_into",
    )
    readonly_fields = ("external_id", "created_at", "archived_at", "merged_into")
    support_fields = ("id", "initials", "created_at", "archived_at", "merged_into")
    support_search = ("=id", "=email_key")
    support_filters = (ArchivedFilter, DuplicatesFilter)
    list_display = ("id", "last_name", "first_name", "birth_date", "email", "created_at")
    list_display_links = ("id",)
    list_filter = (ArchivedFilter, DuplicatesFilter, UrgencyFilter, "birth_date", "created_at")
    list_select_related = ()  # what it shows of another record is its key
    search_fields = ("search_key", "=id", "=external_id")
    ordering = ("-id",)
    inlines = (PatientVersionInline,)
    change_form_after_template = "clinic/admin/studies.html"
    actions = ("restore", "export_patients", "export_studies")
    removal = archiving.PATIENTS

    @admin.display(description=_("initials"))
    def initials(self, patient: Patient) -> str:
        """Return as much of the name as SUPPORT may see."""
        return patient.initials

    def patients_of(self, rows: Any) -> list[int]:
        """Return the rows' own keys."""
        return [row.pk for row in rows]

    def record_opened(self, request: HttpRequest, obj: Patient) -> None:
        """Record that the patient was shown, with their studies."""
        reason = access.reason_of(request.method or "", request.path)
        access.patient_seen(obj.pk, reason=reason)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Show the patient's studies below the form, to whoever may read them."""
        if obj is not None and sees_clinical(request):
            context["studies"] = studies.page_of(request, obj)
            context["add_study"] = "" if obj.is_archived else studies.add_link(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def create(self, obj: Patient, fields: dict[str, Any]) -> Patient:
        """Take the patient in, as the API does."""
        fields.pop("reason")  # nothing was said before
        return services.create_patient(**fields)

    def change(self, stored: Patient, fields: dict[str, Any]) -> None:
        """Change the patient, as the API does."""
        services.change_patient(patient=stored, **fields)

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
        return exporting.response(queryset, "patients", reason="admin: patients.csv")

    @admin.action(description=_("Export their studies as CSV"))
    def export_studies(
        self, request: HttpRequest, queryset: QuerySet[Patient]
    ) -> StreamingHttpResponse:
        """Send the selected patients' studies as a file that imports again."""
        return exporting.response(queryset, "studies", reason="admin: studies.csv")


@admin.register(Study)
class StudyAdmin(MovePage):
    """Studies, one by one."""

    form = StudyForm
    fields = (
        "patient",
        "urgency_level",
        "type",
        "body_part",
        "description",
        "performed_on",
        "status",
        "created_at",
        "archived_at",
    )
    readonly_fields = ("created_at", "archived_at")
    support_fields = ("id", "patient", "created_at", "archived_at")
    list_display = (
        "id",
        "patient",
        "urgency",
        "status",
        "performed_on",
        "type",
        "body_part",
        "created_at",
    )
    list_filter = (
        ArchivedFilter,
        "status",
        "urgency_level",
        "performed_on",
        "type",
        "created_at",
    )
    inlines = (StudyVersionInline,)
    list_select_related = ("patient",)
    search_fields = ("=id", "=patient__id", "search_key")
    raw_id_fields = ("patient",)
    ordering = ("-id",)
    removal = archiving.STUDIES

    @admin.display(description=_("urgency"), ordering="-urgency_order")
    def urgency(self, study: Study) -> str:
        """Return the urgency, by which a worklist is sorted as its place and not as a word."""
        return str(UrgencyLevel(study.urgency_level).label)

    def patients_of(self, rows: Any) -> list[int]:
        """Return whose studies the rows are."""
        return [row.patient_id for row in rows]

    def record_opened(self, request: HttpRequest, obj: Study) -> None:
        """Record that the study was shown; its patient's history has it, too."""
        reason = access.reason_of(request.method or "", request.path)
        access.study_seen(obj.pk, obj.patient_id, reason=reason)

    def create(self, obj: Study, fields: dict[str, Any]) -> Study:
        """Add the study to its patient, as the API does."""
        fields.pop("reason")  # nothing was said before
        return services.create_study(patient_id=fields.pop("patient").pk, **fields)

    def response_post_save_add(self, request: HttpRequest, obj: Study) -> HttpResponseRedirect:
        """Lead back to the patient's page if the form was opened there."""
        if studies.PATIENT not in request.GET:
            return super().response_post_save_add(request, obj)
        page = reverse("admin:clinic_patient_change", args=[obj.patient_id])
        return HttpResponseRedirect(page)

    def change(self, stored: Study, fields: dict[str, Any]) -> None:
        """Change the study, as the API does."""
        if "patient" in fields:
            fields["patient_id"] = fields.pop("patient").pk
        services.change_study(study=stored, **fields)

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
