"""The app's tables."""

from clinic.models.base import ARCHIVED, PRESENT, Archivable
from clinic.models.merges import Merge
from clinic.models.patients import Patient, new_external_id
from clinic.models.sources import PatientSource, StudySource
from clinic.models.studies import Study
from clinic.models.versions import Version

__all__ = [
    "ARCHIVED",
    "PRESENT",
    "Archivable",
    "Merge",
    "Patient",
    "PatientSource",
    "Study",
    "StudySource",
    "Version",
    "new_external_id",
]
