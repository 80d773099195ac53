"""What can go wrong with patients and studies."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import BadRequest, Conflict, NotFound, Unprocessable


class EmailTaken(Conflict):
    """Another patient has this e-mail address, whatever its case."""

    default_code = "patient_email_taken"
    default_detail = _("There is already a patient with this e-mail address.")

    email_key: str | None = None  # whose: who is told that somebody is a patient, has looked


class ExternalIdTaken(Conflict):
    """Another patient was imported meanwhile under the same id."""

    default_code = "patient_external_id_taken"
    default_detail = _("There is already a patient that was imported under the same id.")

    external_id = ""  # whose: as with an e-mail address


class UnknownPatient(BadRequest):
    """A study or a merge names a patient that is not there."""

    default_code = "unknown_patient"
    default_detail = _("There is no such patient.")

    def __init__(self, field: str = "patient") -> None:
        error = {
            "field": field,
            "code": self.default_code,
            "detail": str(self.default_detail),
        }
        super().__init__(errors=[error])


class PatientArchived(Conflict):
    """A study cannot come back before its patient does."""

    default_code = "patient_archived"
    default_detail = _("The patient of this study is archived; restore the patient first.")


class PatientMerged(NotFound):
    """The record was a duplicate; ``merged_into`` is where its studies are."""

    default_code = "patient_merged"
    default_detail = _("This patient was merged into another record, “merged_into”.")

    def __init__(self, merged_into: int) -> None:
        super().__init__(merged_into=merged_into)


class MergeIntoItself(BadRequest):
    """A record is no duplicate of itself."""

    default_code = "merge_into_itself"
    default_detail = _("A patient cannot be merged into the same record.")

    def __init__(self) -> None:
        error = {"field": "into", "code": self.default_code, "detail": str(self.default_detail)}
        super().__init__(errors=[error])


class MergeOvertaken(Conflict):
    """What a merge moved is not where it was moved to; nothing was undone."""

    default_code = "merge_overtaken"
    default_detail = _("The records changed since they were merged. Nothing was undone.")

    def __init__(self, detail: Any = None, *, studies: list[int] | None = None) -> None:
        super().__init__(detail, studies=studies or [])


class PatientMergedAway(Conflict):
    """A merged record comes back by undoing the merge, with its studies."""

    default_code = "patient_merged_away"
    default_detail = _("This patient was merged into another record; undo the merge instead.")


class ImportRefused(Unprocessable):
    """The files have bad rows; nothing was written."""

    default_code = "import_refused"
    default_detail = _("The files have errors. Nothing was written.")

    def __init__(
        self, *, count: int, findings: list[dict[str, Any]], holders: Collection[str] = ()
    ) -> None:
        super().__init__(errors=findings, error_count=count)
        self.holders = holders  # files' ids of the patients that it tells of


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
