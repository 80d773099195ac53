"""The brief's CSV files: in, out, in again; and everything that may be wrong with them."""

import csv
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection

from clinic import csvfiles, demo, services
from clinic.errors import ImportOvertaken, ImportRefused
from clinic.importing import Import, import_files
from clinic.models import Patient, Study
from clinic.planner import IMPORT_LOCK
from clinic.tests.factories import PatientFactory, StudyFactory, csv_file
from clinic.writing import Writer
from core.models import JournalEntry

pytestmark = pytest.mark.django_db

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
NOTHING = {"created": 0, "updated": 0, "unchanged": 0}


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
    assert run(changed)["patients"] == {"created": 0, "updated": 2, "unchanged": 2}
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
    assert run(swapped)["patients"] == {"created": 0, "updated": 2, "unchanged": 2}
    emails = dict(Patient.objects.values_list("external_id", "email_key"))
    assert (emails["1"], emails["2"]) == ("jessica@ejemplo.com", "pepe@ejemplo.com")


def test_a_study_comes_as_often_as_the_file_says_it():
    run(PATIENTS)
    one = "HIGH, NECK, NORMAL, XRAY, 1\n"
    assert run(studies=STUDIES_HEAD + "\n" + one * 2)["studies"]["created"] == 2
    assert run(studies=STUDIES_HEAD + "\n" + one * 3)["studies"] == {
        "created": 1,
        "updated": 0,
        "unchanged": 2,
    }
    assert Study.objects.count() == 3


def test_batches_are_seamless(monkeypatch):
    monkeypatch.setattr("clinic.importing.IMPORT_BATCH", 2)
    monkeypatch.setattr("clinic.planner.IMPORT_BATCH", 2)  # the planner is told, too
    many = STUDIES + STUDIES.partition("\n")[2] * 2
    assert run(PATIENTS, many)["studies"]["created"] == 12
    assert run(PATIENTS, many)["studies"] == {**NOTHING, "unchanged": 12}


def test_a_study_may_name_a_patient_of_an_earlier_import_or_of_this_platform():
    run(PATIENTS)
    patient = PatientFactory()
    text = f"{STUDIES_HEAD}\nLOW, HIP, OK, CT, 4\nLOW, HIP, OK, CT, {patient.external_id}\n"
    assert run(studies=text)["studies"]["created"] == 2
    assert patient.studies.count() == 1


def test_an_archived_patient_is_gone_for_a_file_too():
    run(PATIENTS, STUDIES)
    old = Patient.objects.get(external_id="1")
    services.archive_patient(patient=old)
    assert refused(studies=STUDIES) == [
        ("studies", row, "patient_id", "unknown_patient") for row in (2, 3)
    ]
    assert run(PATIENTS, STUDIES)["patients"] == {"created": 1, "updated": 0, "unchanged": 3}
    assert Patient.objects.get(external_id="1").pk != old.pk


