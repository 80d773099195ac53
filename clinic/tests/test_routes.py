"""The contract of patients and studies over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.constants import StudyType
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory

pytestmark = pytest.mark.django_db

JOSE = {
    "first_name": "Jose",
    "last_name": "Villalobos",
    "birth_date": "1955-04-10",
    "email": "pepe@ejemplo.com",
}
STUDY = {
    "urgency_level": "HIGH",
    "body_part": "stomach",
    "description": "NO FINDINGS",
    "type": "XRAY",
}


@pytest.fixture
def doctor(client_for):
    return client_for("CLINICIAN")


def stored(model):
    return list(model.everything.order_by("pk").values())


def codes(answer):
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


# -- patients ---------------------------------------------------------------------------------
def test_create_and_read_a_patient(doctor):
    answer = doctor.post("/api/patients", JOSE)
    assert answer.status_code == 201
    patient = Patient.objects.get()
    assert answer.json() == {"id": patient.pk, **JOSE, "studies": []}
    assert answer["Location"] == f"/api/patients/{patient.pk}"
    again = doctor.get(answer["Location"])
    assert (again.status_code, again.json()) == (200, answer.json())
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
        }
    ]
    assert results[1]["studies"] == []


def test_patch_leaves_what_it_does_not_name(doctor):
    patient = PatientFactory(**{**JOSE, "birth_date": timezone.localdate()})
    Patient.objects.update(birth_date="1955-04-10")
    answer = doctor.patch(f"/api/patients/{patient.pk}", {"email": "Jose@Ejemplo.com"})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": patient.pk,
        **JOSE,
        "email": "Jose@Ejemplo.com",
        "studies": [],
    }
    patient.refresh_from_db()
    assert (patient.email, patient.email_key) == ("Jose@Ejemplo.com", "jose@ejemplo.com")
    assert str(patient.birth_date) == "1955-04-10"


def test_put_needs_every_field(doctor):
    patient = PatientFactory()
    before = stored(Patient)
    answer = doctor.put(f"/api/patients/{patient.pk}", {"first_name": "Jose"})
    assert answer.status_code == 400
    assert codes(answer) == {(name, "required") for name in JOSE if name != "first_name"}
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


TOMORROW = (timezone.localdate() + timedelta(days=1)).isoformat()


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
        ("birth_date", TOMORROW, "in_the_future"),
        ("birth_date", "1849-12-31", "too_long_ago"),
        ("birth_date", "0001-01-01", "too_long_ago"),
        ("email", "pepe", "invalid"),
        ("email", "", "blank"),
        ("email", 5, "not_text"),
        ("email", "a@" + "x" * 260 + ".co", "max_length"),
        ("email", "a@" + "\ufdfa" * 40 + ".co", "max_length"),
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
    "key", ["0", "-1", "x", "1.5", "\uff19", "9" * 19, "9" * 5000, "1e3", "%00"]
)
def test_a_key_that_names_nobody_is_no_500(doctor, key):
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


# -- searching, filtering, ordering ------------------------------------------------------------
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


# -- studies ----------------------------------------------------------------------------------
def test_create_and_read_a_study_flat(doctor):
    patient = PatientFactory()
    answer = doctor.post("/api/studies", {**STUDY, "patient": patient.pk})
    assert answer.status_code == 201
    study = Study.objects.get()
    expected = {"id": study.pk, "patient": patient.pk, **STUDY, "body_part": "STOMACH"}
    assert answer.json() == expected
    assert answer["Location"] == f"/api/studies/{study.pk}"
    assert doctor.get(answer["Location"]).json() == expected


def test_create_and_read_a_study_nested(doctor):
    patient = PatientFactory()
    path = f"/api/patients/{patient.pk}/studies"
    answer = doctor.post(path, STUDY)
    assert answer.status_code == 201
    assert answer.json()["patient"] == patient.pk
    assert answer["Location"] == f"{path}/{answer.json()['id']}"
    assert doctor.get(answer["Location"]).json() == answer.json()
    assert doctor.get(path).json()["results"] == [answer.json()]


def test_unknown_patient_is_404_nested_and_400_flat(doctor):
    gone = PatientFactory(archived=True)
    for key in (gone.pk, gone.pk + 1000):
        path = f"/api/patients/{key}/studies"
        assert doctor.get(path).status_code == 404
        assert doctor.post(path, STUDY).status_code == 404
        answer = doctor.post("/api/studies", {**STUDY, "patient": key})
        assert answer.status_code == 400
        assert codes(answer) == {("patient", "unknown_patient")}
    assert Study.everything.count() == 0


def test_a_study_under_another_patient_is_404(doctor):
    study, other = StudyFactory(), PatientFactory()
    before = stored(Study)
    path = f"/api/patients/{other.pk}/studies/{study.pk}"
    for answer in (
        doctor.get(path),
        doctor.patch(path, {"type": "CT"}),
        doctor.put(path, STUDY),
        doctor.delete(path),
    ):
        assert answer.status_code == 404
    assert stored(Study) == before


def test_a_nested_write_moves_no_study(doctor):
    study, other = StudyFactory(), PatientFactory()
    before = stored(Study)
    path = f"/api/patients/{study.patient_id}/studies/{study.pk}"
    for answer in (
        doctor.patch(path, {"patient": other.pk}),
        doctor.put(path, {**STUDY, "patient": other.pk}),
        doctor.post(f"/api/patients/{study.patient_id}/studies", {**STUDY, "patient": other.pk}),
    ):
        assert (answer.status_code, codes(answer)) == (400, {("patient", "other_patient")})
    assert stored(Study) == before
    whole = doctor.get(path).json()
    assert doctor.put(path, {**whole, "type": "CT"}).json() == {**whole, "type": "CT"}


def test_a_flat_patch_moves_a_study_to_a_patient_who_is_there(doctor):
    study, other = StudyFactory(), PatientFactory()
    path = f"/api/studies/{study.pk}"
    answer = doctor.patch(path, {"patient": other.pk + 1000})
    assert (answer.status_code, codes(answer)) == (400, {("patient", "unknown_patient")})
    assert doctor.patch(path, {"patient": other.pk}).json()["patient"] == other.pk
    study.refresh_from_db()
    assert study.patient == other


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("urgency_level", "SOON", "invalid_choice"),
        ("urgency_level", "high", "invalid_choice"),
        ("urgency_level", 1, "invalid_choice"),
        ("urgency_level", None, "null"),
        ("type", "PHOTO", "invalid_choice"),
        ("type", ["XRAY"], "invalid_choice"),
        ("description", "", "blank"),
        ("description", "  \n ", "blank"),
        ("description", "a\u0007", "not_plain_text"),
        ("description", "x" * 4001, "max_length"),
        ("description", 5, "not_text"),
        ("body_part", "", "blank"),
        ("body_part", "ß" * 51, "max_length"),
        ("body_part", "two\nlines", "not_plain_text"),
    ],
)
def test_bad_study_fields_are_400_and_change_nothing(doctor, field, value, code):
    study = StudyFactory()
    before = stored(Study)
    nested = f"/api/patients/{study.patient_id}/studies"
    body = {**STUDY, field: value}
    for answer in (
        doctor.post("/api/studies", {**body, "patient": study.patient_id}),
        doctor.post(nested, body),
        doctor.patch(f"/api/studies/{study.pk}", {field: value}),
        doctor.patch(f"{nested}/{study.pk}", {field: value}),
    ):
        assert answer.status_code == 400
        assert (field, code) in codes(answer)
    assert stored(Study) == before


@pytest.mark.parametrize("patient", [True, "1", 1.5, None, 0, -1, 2**63, [1], {}])
def test_a_study_names_its_patient_by_a_number(doctor, patient):
    answer = doctor.post("/api/studies", {**STUDY, "patient": patient})
    assert answer.status_code == 400
    assert Study.everything.count() == 0


def test_delete_archives_a_study(doctor):
    study = StudyFactory()
    path = f"/api/patients/{study.patient_id}/studies/{study.pk}"
    assert doctor.delete(path).status_code == 204
    assert doctor.get(path).status_code == 404
    assert doctor.delete(path).status_code == 404
    assert Study.everything.get().archived_at is not None
    assert doctor.get(f"/api/patients/{study.patient_id}").json()["studies"] == []


def test_filter_studies(doctor):
    one = StudyFactory(urgency_level="LOW", type="CT", body_part="HEAD")
    two = StudyFactory(urgency_level="MID", type="MRI", body_part="KNEE")
    Study.objects.filter(pk=one.pk).update(created_at=timezone.now() - timedelta(days=10))
    day = (timezone.now() - timedelta(days=1)).isoformat()

    def ids(path="/api/studies", **query):
        return [row["id"] for row in doctor.get(path, query).json()["results"]]

    assert ids(urgency_level="LOW") == [one.pk]
    assert ids(type="MRI") == [two.pk]
    assert ids(body_part="knee") == [two.pk]
    assert ids(patient=one.patient_id) == [one.pk]
    assert ids(created_at__lt=day) == [one.pk]
    assert ids(created_at__gte=day) == [two.pk]
    assert ids(ordering="-created_at") == [two.pk, one.pk]
    assert ids(f"/api/patients/{one.patient_id}/studies", type="MRI") == []
    assert doctor.get("/api/studies", {"type": "PHOTO"}).status_code == 400
    nested = f"/api/patients/{one.patient_id}/studies"
    assert doctor.get(nested, {"patient": two.patient_id}).status_code == 400


def test_vocabulary(doctor):
    words = doctor.get("/api/studies/vocabulary").json()
    assert words["urgency_levels"][2] == {"code": "HIGH", "name": "high", "fhir_priority": "stat"}
    assert [word["code"] for word in words["types"]] == StudyType.values
    assert words["types"][1]["dicom_modality"] == "MG"
    assert "STOMACH" in words["body_parts"]


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
