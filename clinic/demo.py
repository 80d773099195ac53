"""The brief's own tables, from its own files."""

from pathlib import Path

from clinic.files import importing
from clinic.models import Patient

DATA = Path(__file__).resolve().parent / "data"


def load() -> str:
    """Import the brief's files, unless somebody was a patient already."""
    if Patient.everything.exists():
        return "patients are here already"
    with (
        (DATA / "patients.csv").open("rb") as patients,
        (DATA / "studies.csv").open("rb") as studies,
    ):
        return str(importing.import_files(patients=patients, studies=studies))
