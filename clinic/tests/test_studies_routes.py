"""The contract of studies over HTTP, flat and under their patient."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.constants import StudyType
from clinic.models import Study
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.helpers_requests import STUDY, codes, stored
from core.tests.helpers_writes import updates_of

pytestmark = pytest.mark.django_db


def test_create_and_read_a_study_flat(doctor):
    patient = PatientFactory()
    answer = doctor.post("/api/studies", {**STUDY, "patient": patient.pk})
    assert answer.status_code == 201
    study = Study.objects.get()
    expected = {"id": study.pk, "patient": patient.pk, **STUDY, "body_part": "STOMACH"}
    expected |= {"performed_on": None, "status": "reported"}
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


def test_a_change_of_nothing_writes_nothing(doctor):
    study = StudyFactory(**{**STUDY, "body_part": "STOMACH"})
    before = stored(Study)
    path = f"/api/patients/{study.patient_id}/studies/{study.pk}"
    with updates_of(Study) as updates:
        answer = doctor.put(path, STUDY)  # "stomach" is stored in upper case
    assert (answer.status_code, answer.json()["body_part"]) == (200, "STOMACH")
    assert (updates, stored(Study)) == ([], before)


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
