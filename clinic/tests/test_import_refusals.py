"""Everything that may be wrong with the files: reported row by row, and nothing is written."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clinic.files import importing
from clinic.models import Patient
from clinic.tests.factories import PatientFactory, csv_file
from clinic.tests.files import PATIENTS, STUDIES, refused, rows

pytestmark = pytest.mark.django_db


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
        ("birth_date", "10/04/1955", "ambiguous_date"),
        ("birth_date", "30/02/1955", "no_such_day"),
        ("birth_date", "10/4/55", "two_digit_year"),
        ("birth_date", "20190", "day_number"),
        ("birth_date", "1955-04-10 11:30:00", "time_of_day"),
        ("birth_date", "1955-4-1", "invalid"),
        ("birth_date", "19550410", "invalid"),
        ("birth_date", "1955-02-30", "invalid"),
        ("birth_date", "2999-01-01", "in_the_future"),
        ("birth_date", "1849-12-31", "too_long_ago"),
        ("birth_date", "", "blank"),
        ("email", "ana", "invalid"),
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
    text = PATIENTS + "Ana, Paz, never, ana, 9\n" + PATIENTS.splitlines()[1] + "\n"
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
        (PATIENTS.replace(", ", ":"), 1, "wrong_header"),
        (PATIENTS.encode("utf-16")[:-3], 5, "wrong_encoding"),
        (PATIENTS.replace("Jose", "Jos\xe9").encode()[:-3] + b"\xe9\n", 5, "wrong_encoding"),
        (b"\x00" * 1000, 0, "not_csv"),
        (b"PK\x03\x04\xff\xfe" + b"\x80" * 1000, 0, "not_csv"),
        (PATIENTS.replace("Jessica,", '"Jessica,'), 3, "malformed"),
        ('"' + PATIENTS, 1, "malformed"),
        (PATIENTS + '"' + "x\n" * 70_000, 6, "malformed"),
        (PATIENTS.replace("Jessica,", '"Jess"ica,'), 3, "malformed"),
        (PATIENTS + "x" * 70_000, 6, "line_too_long"),
    ],
    ids=[
        "empty",
        "blank",
        "no header",
        "misspelt header",
        "repeated header",
        "colons",
        "utf-16 cut off",
        "two encodings",
        "zeros",
        "zip",
        "open quote",
        "open quote in the header",
        "open quote in a long file",
        "text after a quote",
        "long line",
    ],
)
def test_an_unusable_file_is_reported_once(patients, row, code):
    assert refused(patients) == [("patients", row, "", code)]


def test_a_file_over_the_limit_is_not_even_read(monkeypatch):
    monkeypatch.setattr(importing, "MAX_IMPORT_BYTES", 100)
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
