"""What can go wrong with patients and studies."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import BadRequest, Conflict, Unprocessable


class EmailTaken(Conflict):
    """Another patient has this e-mail address, whatever its case."""

    default_code = "patient_email_taken"
    default_detail = _("There is already a patient with this e-mail address.")


class ExternalIdTaken(Conflict):
    """Another patient was imported meanwhile under the same id."""

    default_code = "patient_external_id_taken"
    default_detail = _("There is already a patient that was imported under the same id.")


class UnknownPatient(BadRequest):
    """A study names a patient that is not there."""

    default_code = "unknown_patient"
    default_detail = _("There is no such patient.")

    def __init__(self) -> None:
        error = {
            "field": "patient",
            "code": self.default_code,
            "detail": str(self.default_detail),
        }
        super().__init__(errors=[error])


class PatientArchived(Conflict):
    """A study cannot come back before its patient does."""

    default_code = "patient_archived"
    default_detail = _("The patient of this study is archived; restore the patient first.")


class ImportRefused(Unprocessable):
    """The files have bad rows; nothing was written."""

    default_code = "import_refused"
    default_detail = _("The files have errors. Nothing was written.")

    def __init__(self, *, count: int, findings: list[dict[str, Any]]) -> None:
        super().__init__(errors=findings, error_count=count)


class ImportOvertaken(Conflict):
    """Somebody wrote the same patients while they were imported; nothing was written."""

    retry_after = 1
    default_code = "import_overtaken"
    default_detail = _("The same patients changed during the import. Nothing was written.")


class ImportRunning(Conflict):
    """One import at a time."""

    retry_after = 10
    default_code = "import_running"
    default_detail = _("Another import is running. Try again when it has ended.")
