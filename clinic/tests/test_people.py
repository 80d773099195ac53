"""People who do not fit, who may be here twice, and who learns that somebody is a patient."""

from datetime import date

import pytest

from clinic.files.importing import import_files
from clinic.models import Patient
from clinic.tests.factories import PatientFactory, csv_file
from clinic.tests.helpers_requests import JOSE, codes, stored
from core.models import JournalEntry

pytestmark = pytest.mark.django_db
NOBODY = {name: value for name, value in JOSE.items() if name not in {"email", "last_name"}}


# -- no e-mail, one name ------------------------------------------------------------------------
@pytest.mark.parametrize("email", [{}, {"email": None}, {"email": ""}, {"email": "  "}])
def test_many_patients_have_no_address(doctor, email):
    for name in ("Ana", "Eva"):
        answer = doctor.post("/api/patients", {**JOSE, "first_name": name, "email": None} | email)
        assert (answer.status_code, answer.json()["email"]) == (201, None)
    assert [(row["email"], row["email_key"]) for row in stored(Patient)] == [(None, None)] * 2


@pytest.mark.parametrize("last_name", [{}, {"last_name": ""}, {"last_name": " "}])
def test_some_people_have_one_name(doctor, client_for, last_name):
    answer = doctor.post("/api/patients", {**NOBODY, **last_name})
    assert (answer.status_code, answer.json()["last_name"]) == (201, "")
    path = f"/api/patients/{answer.json()['id']}"
    assert client_for("SUPPORT").get(path).json()["initials"] == "J."
    assert doctor.get("/api/patients?search=jose").json()["results"][0]["last_name"] == ""
    assert doctor.get("/api/patients?search=none").json()["results"] == []
    assert doctor.get("/api/patients?ordering=last_name&limit=1").status_code == 200


def test_an_address_comes_and_goes(doctor):
    patient = PatientFactory(email="ana@ejemplo.com")
    path = f"/api/patients/{patient.pk}"
    assert doctor.patch(path, {"email": ""}).json()["email"] is None
    assert doctor.post("/api/patients", {**JOSE, "email": "ANA@ejemplo.com"}).status_code == 201
    taken = doctor.patch(path, {"email": "ana@ejemplo.com"})
    assert (taken.status_code, taken.json()["code"]) == (409, "patient_email_taken")
    assert doctor.patch(path, {"email": "a@ejemplo.com"}).json()["email"] == "a@ejemplo.com"


def test_a_first_name_is_still_needed(doctor):
    answer = doctor.post("/api/patients", {**NOBODY, "first_name": "", "last_name": "Ruiz"})
    assert (answer.status_code, codes(answer)) == (400, {("first_name", "blank")})
    assert Patient.everything.count() == 0


