"""One patient per mailbox, whatever the form of its domain; addresses and names that show."""

import pytest

from clinic.models import Patient
from clinic.services import change_patient
from clinic.tests.factories import PatientFactory
from clinic.tests.files import PATIENTS_HEAD, refused, run
from core.keys import Refresh
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

UNICODE, ASCII = "ana@münchen.example", "ana@xn--mnchen-3ya.example"
ANA = {"first_name": "Ana", "last_name": "Paz", "birth_date": "1990-01-01", "email": UNICODE}


@pytest.mark.parametrize(
    ("first", "second"), [(UNICODE, ASCII), (ASCII, "ANA@MU\u0308NCHEN.example")]
)
def test_both_forms_of_a_domain_are_one_patient(doctor, first, second):
    made = doctor.post("/api/patients", {**ANA, "email": first})
    assert (made.status_code, made.json()["email"]) == (201, first)
    assert_problem(
        doctor.post("/api/patients", {**ANA, "email": second}), 409, "patient_email_taken"
    )
    found = doctor.get("/api/patients", {"email": second}).json()["results"]
    assert [row["id"] for row in found] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ana@ejem\u200bplo.com"),
        ("email", "ana@ejemplo.com\u2060"),
        ("email", "\u017fna@ejemplo.com"),
        ("first_name", "\u3164"),
        ("last_name", "\u2800\u2800"),
    ],
)
def test_what_does_not_show_is_refused_by_route_and_file(doctor, field, value):
    answer = doctor.post("/api/patients", {**ANA, field: value})
    assert_problem(answer, 400, "invalid", field=field)
    row = {**ANA, field: value}
    found = refused(f"{PATIENTS_HEAD}\n{', '.join(row.values())}, 9\n")
    assert [(file, line, column) for file, line, column, _code in found] == [("patients", 2, field)]
    assert not Patient.everything.exists()


def test_a_file_repeats_an_address_in_its_other_form():
    rows = [", ".join({**ANA, "email": email}.values()) for email in (UNICODE, ASCII)]
    text = f"{PATIENTS_HEAD}\n{rows[0]}, 8\n{rows[1]}, 9\n"
    assert refused(text) == [("patients", 3, "email", "repeated")]


def test_twins_of_former_rules_stay_and_can_be_changed():
    first = PatientFactory(email=ASCII)
    twin = PatientFactory(email="other@example.com")
    Patient.objects.filter(pk=twin.pk).update(email=UNICODE, email_key=UNICODE)
    said = []
    assert Refresh(Patient, report=said.append).run(["email_key"]) == 1
    why = "its email_key is taken, empty or reserved; it stays, marked as a twin."
    assert said == [f"clinic.Patient {twin.pk}: {why}"]
    twin.refresh_from_db()
    change_patient(patient=twin, first_name="Eva")
    twin.refresh_from_db()
    assert (twin.first_name, twin.email_key) == ("Eva", f"{ASCII}  twin {twin.pk}")
    change_patient(patient=twin, email="eva@example.com")
    assert Patient.objects.get(pk=twin.pk).email_key == "eva@example.com"
    assert Patient.objects.get(pk=first.pk).email_key == ASCII


@pytest.mark.parametrize(
    "words", ["nunez", "NÚÑEZ", "obrien", "O\u2019Brien", "lukasz", "paz o'brien"]
)
def test_search_forgives(doctor, words):
    PatientFactory(first_name="Łukasz Núñez", last_name="Paz O'Brien")
    PatientFactory(first_name="Eva", last_name="Gil")
    found = doctor.get("/api/patients", {"search": words}).json()["results"]
    assert [row["first_name"] for row in found] == ["Łukasz Núñez"]


def test_what_a_file_brings_is_found():
    run(f"{PATIENTS_HEAD}\nŁukasz, Núñez, 1990-01-01, lu@example.com, 9\n")
    assert Patient.objects.filter(search_key__icontains="lukasz").count() == 1
    run(f"{PATIENTS_HEAD}\nÆgir, Núñez, 1990-01-01, lu@example.com, 9\n")
    assert Patient.objects.filter(search_key__icontains="aegir").count() == 1
