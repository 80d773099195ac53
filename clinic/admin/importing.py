"""The page that imports patients and studies."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from clinic import access
from clinic.admin.base import ClinicAdmin, sees_clinical
from clinic.files import importing
from core.admin.import_forms import COUNTS, Outcome, UploadForm, file_field
from core.admin.imports import ImportPages, Job
from core.errors import ApplicationError
from core.files import Layout, Report


class ClinicFilesForm(UploadForm):
    """One file or both, and whose value a patient gets when both sides changed it."""

    file_names = ("patients", "studies")

    patients = file_field(_("Patients (CSV)"), required=False)
    studies = file_field(_("Studies (CSV)"), required=False)
    on_conflict = forms.ChoiceField(
        label=_("Changed here and in the file"),
        choices=[("keep", _("keep what is here")), ("file", _("take what the file says"))],
        widget=UnfoldAdminSelectWidget(),
    )

    field_order = ("patients", "studies", "on_conflict")


class ImportClinic(ImportPages, ClinicAdmin):
    """Mixin: imports the files that the API takes, too."""

    upload_form = ClinicFilesForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let who sees clinical data import it."""
        return sees_clinical(request)

    def import_files(self, job: Job, report: Report, *, dry_run: bool) -> Outcome:
        """Import patients and studies."""
        given: dict[str, Any] = job.streams()
        result = importing.import_files(
            **given,
            on_conflict=job.choices.get("on_conflict", importing.KEEP),
            layout=job.layout(),
            report=report,
            dry_run=dry_run,
        )
        outcome = Outcome()
        for name in job.files:
            sheet = getattr(result, name)
            label = str(ClinicFilesForm.base_fields[name].label)
            outcome.counts[label] = {one: getattr(sheet, one, 0) for one in COUNTS}
            outcome.layouts[label] = str(Layout(sheet.delimiter, sheet.encoding, sheet.date_format))
        return outcome

    def refused(self, request: HttpRequest, error: Exception) -> None:
        """Record of whom the refusal tells that they are patients."""
        if isinstance(error, ApplicationError):
            path = f"{error.status_code} {request.method} {request.path}"
            access.told(error, reason=access.reason_of("", path))