# -- possible duplicates ------------------------------------------------------------------------
def duplicates_of(client, **fields):
    answer = client.post("/api/patients", {**NOBODY, "last_name": "Villalobos", **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()["possible_duplicates"]


def test_the_same_names_and_birth_date_are_told_and_are_a_look(doctor):
    known = PatientFactory(first_name="José", last_name="VILLALOBOS", birth_date=date(1955, 4, 10))
    assert duplicates_of(doctor) == [known.pk]
    entry = JournalEntry.objects.get(action="read", object_id=str(known.pk))
    assert entry.reason == "POST /api/patients"


@pytest.mark.parametrize(
    "other",
    [
        {"birth_date": date(1955, 4, 11)},
        {"first_name": "Josefa"},
        {"first_name": "Jose Luis"},
        {"last_name": "Villa Lobos"},
        {"last_name": ""},
        {"archived": True},
    ],
)
def test_who_differs_is_none(doctor, other):
    same = {"first_name": "Jose", "last_name": "Villalobos", "birth_date": date(1955, 4, 10)}
    PatientFactory(**{**same, **other})
    assert duplicates_of(doctor) == []
    assert not JournalEntry.objects.filter(action="read").exists()


def test_names_the_other_way_round_and_an_archived_address_are_told(doctor):
    turned = PatientFactory(first_name="Villalobos", last_name="Jose", birth_date=date(1955, 4, 10))
    gone = PatientFactory(email="PEPE@ejemplo.com", archived=True)
    assert duplicates_of(doctor, email="pepe@ejemplo.com") == [turned.pk, gone.pk]


def test_at_most_ten_are_told_and_an_odd_name_finds_no_more(doctor):
    same = {"last_name": "Villalobos", "birth_date": date(1955, 4, 10)}
    rows = [PatientFactory(first_name="Jose", **same) for _ in range(12)]
    assert duplicates_of(doctor) == [row.pk for row in rows[:10]]
    for name in ("%", "_", "\\"):
        assert duplicates_of(doctor, first_name=name) == []
    assert len(duplicates_of(doctor, first_name="%")) == 1


# -- who learns that somebody is a patient ------------------------------------------------------
def looks_at(patient):
    entries = JournalEntry.objects.filter(
        action="read", model="clinic.Patient", object_id=str(patient.pk)
    )
    return [(entry.actor_id, entry.reason) for entry in entries]


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "a-key-of-the-client"}])
def test_a_refused_write_that_tells_who_is_a_patient_is_a_look(doctor, key):
    known, other = PatientFactory(email="known@b.co"), PatientFactory()
    one = f"/api/patients/{other.pk}"
    body = {**JOSE, "email": "KNOWN@b.co"}
    before = stored(Patient)
    for method, path in ((doctor.post, "/api/patients"), (doctor.put, one), (doctor.patch, one)):
        answer = method(path, body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (409, "patient_email_taken")
    who = doctor.user.pk
    assert looks_at(known) == [
        (who, "409 POST /api/patients"),
        (who, f"409 PUT {one}"),
        (who, f"409 PATCH {one}"),
    ]
    assert stored(Patient) == before


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_refused_import_is_a_look_at_whom_it_tells(doctor, query):
    known = PatientFactory(email="known@b.co", external_id="7")
    unseen = PatientFactory()
    text = (
        "first_name, last_name, birth_date, email, id\n"
        "A, B, 1990-01-01, known@b.co, 1\n"
        "C, D, 1990-01-01, new@b.co, 2\n"
    )
    before = stored(Patient)
    path = f"/api/patients/import{query}"
    answer = doctor.post(path, {"patients": csv_file(text)}, format="multipart")
    assert answer.status_code == 422
    assert looks_at(known) == [(doctor.user.pk, "422 POST /api/patients/import")]
    assert looks_at(unseen) == []
    assert stored(Patient) == before


def test_a_refused_import_of_unknown_people_is_no_look(doctor):
    known = PatientFactory()
    text = "first_name, last_name, birth_date, email, id\nA, B, never, known@b.co, 1\n"
    answer = doctor.post("/api/patients/import", {"patients": csv_file(text)}, format="multipart")
    assert answer.status_code == 422
    assert looks_at(known) == []


def test_who_has_one_name_and_no_address_goes_out_and_comes_in_again(doctor):
    patient = PatientFactory(first_name="Suharto", last_name="", email=None, external_id="9")
    other = PatientFactory(first_name="Sukarno", last_name="", email=None, external_id="10")
    text = b"".join(doctor.get("/api/patients/export").streaming_content)
    assert text.decode().splitlines()[1:] == [
        "Suharto, , 1971-07-01, , 9",
        "Sukarno, , 1971-07-01, , 10",
    ]
    assert import_files(patients=csv_file(text)).patients.unchanged == 2
    Patient.everything.filter(pk__in=[patient.pk, other.pk]).delete()
    assert import_files(patients=csv_file(text)).patients.created == 2
    rows = Patient.objects.order_by("pk").values_list("first_name", "last_name", "email")
    assert list(rows) == [("Suharto", "", None), ("Sukarno", "", None)]


def test_patients_without_an_address_stand_beside_a_file():
    PatientFactory(email=None)
    text = "first_name, last_name, birth_date, email, id\nA, B, 1990-01-01, a@b.co, 1\n"
    assert import_files(patients=csv_file(text)).patients.created == 1
