"""The brief's CSV files: in, and in again; dry runs, the journal, and who else is there."""

import re

import pytest
from django.db import connection

from clinic import demo, services
from clinic.errors import ImportOvertaken
from clinic.files.importing import Import
from clinic.files.studies import StudyWriter
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, csv_file
from clinic.tests.files import NOTHING, PATIENTS, STUDIES, STUDIES_HEAD, rows, run
from core.db import advisory_lock
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


# -- the good way -----------------------------------------------------------------------------
def test_the_briefs_files_import_and_show(client_for):
    doctor = client_for("CLINICIAN")
    files = {"patients": csv_file(PATIENTS, "p.csv"), "studies": csv_file(STUDIES, "s.csv")}
    answer = doctor.post("/api/patients/import", files, format="multipart")
    assert answer.status_code == 201
    new = {**NOTHING, "created": 4}
    assert answer.json() == {"dry_run": False, "patients": new, "studies": new}
    results = doctor.get("/api/patients").json()["results"]
    assert [(row["first_name"], row["birth_date"], row["email"]) for row in results] == [
        ("Jose", "1955-04-10", "pepe@ejemplo.com"),
        ("Jessica", "1971-07-01", "jessica@ejemplo.com"),
        ("Diana Laura", "1988-08-29", "diana@ejemplo.com"),
        ("Jorge Alberto", "1990-05-05", "jorge@ejemplo.com"),
    ]
    assert [study["description"] for study in results[0]["studies"]] == [
        "NO FINDINGS",
        "NORMAL THYROID",
    ]
    assert results[2]["studies"][0]["type"] == "MAMMOGRAM"
    assert results[3]["studies"] == []
    ids = Patient.objects.order_by("pk").values_list("external_id", flat=True)
    assert list(ids) == ["1", "2", "3", "4"]


def test_the_shipped_files_are_the_briefs_and_demo_loads_them_once():
    assert (demo.DATA / "patients.csv").read_text() == PATIENTS
    assert (demo.DATA / "studies.csv").read_text() == STUDIES
    assert demo.load().startswith("patients: 4 created")
    services.archive_patient(patient=Patient.objects.first())
    assert demo.load() == "patients are here already"
    assert (Patient.objects.count(), Study.objects.count()) == (3, 2)


def test_importing_twice_changes_nothing():
    run(PATIENTS, STUDIES)
    patients, studies, count = rows()
    same = {**NOTHING, "unchanged": 4}
    assert run(PATIENTS, STUDIES) == {"dry_run": False, "patients": same, "studies": same}
    assert rows() == (patients, studies, count + 1)  # that somebody imported is written down


def test_upsert_by_the_files_id():
    run(PATIENTS, STUDIES)
    key = Patient.objects.get(external_id="1").pk
    changed = PATIENTS.replace("pepe@", "jose@").replace("1990-05-05", "1990-05-06")
    assert run(changed)["patients"] == {**NOTHING, "updated": 2, "unchanged": 2}
    patient = Patient.objects.get(external_id="1")
    assert (patient.pk, patient.email, patient.email_key) == (key, *["jose@ejemplo.com"] * 2)
    assert "jose@ejemplo.com" in patient.search_key
    entry = JournalEntry.objects.filter(
        action="change", object_id=str(key), changes__has_key="email"
    )
    assert entry.get().changes == {"email": None}


def test_addresses_may_change_hands_within_a_file():
    run(PATIENTS)
    swapped = PATIENTS.replace("pepe@", "x@").replace("jessica@", "pepe@").replace("x@", "jessica@")
    assert run(swapped)["patients"] == {**NOTHING, "updated": 2, "unchanged": 2}
    emails = dict(Patient.objects.values_list("external_id", "email_key"))
    assert (emails["1"], emails["2"]) == ("jessica@ejemplo.com", "pepe@ejemplo.com")


def test_a_study_comes_as_often_as_the_file_says_it():
    run(PATIENTS)
    one = "HIGH, NECK, NORMAL, XRAY, 1\n"
    assert run(studies=STUDIES_HEAD + "\n" + one * 2)["studies"]["created"] == 2
    third = run(studies=STUDIES_HEAD + "\n" + one * 3)["studies"]
    assert third == {**NOTHING, "created": 1, "unchanged": 2}
    assert Study.objects.count() == 3


def test_batches_are_seamless(monkeypatch):
    monkeypatch.setattr("core.files.reading.BATCH_ROWS", 2)
    monkeypatch.setattr("clinic.files.writing.BATCH_ROWS", 2)  # and the planner's
    many = STUDIES + STUDIES.partition("\n")[2] * 2
    assert run(PATIENTS, many)["studies"]["created"] == 12
    assert run(PATIENTS, many)["studies"] == {**NOTHING, "unchanged": 12}


def test_a_study_may_name_a_patient_of_an_earlier_import_or_of_this_platform():
    run(PATIENTS)
    patient = PatientFactory()
    text = f"{STUDIES_HEAD}\nLOW, HIP, OK, CT, 4\nLOW, HIP, OK, CT, {patient.external_id}\n"
    assert run(studies=text)["studies"]["created"] == 2
    assert patient.studies.count() == 1


