"""The contract of patients over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.helpers_requests import JOSE, NO_STUDIES, STUDY, codes, stored
from core.tests.helpers_writes import updates_of

pytestmark = pytest.mark.django_db


def test_create_and_read_a_patient(doctor):
    answer = doctor.post("/api/patients", JOSE)
    assert answer.status_code == 201
    patient = Patient.objects.get()
    known = {"id": patient.pk, **JOSE, **NO_STUDIES}
    assert answer.json() == {**known, "possible_duplicates": []}
    assert answer["Location"] == f"/api/patients/{patient.pk}"
    again = doctor.get(answer["Location"])
    assert (again.status_code, again.json()) == (200, known)
    assert again["ETag"] == answer["ETag"]


def test_the_list_embeds_each_patients_studies_and_no_archived_one(doctor):
    first, second = PatientFactory(), PatientFactory()
    study = StudyFactory(patient=first)
    StudyFactory(patient=first, archived=True)
    results = doctor.get("/api/patients").json()["results"]
    assert [row["id"] for row in results] == [first.pk, second.pk]
    assert results[0]["studies"] == [
        {
            "id": study.pk,
            "patient": first.pk,
            "urgency_level": "HIGH",
            "body_part": "NECK",
            "description": "NORMAL THYROID",
            "type": "XRAY",
            "performed_on": None,
            "status": "reported",
        }
    ]
    assert [row["studies_count"] for row in results] == [1, 0]
    assert results[1]["studies"] == []


def test_a_change_of_nothing_writes_nothing(doctor):
    patient = PatientFactory(**JOSE)
    before = stored(Patient)
    with updates_of(Patient) as updates:
        answer = doctor.patch(f"/api/patients/{patient.pk}", JOSE)
    assert (answer.status_code, answer.json()) == (200, {"id": patient.pk, **JOSE, **NO_STUDIES})
    assert (updates, stored(Patient)) == ([], before)


def test_patch_leaves_what_it_does_not_name(doctor):
    patient = PatientFactory(**{**JOSE, "birth_date": timezone.localdate()})
    Patient.objects.update(birth_date="1955-04-10")
    answer = doctor.patch(f"/api/patients/{patient.pk}", {"email": "Jose@Ejemplo.com"})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": patient.pk,
        **JOSE,
        "email": "Jose@Ejemplo.com",
        **NO_STUDIES,
    }
    patient.refresh_from_db()
    assert (patient.email, patient.email_key) == ("Jose@Ejemplo.com", "jose@ejemplo.com")
    assert str(patient.birth_date) == "1955-04-10"


def test_put_needs_what_everybody_has(doctor):
    patient = PatientFactory()
    before = stored(Patient)
    answer = doctor.put(f"/api/patients/{patient.pk}", {"first_name": "Jose"})
    assert answer.status_code == 400
    assert codes(answer) == {("birth_date", "required")}
    assert stored(Patient) == before
    assert doctor.put(f"/api/patients/{patient.pk}", JOSE).status_code == 200
    assert Patient.objects.get().first_name == "Jose"


def test_delete_archives_with_the_studies_and_frees_the_address(doctor):
    study = StudyFactory(patient=PatientFactory(email=JOSE["email"]))
    gone = f"/api/patients/{study.patient_id}"
    assert doctor.delete(gone).status_code == 204
    assert Patient.everything.get().archived_at == Study.everything.get().archived_at is not None
    for path in (gone, f"{gone}/studies", f"{gone}/studies/{study.pk}", f"/api/studies/{study.pk}"):
        assert doctor.get(path).status_code == 404, path
    assert doctor.delete(gone).status_code == 404
    assert doctor.patch(gone, {"first_name": "X"}).status_code == 404
    assert doctor.post(f"{gone}/studies", STUDY).status_code == 404
    for path in ("/api/patients", "/api/studies"):
        assert doctor.get(path).json()["results"] == []
    assert doctor.post("/api/patients", JOSE).status_code == 201


@pytest.mark.parametrize("email", ["pepe@ejemplo.com", "PEPE@EJEMPLO.COM"])
def test_taken_email_is_409_and_changes_nothing(doctor, email):
    PatientFactory(email="Pepe@ejemplo.com")
    other = PatientFactory()
    before = stored(Patient)
    for answer in (
        doctor.post("/api/patients", {**JOSE, "email": email}),
        doctor.patch(f"/api/patients/{other.pk}", {"email": email}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "patient_email_taken")
        assert answer["Content-Type"] == "application/problem+json"
    assert stored(Patient) == before


SOON = (timezone.localdate() + timedelta(days=2)).isoformat()  # at midnight, too


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        *(
            ("birth_date", value, "invalid")
            for value in (
                "10/04/1955",
                "1955-4-10",
                "19550410",
                "1955-W15-1",
                "1955-04-10T00:00:00Z",
                "1955-02-30",
                "\u0661\u0669\u0665\u0665-04-10",
                "",
                5,
                True,
                ["1955-04-10"],
            )
        ),
        ("birth_date", None, "null"),
        ("birth_date", SOON, "in_the_future"),
        ("birth_date", "1849-12-31", "too_long_ago"),
        ("birth_date", "0001-01-01", "too_long_ago"),
        ("email", "pepe", "invalid"),
        ("email", 5, "not_text"),
        ("email", "a@" + "x" * 260 + ".co", "max_length"),
        ("email", "a@" + "\ufdfa" * 40 + ".co", "invalid_domain"),
        ("email", "a" * 60 + "@" + ("ñ" * 20 + ".") * 8 + "co", "max_length"),
        ("first_name", "", "blank"),
        ("first_name", "   ", "blank"),
        ("first_name", 5, "not_text"),
        ("first_name", True, "not_text"),
        ("first_name", "x" * 101, "max_length"),
        ("last_name", "a\u202eb", "not_plain_text"),
        ("last_name", None, "null"),
    ],
)
def test_bad_patient_fields_are_400_and_change_nothing(doctor, field, value, code):
    patient = PatientFactory()
    before = stored(Patient)
    for answer in (
        doctor.post("/api/patients", {**JOSE, field: value}),
        doctor.patch(f"/api/patients/{patient.pk}", {field: value}),
    ):
        assert answer.status_code == 400
        assert (field, code) in codes(answer)
    assert stored(Patient) == before


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Søren 李 👩‍⚕️", "O'Higgins; DROP TABLE--"),
        ("\ufdfa" * 100, "\ufdfa" * 100),  # eighteen characters each, once folded
        ("İ" * 100, "ß" * 100),
        ("<script>alert(1)</script>", "{{ 7 * 7 }}"),
    ],
)
def test_names_go_round_exactly(doctor, first, last):
    answer = doctor.post("/api/patients", {**JOSE, "first_name": first, "last_name": last})
    assert answer.status_code == 201
    shown = doctor.get(answer["Location"]).json()
    assert (shown["first_name"], shown["last_name"]) == (first, last)


@pytest.mark.parametrize(
    "key", ["0", "-1", "x", "1.5", "\uff19", "9" * 19, "9" * 5000, "1e3", "%00", "01", "+1"]
)
def test_a_key_that_names_nobody_is_no_500(doctor, key):
    StudyFactory(pk=1, patient=PatientFactory(pk=1))
    for path in (f"/api/patients/{key}", f"/api/studies/{key}", f"/api/patients/{key}/studies"):
        for method in (doctor.get, doctor.delete):
            assert method(path).status_code in {400, 404, 405, 414}, path


def test_if_match_guards_a_patient_with_studies(doctor):
    study = StudyFactory()
    path = f"/api/patients/{study.patient_id}"
    etag = doctor.get(path)["ETag"]
    assert doctor.get(path, headers={"If-None-Match": etag}).status_code == 304
    doctor.patch(f"/api/studies/{study.pk}", {"urgency_level": "LOW"})
    answer = doctor.patch(path, {"first_name": "X"}, headers={"If-Match": etag})
    assert answer.status_code == 412
    assert Patient.objects.get().first_name != "X"
    etag = doctor.get(path)["ETag"]
    answer = doctor.patch(path, {"first_name": "X"}, headers={"If-Match": etag})
    assert answer.status_code == 200
    assert answer["ETag"] == doctor.get(path)["ETag"]


def test_idempotency_key_takes_one_patient_in(doctor):
    for _ in range(2):
        answer = doctor.post("/api/patients", JOSE, headers={"Idempotency-Key": "key-1"})
        assert answer.status_code == 201
    assert answer["Idempotency-Replayed"] == "true"
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("trevino", [0]),
        ("TREVIÑO", [0]),
        ("jorge trevi", [0]),
        ("ejemplo.com", [0]),
        ("angela", [1]),
        ("ÁNGELA", [1]),
        ("a", [0, 1]),
        ("jorge angela", []),
        ("%", []),
    ],
)
def test_search_by_name_and_email(doctor, words, found):
    patients = [
        PatientFactory(first_name="Jorge Alberto", last_name="Treviño", email="j@ejemplo.com"),
        PatientFactory(first_name="Ángela", last_name="Ruiz", email="ruiz@other.org"),
    ]
    results = doctor.get("/api/patients", {"search": words}).json()["results"]
    assert [row["id"] for row in results] == [patients[index].pk for index in found]


def test_filter_patients_by_one_study_that_is_all_that_is_asked(doctor):
    both, split, gone, _none = (PatientFactory() for _ in range(4))
    StudyFactory(patient=both, urgency_level="HIGH", type="CT", body_part="HEAD")
    StudyFactory(patient=split, urgency_level="HIGH", type="MRI", body_part="HEAD")
    StudyFactory(patient=split, urgency_level="LOW", type="CT", body_part="KNEE")
    StudyFactory(patient=gone, urgency_level="HIGH", type="CT", archived=True)

    def ids(**query):
        rows = doctor.get("/api/patients", query).json()["results"]
        return [row["id"] for row in rows]

    assert ids(urgency_level="HIGH") == [both.pk, split.pk]
    assert ids(urgency_level="HIGH", type="CT") == [both.pk]
    assert ids(body_part="head") == [both.pk, split.pk]
    assert ids(body_part="knee", urgency_level="HIGH") == []


def test_filter_patients_by_birth_creation_and_email(doctor):
    old = PatientFactory(birth_date="1955-04-10", email="Old@ejemplo.com")
    young = PatientFactory(birth_date="1990-05-05")
    Patient.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=10))

    def ids(**query):
        answer = doctor.get("/api/patients", query)
        return [row["id"] for row in answer.json()["results"]]

    day = (timezone.now() - timedelta(days=1)).isoformat()
    assert ids(birth_date__lte="1955-04-10") == [old.pk]
    assert ids(birth_date__gte="1955-04-11") == [young.pk]
    assert ids(created_at__lt=day) == [old.pk]
    assert ids(created_at__gte=day) == [young.pk]
    assert ids(email="OLD@EJEMPLO.COM") == [old.pk]


@pytest.mark.parametrize(
    "query",
    [
        {"urgency_level": "SOON"},
        {"type": "photo"},
        {"birth_date__gte": "10/04/1955"},
        {"created_at__gte": "0000-00-00"},
        {"ordering": "email_key"},
        {"ordering": "studies__type"},
        {"first_name": "Jose"},
        {"birth_date__year": "1955"},
        {"limit": "0"},
        {"cursor": "x"},
    ],
)
def test_bad_queries_are_400(doctor, query):
    assert doctor.get("/api/patients", query).status_code == 400


@pytest.mark.parametrize("ordering", ["last_name", "-birth_date", "created_at", "-id"])
def test_pages_by_every_ordering_show_each_patient_once(doctor, ordering):
    for number in range(7):
        PatientFactory(last_name=f"R{number % 2}", birth_date=f"195{number % 3}-01-01")
    seen, url = [], f"/api/patients?limit=2&ordering={ordering}"
    while url:
        page = doctor.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    field, sign = ordering.removeprefix("-"), -1 if ordering.startswith("-") else 1
    rows = {row["id"]: row for row in Patient.objects.values("id", field)}
    assert sorted(seen) == sorted(rows)
    values = [rows[pk][field] for pk in seen]
    assert values == sorted(values, reverse=sign < 0)


def test_trailing_slashes_answer_too(doctor):
    study = StudyFactory()
    for path in (
        "/api/patients/",
        f"/api/patients/{study.patient_id}/",
        f"/api/patients/{study.patient_id}/studies/",
        f"/api/patients/{study.patient_id}/studies/{study.pk}/",
        f"/api/patients/{study.patient_id}/access-log/",
        "/api/studies/",
    ):
        assert doctor.get(path).status_code == 200, path