@pytest.mark.parametrize(
    ("patients", "studies"),
    [
        ("\ufeff" + PATIENTS, "\ufeff" + STUDIES),
        (PATIENTS.replace("\n", "\r\n"), STUDIES.replace("\n", "\r\n")),
        (PATIENTS.replace(", ", ","), STUDIES.replace(", ", ",")),
        (PATIENTS.rstrip("\n"), STUDIES + "\n\n"),
        (re.sub(r"([^,\s][^,\n]*)", r'"\1"', PATIENTS), STUDIES),
        (re.sub(r"^(.*), (\S+)$", r"\2, \1", PATIENTS, flags=re.MULTILINE), STUDIES),
    ],
    ids=["BOM", "CRLF", "no spaces", "blank lines", "quotes", "id first"],
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
    story = entries.filter(model="clinic.Patient", object_id=str(jose.pk))
    assert [(line.action, line.reason) for line in story] == [
        ("create", "import"),
        ("change", "import: studies added"),
    ]
    assert story[0].changes["birth_date"] is None
    assert entries.filter(model="clinic.Study", action="create").count() == 4
    last = entries.last()
    assert (last.object_id, last.count) == ("", 8)
    assert "Villalobos" not in str(list(entries.values()))


# -- bad rows ---------------------------------------------------------------------------------
def patient_row(**values):
    good = {
        "first_name": "Ana",
        "last_name": "Paz",
        "birth_date": "1990-01-01",
        "email": "ana@b.co",
        "id": "9",
    }
    return PATIENTS + ", ".join({**good, **values}.values()) + "\n"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("birth_date", "10/04/1955", "invalid"),
        ("birth_date", "1955-4-1", "invalid"),
        ("birth_date", "19550410", "invalid"),
        ("birth_date", "1955-02-30", "invalid"),
        ("birth_date", "2999-01-01", "in_the_future"),
        ("birth_date", "1849-12-31", "too_long_ago"),
        ("birth_date", "", "blank"),
        ("email", "ana", "invalid"),
        ("email", "", "blank"),
        ("email", "PEPE@ejemplo.com", "repeated"),
        ("first_name", "", "blank"),
        ("first_name", "x" * 101, "max_length"),
        ("last_name", "a\x00b", "not_plain_text"),
        ("last_name", "a\u202eb", "not_plain_text"),
        ("id", "", "blank"),
        ("id", "1", "repeated"),
        ("id", "x\x00", "not_plain_text"),
        ("id", "9" * 65, "max_length"),
    ],
)
def test_a_bad_patient_is_one_line_and_nothing_is_written(column, value, code):
    assert refused(patient_row(**{column: value}), STUDIES) == [("patients", 6, column, code)]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("SOON, HIP, OK, CT, 1", "urgency_level", "invalid_choice"),
        ("high, HIP, OK, CT, 1", "urgency_level", "invalid_choice"),
        (", HIP, OK, CT, 1", "urgency_level", "blank"),
        ("LOW, HIP, OK, PHOTO, 1", "type", "invalid_choice"),
        ("LOW, HIP, , CT, 1", "description", "blank"),
        ("LOW, HIP, a\x07, CT, 1", "description", "not_plain_text"),
        (f"LOW, HIP, {'x' * 4001}, CT, 1", "description", "max_length"),
        ("LOW, , OK, CT, 1", "body_part", "blank"),
        ("LOW, HIP, OK, CT, 99", "patient_id", "unknown_patient"),
        ("LOW, HIP, OK, CT, ", "patient_id", "blank"),
        ("LOW, HIP, OK, CT, 1\x00", "patient_id", "not_plain_text"),
        ("LOW, HIP, one, two, CT, 1", "", "wrong_cell_count"),
        ("LOW, HIP, OK, CT", "", "wrong_cell_count"),
    ],
)
def test_a_bad_study_is_one_line_and_nothing_is_written(line, column, code):
    assert refused(PATIENTS, STUDIES + line + "\n") == [("studies", 6, column, code)]


def test_one_line_per_bad_row_names_all_its_columns():
    text = PATIENTS + "Ana, Paz, 1/1/1990, ana, 9\n" + PATIENTS.splitlines()[1] + "\n"
    assert refused(text) == [
        ("patients", 6, "birth_date; email", "invalid"),
        ("patients", 7, "id; email", "repeated"),
    ]


def test_an_address_of_somebody_who_is_not_in_the_file_is_taken():
    PatientFactory(email="Jorge@ejemplo.com")
    assert refused(PATIENTS, STUDIES) == [("patients", 5, "email", "patient_email_taken")]


