"""The brief's two CSV files, and an import of them or of others."""

import pytest

from clinic.errors import ImportRefused
from clinic.files.importing import import_files
from clinic.models import Patient, Study
from clinic.tests.factories import csv_file
from core.models import JournalEntry

# As the brief prints them.
PATIENTS = """\
first_name, last_name, birth_date, email, id
Jose, Villalobos, 1955-04-10, pepe@ejemplo.com, 1
Jessica, Ramirez, 1971-07-01, jessica@ejemplo.com, 2
Diana Laura, Del Toro, 1988-08-29, diana@ejemplo.com, 3
Jorge Alberto, Trevino, 1990-05-05, jorge@ejemplo.com, 4
"""
STUDIES = """\
urgency_level, body_part, description, type, patient_id
HIGH, STOMACH, NO FINDINGS, XRAY, 1
HIGH, NECK, NORMAL THYROID, XRAY, 1
LOW, CHEST, UNUSUAL RATIO, XRAY, 2
MID, BREASTS, HIGH DENSITY ON LEFT SIDE, MAMMOGRAM, 3
"""
PATIENTS_HEAD, STUDIES_HEAD = PATIENTS.splitlines()[0], STUDIES.splitlines()[0]
COUNTS = ("created", "updated", "unchanged", "changed_here", "archived_here", "conflicts")
NOTHING = {
    **dict.fromkeys(COUNTS, 0),
    "listed": [],
    "delimiter": ",",
    "encoding": "utf-8",
    "date_format": "iso",
}


def run(patients=None, studies=None, **options):
    files = {"patients": patients, "studies": studies}
    given = {name: csv_file(text) for name, text in files.items() if text is not None}
    return import_files(**given, **options).as_dict()


def refused(patients=None, studies=None):
    """The findings of an import that must be refused and change nothing."""
    before = rows()
    with pytest.raises(ImportRefused) as caught:
        run(patients, studies)
    assert rows() == before
    errors = caught.value.extra["errors"]
    return [(one["file"], one["row"], one["column"], one["code"]) for one in errors]


def rows():
    return (
        list(Patient.everything.order_by("pk").values()),
        list(Study.everything.order_by("pk").values()),
        JournalEntry.objects.count(),
    )