@pytest.mark.parametrize(
    ("patients", "studies"),
    [
        ("\ufeff" + PATIENTS, "\ufeff" + STUDIES),
        (PATIENTS.replace("\n", "\r\n"), STUDIES.replace("\n", "\r\n")),
        (PATIENTS.replace(", ", ","), STUDIES.replace(", ", ",")),
        (PATIENTS.rstrip("\n"), STUDIES + "\n\n"),
        (re.sub(r"([^,\s][^,\n]*)", r'"\1"', PATIENTS), STUDIES),
        (PATIENTS.replace("first_name", "First_Name"), STUDIES.replace("type", "TYPE")),
        (re.sub(r"^(.*), (\S+)$", r"\2, \1", PATIENTS, flags=re.MULTILINE), STUDIES),
    ],
    ids=["BOM", "CRLF", "no spaces", "blank lines", "quotes", "capitals", "id first"],
)
def test_the_same_files_in_other_dress(patients, studies):
    result = run(patients, studies)
    assert result["patients"]["created"] == result["studies"]["created"] == 4
    assert run(PATIENTS, STUDIES)["studies"]["unchanged"] == 4
    assert Patient.objects.get(external_id="3").first_name == "Diana Laura"


def test_quoted_commas_quotes_and_lines():
    run(PATIENTS)
    text = STUDIES_HEAD + '\nLOW, "HIP, LEFT", "He said ""ouch""\r\ntwice", CT, 1\n'
    run(studies=text)
    study = Study.objects.get()
    assert (study.body_part, study.description) == ("HIP, LEFT", 'He said "ouch"\ntwice')


# -- dry run ----------------------------------------------------------------------------------
def test_dry_run_counts_the_same_and_writes_nothing(client_for):
    doctor = client_for("CLINICIAN")
    before = rows()[:2]
    answer = doctor.post(
        "/api/patients/import?dry_run=true",
        {"patients": csv_file(PATIENTS), "studies": csv_file(STUDIES)},
        format="multipart",
    )
    assert answer.status_code == 200
    new = {**NOTHING, "created": 4}
    assert answer.json() == {"dry_run": True, "patients": new, "studies": new}
    assert rows()[:2] == before
    entry = JournalEntry.objects.get(model="clinic.Patient")
    assert (entry.action, entry.count) == ("read", 8)
    assert entry.reason.startswith("import (dry run): patients: 4 created")


def test_dry_run_runs_the_very_same_code(monkeypatch):
    ran = []
    write = Import.write
    monkeypatch.setattr(Import, "write", lambda job: (ran.append(job), write(job)))
    run(PATIENTS, dry_run=True)
    run(PATIENTS)
    assert len(ran) == 2
    assert Patient.objects.count() == 4


# -- the journal ------------------------------------------------------------------------------
def test_every_imported_row_has_its_entry_and_the_import_one():
    run(PATIENTS, STUDIES)
    entries = JournalEntry.objects.order_by("id")
    jose = Patient.objects.get(external_id="1")
    history = entries.filter(model="clinic.Patient", object_id=str(jose.pk))
    assert [(line.action, line.reason) for line in history] == [
        ("create", "import"),
        ("change", "import: studies added"),
    ]
    assert history[0].changes["birth_date"] is None
    assert entries.filter(model="clinic.Study", action="create").count() == 4
    last = entries.last()
    assert (last.object_id, last.count) == ("", 8)
    assert "Villalobos" not in str(list(entries.values()))


# -- somebody else meanwhile ------------------------------------------------------------------
def test_somebody_else_was_quicker(monkeypatch):
    """Between check and write another patient takes an address of the file."""
    write = Import.write

    def overtaken(job):
        PatientFactory(email="pepe@ejemplo.com")
        write(job)

    monkeypatch.setattr(Import, "write", overtaken)
    with pytest.raises(ImportOvertaken):
        run(PATIENTS)
    assert Patient.everything.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_import_at_a_time(client_for):
    doctor = client_for("CLINICIAN")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        assert advisory_lock("clinic.import", on=other)
        files = {"patients": csv_file(PATIENTS)}
        answer = doctor.post("/api/patients/import", files, format="multipart")
        assert (answer.status_code, answer.json()["code"]) == (409, "import_running")
        assert answer["Retry-After"] == "10"
        assert Patient.everything.count() == 0
        other.rollback()
    finally:
        other.close()
    assert run(PATIENTS)["patients"]["created"] == 4


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_importing_what_is_there_waits_for_nobody_and_stops_nobody():
    """An import of known rows gets through while somebody else holds them."""
    run(PATIENTS, STUDIES)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM clinic_patient FOR UPDATE")
            cursor.execute("SELECT id FROM clinic_study FOR UPDATE")
        assert run(PATIENTS, STUDIES)["patients"]["unchanged"] == 4
    finally:
        other.close()


def test_a_patient_who_is_archived_during_an_import_stops_it(monkeypatch):
    run(PATIENTS)
    add = StudyWriter.add

    def overtaken(writer, studies):
        services.archive_patient(patient=Patient.objects.get(external_id="1"))
        add(writer, studies)

    monkeypatch.setattr(StudyWriter, "add", overtaken)
    with pytest.raises(ImportOvertaken):
        run(studies=STUDIES)
    assert (Patient.objects.count(), Study.everything.count()) == (4, 0)