@pytest.mark.parametrize(
    ("patients", "row", "code"),
    [
        ("", 1, "wrong_header"),
        ("\n", 1, "wrong_header"),
        (PATIENTS.partition("\n")[2], 1, "wrong_header"),
        (PATIENTS.replace("email", "mail"), 1, "wrong_header"),
        (PATIENTS.replace("email,", "email, email,"), 1, "wrong_header"),
        (PATIENTS.replace(", ", ";"), 1, "wrong_header"),
        (PATIENTS.replace(", ", "\t"), 1, "wrong_header"),
        (PATIENTS.replace("Jose", "José").encode("latin-1"), 2, "wrong_encoding"),
        (PATIENTS.encode("utf-16"), 1, "wrong_encoding"),
        (b"\x00" * 1000, 1, "wrong_header"),
        (b"PK\x03\x04\xff\xfe" + b"\x80" * 1000, 1, "wrong_encoding"),
        (PATIENTS.replace("Jessica,", '"Jessica,'), 5, "malformed"),
        (PATIENTS.replace("Jessica,", '"Jess"ica,'), 3, "malformed"),
        (PATIENTS + "x" * 70_000, 6, "line_too_long"),
    ],
    ids=[
        "empty",
        "blank",
        "no header",
        "misspelt header",
        "repeated header",
        "semicolons",
        "tabs",
        "latin-1",
        "utf-16",
        "zeros",
        "zip",
        "open quote",
        "text after a quote",
        "long line",
    ],
)
def test_an_unusable_file_is_told_once(patients, row, code):
    assert refused(patients) == [("patients", row, "", code)]


def test_semicolons_are_told_as_such():
    with pytest.raises(ImportRefused) as caught:
        run(PATIENTS.replace(", ", ";"))
    assert "semicolons" in caught.value.extra["errors"][0]["reason"]


def test_a_file_over_the_limit_is_not_even_read(monkeypatch):
    monkeypatch.setattr(csvfiles, "IMPORT_MAX_BYTES", 100)
    assert refused(PATIENTS) == [("patients", 0, "", "too_large")]


def test_http_report_is_a_problem_document_and_bounded(client_for):
    doctor = client_for("CLINICIAN")
    text = PATIENTS + "".join(f"Ana, Paz, never, ana{n}@b.co, x{n}\n" for n in range(150))
    before = rows()
    answer = doctor.post("/api/patients/import", {"patients": csv_file(text)}, format="multipart")
    assert rows() == before
    body = answer.json()
    assert (answer.status_code, body["code"], body["error_count"]) == (422, "import_refused", 150)
    assert len(body["errors"]) == 100
    assert body["errors"][0] == {
        "field": "birth_date",
        "code": "invalid",
        "detail": "A date must look like YYYY-MM-DD.",
        "file": "patients",
        "row": 6,
        "column": "birth_date",
        "reason": "A date must look like YYYY-MM-DD.",
    }


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("", {}, 400),
        ("", {"patients": "text"}, 400),
        ("?dry_run=maybe", {"patients": PATIENTS}, 400),
        ("?dryrun=true", {"patients": PATIENTS}, 400),
    ],
)
def test_http_refuses_what_is_no_import(client_for, query, body, status):
    if body.get("patients") == PATIENTS:
        body = {"patients": csv_file(PATIENTS)}
    answer = client_for("CLINICIAN").post(f"/api/patients/import{query}", body, format="multipart")
    assert answer.status_code == status
    assert Patient.everything.count() == 0


