"""The nightly file beside people: it never undoes what they corrected or archived here."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from clinic import services
from clinic.models import Patient, PatientSource, Study, StudySource
from clinic.tests import admin
from clinic.tests.factories import PatientFactory, StudyFactory, csv_file
from clinic.tests.files import (
    NOTHING,
    PATIENTS,
    STUDIES,
    STUDIES_HEAD,
    refused,
    rows,
    run,
)
from core.models import JournalEntry

pytestmark = pytest.mark.django_db
LEFT, RIGHT = "HIGH DENSITY ON LEFT SIDE", "HIGH DENSITY ON RIGHT SIDE"


def patient(external_id):
    return Patient.everything.filter(external_id=external_id).latest("pk")


def study(description):
    return Study.everything.get(description=description)


def listed(result):
    return [(one["row"], one["code"], one["column"], one["id"]) for one in result["listed"]]


def forget():
    """Leave the database as an import of before there were hashes left it."""
    StudySource.objects.all().delete()
    PatientSource.objects.all().delete()


# -- one night ------------------------------------------------------------------------------------
def test_a_corrected_study_stays_and_is_listed(client_for):
    run(PATIENTS, STUDIES)
    doctor, key = client_for("CLINICIAN"), study(LEFT).pk
    assert doctor.patch(f"/api/studies/{key}", {"description": RIGHT}).status_code == 200
    before = rows()[:2]
    files = {"patients": csv_file(PATIENTS, "p.csv"), "studies": csv_file(STUDIES, "s.csv")}
    answer = doctor.post("/api/patients/import", files, format="multipart")
    assert answer.status_code == 200
    assert answer.json() == {
        "dry_run": False,
        "patients": {**NOTHING, "unchanged": 4},
        "studies": {
            **NOTHING,
            "unchanged": 3,
            "changed_here": 1,
            "listed": [{"row": 5, "code": "changed_here", "column": "", "id": key}],
        },
    }
    assert rows()[:2] == before


def test_an_archived_study_stays_archived():
    run(PATIENTS, STUDIES)
    gone = study(LEFT)
    services.archive_study(study=gone)
    before = rows()[:2]
    result = run(PATIENTS, STUDIES)["studies"]
    assert (result["unchanged"], result["archived_here"]) == (3, 1)
    assert listed(result) == [(5, "archived_here", "", gone.pk)]
    assert rows()[:2] == before
    services.restore_study(study=gone)
    assert run(PATIENTS, STUDIES)["studies"] == {**NOTHING, "unchanged": 4}


def test_an_archived_patient_stays_archived_with_all_studies_old_and_new():
    run(PATIENTS, STUDIES)
    jose = patient("1")
    services.archive_patient(patient=jose)
    before = rows()[:2]
    more = STUDIES + "LOW, HIP, NEW, CT, 1\n"
    result = run(PATIENTS, more)
    assert result["patients"] == {
        **NOTHING,
        "unchanged": 3,
        "archived_here": 1,
        "listed": [{"row": 2, "code": "archived_here", "column": "", "id": jose.pk}],
    }
    keys = [study("NO FINDINGS").pk, study("NORMAL THYROID").pk]
    assert (result["studies"]["unchanged"], result["studies"]["archived_here"]) == (2, 3)
    assert sorted(listed(result["studies"])) == [
        (2, "archived_here", "", keys[0]),
        (3, "archived_here", "", keys[1]),
        (6, "archived_here", "", None),
    ]
    assert rows()[:2] == before
    assert run(studies=STUDIES)["studies"]["archived_here"] == 2
    services.restore_patient(patient=jose)
    assert run(PATIENTS, more)["studies"] == {**NOTHING, "unchanged": 4, "created": 1}


def test_the_address_of_an_archived_patient_may_be_somebody_elses():
    run(PATIENTS)
    services.archive_patient(patient=patient("1"))
    PatientFactory(email="pepe@ejemplo.com")
    assert run(PATIENTS)["patients"]["archived_here"] == 1


def test_a_study_that_was_moved_to_another_patient_stays_there():
    run(PATIENTS, STUDIES)
    moved = study(LEFT)
    services.change_study(study=moved, patient_id=patient("4").pk)
    result = run(PATIENTS, STUDIES)["studies"]
    assert listed(result) == [(5, "changed_here", "", moved.pk)]
    assert patient("3").studies.count() == 0


# -- a field of a patient: who changed it -----------------------------------------------------
def correct(**fields):
    run(PATIENTS)
    services.change_patient(patient=patient("1"), **fields)
    return patient("1").pk


def test_a_corrected_name_stays_and_what_the_file_changes_beside_it_comes():
    key = correct(last_name="Villalobos Díaz")
    result = run(PATIENTS)["patients"]
    assert (result["changed_here"], result["unchanged"]) == (1, 3)
    assert listed(result) == [(2, "changed_here", "last_name", key)]
    result = run(PATIENTS.replace("pepe@", "jose@"))["patients"]
    assert (result["updated"], result["unchanged"]) == (1, 3)
    assert listed(result) == [(2, "changed_here", "last_name", key)]
    jose = patient("1")
    assert (jose.last_name, jose.email) == ("Villalobos Díaz", "jose@ejemplo.com")


def test_what_changed_here_and_in_the_file_is_a_conflict_until_somebody_says_who_wins():
    key = correct(last_name="Villalobos Díaz")
    changed = PATIENTS.replace("Villalobos", "Villa")
    for _night in range(2):
        result = run(changed)["patients"]
        assert (result["conflicts"], result["unchanged"]) == (1, 3)
        assert listed(result) == [(2, "conflict", "last_name", key)]
        assert patient("1").last_name == "Villalobos Díaz"
    result = run(changed, on_conflict="file")["patients"]
    assert (result["updated"], result["conflicts"]) == (1, 0)
    assert listed(result) == [(2, "overwritten", "last_name", key)]
    assert patient("1").last_name == "Villa"
    assert run(changed)["patients"] == {**NOTHING, "unchanged": 4}


def test_on_conflict_file_takes_no_correction_that_the_file_says_nothing_new_about():
    correct(last_name="Villalobos Díaz")
    assert run(PATIENTS, on_conflict="file")["patients"]["changed_here"] == 1
    assert patient("1").last_name == "Villalobos Díaz"


def test_a_file_that_has_the_correction_and_then_loses_it_undoes_nothing():
    correct(last_name="Villa")
    assert run(PATIENTS.replace("Villalobos", "Villa"))["patients"] == {**NOTHING, "unchanged": 4}
    assert run(PATIENTS)["patients"]["changed_here"] == 1
    assert patient("1").last_name == "Villa"


def test_who_keeps_a_corrected_address_does_not_lose_it_to_another_row():
    correct(email="jose@ejemplo.com")
    taking = PATIENTS.replace("jessica@", "jose@")
    assert refused(taking) == [("patients", 3, "email", "patient_email_taken")]
    assert patient("1").email_key == "jose@ejemplo.com"


# -- which row is which study -----------------------------------------------------------------
def test_a_row_that_says_what_a_correction_says_is_a_study_of_its_own_beside_its_first_row():
    run(PATIENTS, STUDIES)
    services.change_study(study=study(LEFT), description=RIGHT)
    both = STUDIES + STUDIES.splitlines()[-1].replace("LEFT", "RIGHT") + "\n"
    result = run(PATIENTS, both)["studies"]
    assert (result["created"], result["changed_here"], result["unchanged"]) == (1, 1, 3)
    assert Study.objects.filter(description=RIGHT).count() == 2
    again = run(PATIENTS, both)["studies"]
    assert (again["created"], again["changed_here"], again["unchanged"]) == (0, 1, 4)


def test_a_row_that_was_corrected_in_the_file_too_is_the_corrected_study():
    run(PATIENTS, STUDIES)
    services.change_study(study=study(LEFT), description=RIGHT)
    assert run(PATIENTS, STUDIES.replace("LEFT", "RIGHT"))["studies"] == {**NOTHING, "unchanged": 4}
    assert run(PATIENTS, STUDIES)["studies"]["changed_here"] == 1
    assert Study.objects.count() == 4


def test_an_export_after_corrections_imports_as_it_is(tmp_path):
    run(PATIENTS, STUDIES)
    services.change_study(study=study(LEFT), description=RIGHT)
    StudyFactory(
        patient=patient("3"),
        urgency_level="MID",
        body_part="BREASTS",
        description=LEFT,
        type="MAMMOGRAM",
    )
    services.change_patient(patient=patient("1"), first_name="José")
    before = rows()[:2]
    out = [tmp_path / name for name in ("p.csv", "s.csv")]
    call_command("export_clinic", *map(str, out))
    result = run(*(path.read_bytes() for path in out))
    assert result["patients"] == {**NOTHING, "unchanged": 4}
    assert result["studies"] == {**NOTHING, "unchanged": 5}
    assert rows()[:2] == before
    assert run(PATIENTS, STUDIES)["patients"]["changed_here"] == 1
    assert rows()[:2] == before


def test_one_of_equal_rows_is_corrected():
    run(PATIENTS)
    twice = STUDIES_HEAD + "\n" + "HIGH, NECK, NORMAL, XRAY, 1\n" * 2
    run(studies=twice)
    services.change_study(study=Study.objects.first(), description="SWOLLEN")
    for _night in range(2):
        result = run(studies=twice)["studies"]
        assert (result["unchanged"], result["changed_here"], result["created"]) == (1, 1, 0)


# -- imported before there were hashes --------------------------------------------------------
def test_the_first_import_after_the_upgrade_knows_all_that_nobody_changed():
    run(PATIENTS, STUDIES)
    forget()
    result = run(PATIENTS, STUDIES)
    same = {**NOTHING, "unchanged": 4}
    assert (result["patients"], result["studies"]) == (same, same)
    services.change_study(study=study(LEFT), description=RIGHT)
    assert run(PATIENTS, STUDIES)["studies"]["changed_here"] == 1


def test_the_first_import_after_the_upgrade_knows_by_the_journal_what_was_corrected():
    run(PATIENTS, STUDIES)
    corrected, gone = study(LEFT), study("UNUSUAL RATIO")
    services.change_study(study=corrected, description=RIGHT)
    services.archive_study(study=gone)
    services.change_patient(patient=patient("1"), last_name="Villa")
    services.archive_patient(patient=patient("4"))
    forget()
    before = rows()[:2]
    changed = PATIENTS.replace("pepe@", "jose@")
    for name, text in (("unchanged", PATIENTS), ("updated", changed)):
        result = run(text, STUDIES)
        assert (result["studies"]["changed_here"], result["studies"]["archived_here"]) == (1, 1)
        assert sorted(listed(result["studies"])) == [
            (4, "archived_here", "", gone.pk),
            (5, "changed_here", "", corrected.pk),
        ]
        assert result["patients"]["archived_here"] == 1
        assert patient("1").last_name == "Villa"
        assert name == "updated" or rows()[:2] == before
    assert patient("1").email == "jose@ejemplo.com"


def test_a_patient_who_was_made_here_is_what_an_edited_export_says():
    made = PatientFactory(first_name="Ana")
    services.change_patient(patient=made, first_name="Anna")
    line = f"Anne, {made.last_name}, {made.birth_date}, {made.email}, {made.external_id}\n"
    text = PATIENTS.splitlines()[0] + "\n" + line
    assert run(text)["patients"] == {**NOTHING, "updated": 1}
    assert Patient.objects.get(pk=made.pk).first_name == "Anne"


# -- what is kept -----------------------------------------------------------------------------
def test_no_text_of_a_patient_is_kept_beside_the_record():
    run(PATIENTS, STUDIES)
    kept = str([*PatientSource.objects.values(), *StudySource.objects.values()])
    for word in ("Villalobos", "1955", "pepe", "THYROID", "NECK"):
        assert word not in kept
    assert (PatientSource.objects.count(), StudySource.objects.count()) == (4, 4)


def kept():
    return rows()[:2], [*PatientSource.objects.values()], [*StudySource.objects.values()]


def test_a_dry_run_says_exactly_what_the_real_run_does():
    correct(last_name="Villa")
    run(PATIENTS, STUDIES)
    services.change_study(study=study(LEFT), description=RIGHT)
    services.archive_patient(patient=patient("2"))
    changed = PATIENTS.replace("Trevino", "Treviño").replace("1955", "1956")
    more = STUDIES + "LOW, HIP, NEW, CT, 4\n"
    before = kept()
    wanted = run(changed, more, dry_run=True)
    assert kept() == before
    assert run(changed, more) == {**wanted, "dry_run": False}
    assert wanted["patients"]["updated"] == 2


def test_every_row_is_in_the_commands_report(tmp_path, capsys):
    run(PATIENTS, STUDIES)
    services.change_study(study=study(LEFT), description=RIGHT)
    (tmp_path / "p.csv").write_text(PATIENTS + "Ana, Paz, 1990-01-01, ana@b.co, 9\n")
    (tmp_path / "s.csv").write_text(STUDIES)
    files = [str(tmp_path / name) for name in ("p.csv", "s.csv")]
    call_command("import_clinic", *files, "--dry-run", "--report", str(tmp_path / "report.csv"))
    lines = (tmp_path / "report.csv").read_text().splitlines()
    assert lines[0] == "file,row,column,code,message"
    assert sorted(lines[1:]) == sorted(
        [
            *(f"patients,{row},,unchanged," for row in range(2, 6)),
            "patients,6,,created,",
            *(f"studies,{row},,unchanged," for row in range(2, 5)),
            'studies,5,,changed_here,"corrected here, left as it is"',
        ]
    )
    capsys.readouterr()
    call_command("import_clinic", *files)
    totals = (
        "patients: 1 created, 0 updated, 4 unchanged; "
        "studies: 0 created, 0 updated, 3 unchanged, 1 changed here"
    )
    shown = capsys.readouterr().out.splitlines()
    assert shown == ["studies, row 5: corrected here, left as it is", totals]


def edit_patient(client, obj, **fields):
    """Change a patient on the patient's page of the admin."""
    names = ("first_name", "last_name", "birth_date", "email")
    data = admin.form(**{name: getattr(obj, name) for name in names})
    path = reverse(f"{admin.PATIENTS}_change", args=[obj.pk])
    return client.post(path, {**data, **fields})