def test_http_refuses_json_and_too_much(client_for, settings):
    doctor = client_for("CLINICIAN")
    assert doctor.post("/api/patients/import", {"patients": "x"}).status_code == 415
    settings.MAX_UPLOAD_BYTES = 1024
    file = SimpleUploadedFile("p.csv", PATIENTS.encode() * 10)
    answer = doctor.post("/api/patients/import", {"patients": file}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert Patient.everything.count() == 0


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
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        files = {"patients": csv_file(PATIENTS)}
        answer = doctor.post("/api/patients/import", files, format="multipart")
        assert (answer.status_code, answer.json()["code"]) == (409, "import_running")
        assert answer["Retry-After"] == "10"
        assert Patient.everything.count() == 0
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
    add = Writer.add

    def overtaken(writer, studies):
        services.archive_patient(patient=Patient.objects.get(external_id="1"))
        add(writer, studies)

    monkeypatch.setattr(Writer, "add", overtaken)
    with pytest.raises(ImportOvertaken):
        run(studies=STUDIES)
    assert (Patient.objects.count(), Study.everything.count()) == (4, 0)


# -- the commands -----------------------------------------------------------------------------
@pytest.fixture
def files(tmp_path):
    names = tmp_path / "patients.csv", tmp_path / "studies.csv"
    for path, text in zip(names, (PATIENTS, STUDIES), strict=True):
        path.write_text(text)
    return [str(name) for name in names]


def test_import_command(files, capsys):
    call_command("import_clinic", *files, "--dry-run")
    assert Patient.objects.count() == 0
    call_command("import_clinic", *files)
    shown = capsys.readouterr()
    line = "patients: 4 created, 0 updated, 0 unchanged; studies: 4 created, 0 updated, 0 unchanged"
    assert shown.out.splitlines() == ["Dry run, nothing was written.", line, line]
    assert shown.err == ""  # no progress bar where there is no terminal
    entry = JournalEntry.objects.latest("id")
    assert (entry.actor_kind, entry.actor_label) == ("command", "import_clinic")


def test_import_command_reports_every_bad_row(files, tmp_path, capsys):
    bad = "".join(f"=Ana, Paz, never, ana{n}@b.co, x{n}\n" for n in range(150))
    Path(files[0]).write_text(PATIENTS + bad)
    with pytest.raises(CommandError, match=r"Nothing was written\. Bad rows: 150\."):
        call_command("import_clinic", *files)
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 150
    assert errors[0] == "patients, row 6, birth_date: A date must look like YYYY-MM-DD."
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError):
        call_command("import_clinic", *files, "--report", str(report))
    lines = list(csv.reader(report.read_text().splitlines()))
    assert lines[0] == ["file", "row", "column", "reason"]
    assert lines[150][:3] == ["patients", "155", "birth_date"]
    assert Patient.everything.count() == 0


def test_import_command_without_a_file(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_clinic", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="at least one"):
        call_command("import_clinic", "-")


def test_export_gives_the_briefs_files_back(files, tmp_path):
    call_command("import_clinic", *files)
    out = [str(tmp_path / name) for name in ("p.csv", "s.csv")]
    call_command("export_clinic", *out)
    assert (Path(out[0]).read_text(), Path(out[1]).read_text()) == (PATIENTS, STUDIES)
    jose = Patient.objects.get(external_id="1")
    entry = JournalEntry.objects.get(action="export", object_id=str(jose.pk))
    assert (entry.actor_label, entry.reason, entry.count) == ("export_clinic", "export_clinic", 4)


def test_export_over_http(client_for):
    run(PATIENTS, STUDIES)
    gone = PatientFactory(archived=True)
    doctor = client_for("CLINICIAN")
    for query, text in (("", PATIENTS), ("?file=patients", PATIENTS), ("?file=studies", STUDIES)):
        answer = doctor.get(f"/api/patients/export{query}")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert b"".join(answer.streaming_content).decode() == text
    entries = JournalEntry.objects.filter(action="export").values_list("object_id", "count")
    keys = Patient.objects.values_list("pk", flat=True)
    assert sorted(entries) == sorted([(str(key), 4) for key in (*keys, "")] * 3)
    assert str(gone.pk) not in dict(entries)
    assert doctor.get("/api/patients/export?file=users").status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "with, comma",
        'with "quotes"',
        "=SUM(A1:A9)",
        "'=already",
        "''-twice",
        "'tis",
        "+1",
        "-",
        "@home",
        "ñ 李 👩‍⚕️",
        "back\\slash",
    ],
)
def test_export_and_import_is_a_no_op_whatever_the_text(tmp_path, text):
    patient = PatientFactory(first_name=text, last_name=text, email="+odd@b.co")
    StudyFactory(patient=patient, description=f"{text}\n{text}", body_part=text)
    StudyFactory(patient=patient, archived=True)
    PatientFactory(archived=True)
    before = rows()[:2]
    out = [str(tmp_path / name) for name in ("p.csv", "s.csv")]
    call_command("export_clinic", *out)
    one = {**NOTHING, "unchanged": 1}
    result = run(Path(out[0]).read_bytes(), Path(out[1]).read_bytes())
    assert result == {"dry_run": False, "patients": one, "studies": one}
    assert rows()[:2] == before
    cells = next(csv.reader(Path(out[0]).read_text().splitlines()[1:], skipinitialspace=True))
    assert not cells[0].startswith(("=", "+", "-", "@"))