def edit_study(client, obj, **fields):
    """Change a study on its page of the admin."""
    names = ("urgency_level", "body_part", "description", "type")
    data = {"patient": obj.patient_id, **{name: getattr(obj, name) for name in names}}
    path = reverse(f"{admin.STUDIES}_change", args=[obj.pk])
    return client.post(path, {**data, **fields})


# -- a week -----------------------------------------------------------------------------------
def test_a_week_of_nights_and_corrections(client_for, boss):
    """Each day somebody corrects by the API or in the admin; no night undoes any of it."""
    run(PATIENTS, STUDIES)
    doctor = client_for("CLINICIAN")
    jose, neck, chest = patient("1"), study("NORMAL THYROID"), study("UNUSUAL RATIO")
    days = [
        lambda: doctor.patch(f"/api/studies/{study(LEFT).pk}", {"description": RIGHT}),
        lambda: doctor.patch(f"/api/patients/{jose.pk}", {"last_name": "Villa"}),
        lambda: doctor.delete(f"/api/studies/{neck.pk}"),
        lambda: edit_patient(boss, patient("2"), first_name="Jéssica"),
        lambda: edit_study(boss, chest, urgency_level="MID"),
        lambda: doctor.delete(f"/api/patients/{patient('4').pk}"),
        lambda: doctor.patch(f"/api/patients/{jose.pk}", {"email": "jose@ejemplo.com"}),
    ]
    for day in days:
        assert day().status_code in {200, 204, 302}
        before = rows()[:2]
        for dry_run in (True, False):
            run(PATIENTS, STUDIES, dry_run=dry_run)
        assert rows()[:2] == before
    result = run(PATIENTS, STUDIES)
    assert (result["patients"]["changed_here"], result["patients"]["archived_here"]) == (2, 1)
    assert (result["studies"]["changed_here"], result["studies"]["archived_here"]) == (2, 1)
    assert result["patients"]["created"] == result["studies"]["created"] == 0
    assert JournalEntry.objects.filter(action="change", reason__startswith="import: p").count() == 9
