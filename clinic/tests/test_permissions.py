"""Who may do what: every route of the app, every role; what SUPPORT sees and cannot find out."""

import pytest

from clinic.models import Patient, Study
from clinic.permissions import ACCESS_LOG, PATIENTS, STUDIES, VERSIONS
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.views.access_log import AccessLogViewSet
from clinic.views.patients import PatientViewSet
from clinic.views.studies import PatientStudyViewSet, StudyViewSet
from clinic.views.versions import PatientVersionViewSet, StudyVersionViewSet
from core.roles import Role

pytestmark = pytest.mark.django_db

WORKS = {"CLINICIAN", "ADMIN"}
MERGES = {"SUPPORT", "ADMIN"}
LOOKS = WORKS | {"SUPPORT"}
ROUTES = [
    ("get", "/api/patients", LOOKS, 200),
    ("post", "/api/patients", WORKS, 400),
    ("post", "/api/patients/import", WORKS, 400),
    ("get", "/api/patients/export", WORKS, 200),
    ("get", "/api/patients/{patient}", LOOKS, 200),
    ("put", "/api/patients/{patient}", WORKS, 400),
    ("patch", "/api/patients/{patient}", WORKS, 200),
    ("delete", "/api/patients/{patient}", WORKS, 204),
    ("get", "/api/patients/{patient}/access-log", WORKS, 200),
    ("get", "/api/patients/{patient}/versions", WORKS, 200),
    ("post", "/api/patients/{patient}/merge", MERGES, 400),
    ("delete", "/api/patients/{patient}/merge", MERGES, 404),
    ("get", "/api/patients/{patient}/studies", WORKS, 200),
    ("post", "/api/patients/{patient}/studies", WORKS, 400),
    ("get", "/api/patients/{patient}/studies/{study}", WORKS, 200),
    ("put", "/api/patients/{patient}/studies/{study}", WORKS, 400),
    ("patch", "/api/patients/{patient}/studies/{study}", WORKS, 200),
    ("delete", "/api/patients/{patient}/studies/{study}", WORKS, 204),
    ("get", "/api/studies", WORKS, 200),
    ("post", "/api/studies", WORKS, 400),
    ("get", "/api/studies/vocabulary", WORKS, 200),
    ("get", "/api/studies/{study}/versions", WORKS, 200),
    ("get", "/api/studies/{study}", WORKS, 200),
    ("put", "/api/studies/{study}", WORKS, 400),
    ("patch", "/api/studies/{study}", WORKS, 200),
    ("delete", "/api/studies/{study}", WORKS, 204),
]


def request(client, method, path, study):
    address = path.format(patient=study.patient_id, study=study.pk)
    options = {"format": "multipart"} if path.endswith("/import") else {}
    return getattr(client, method)(address, {} if method != "get" else None, **options)


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        (role, method, path, status)
        for method, path, allowed, status in ROUTES
        for role in sorted(allowed)
    ],
)
def test_who_may(client_for, role, method, path, status):
    assert request(client_for(role), method, path, StudyFactory()).status_code == status


@pytest.mark.parametrize("role", [*Role.values, "anonymous"])
def test_who_may_not(client_for, api, role):
    study = StudyFactory()
    before = list(Patient.everything.values()), list(Study.everything.values())
    client = api if role == "anonymous" else client_for(role)
    for method, path, allowed, _status in ROUTES:
        if role not in allowed:
            answer = request(client, method, path, study)
            assert answer.status_code == (401 if role == "anonymous" else 403), (method, path)
            assert ("WWW-Authenticate" in answer) == (role == "anonymous")
    assert (list(Patient.everything.values()), list(Study.everything.values())) == before


def test_a_refusal_is_the_same_whether_the_patient_is_there_or_not(client_for):
    study = StudyFactory()
    seller = client_for("SELLER")
    for path in ("/api/patients/{}", "/api/patients/{}/studies", "/api/patients/{}/access-log"):
        here, nowhere = (
            seller.get(path.format(key)).json() for key in (study.patient_id, study.patient_id + 99)
        )
        for body in (here, nowhere):
            del body["instance"], body["request_id"]
        assert here == nowhere


def test_every_action_has_its_row_and_every_row_its_action():
    for view, table, extra in (
        (PatientViewSet, PATIENTS, {"import_files", "export_file", "merge"}),
        (StudyViewSet, STUDIES, {"vocabulary"}),
        (AccessLogViewSet, ACCESS_LOG, set()),
        (PatientVersionViewSet, VERSIONS, set()),
        (StudyVersionViewSet, VERSIONS, set()),
    ):
        assert {action.__name__ for action in view.get_extra_actions()} == extra
        standard = {"list", "retrieve", "create", "update", "partial_update", "destroy"}
        actions = {name for name in standard if hasattr(view, name)} | extra
        actions |= {"undo_merge"} if "merge" in extra else set()  # DELETE at the same address
        assert set(table) == actions
    assert PatientStudyViewSet.get_extra_actions() == []


# -- SUPPORT ----------------------------------------------------------------------------------
def test_support_sees_that_a_patient_exists(client_for):
    patient = StudyFactory(patient__first_name="Ana", patient__last_name="Paz").patient
    support = client_for("SUPPORT")
    created = support.get(f"/api/patients/{patient.pk}").json().pop("created_at")
    known = {"id": patient.pk, "initials": "A.P.", "created_at": created}
    assert support.get(f"/api/patients/{patient.pk}").json() == known
    assert support.get("/api/patients").json()["results"] == [known]


def test_support_finds_by_whole_address_only(client_for):
    patient, _other = PatientFactory(email="Ana@ejemplo.com"), PatientFactory()
    support = client_for("SUPPORT")
    found = support.get("/api/patients", {"email": "ana@EJEMPLO.com"}).json()["results"]
    assert [row["id"] for row in found] == [patient.pk]
    assert support.get("/api/patients", {"email": "ana@"}).json()["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"search": "a"},
        {"urgency_level": "HIGH"},
        {"type": "XRAY"},
        {"body_part": "NECK"},
        {"birth_date__gte": "1950-01-01"},
        {"ordering": "last_name"},
        {"ordering": "birth_date"},
    ],
)
def test_support_cannot_ask_around_what_it_may_not_see(client_for, query):
    StudyFactory()
    answer = client_for("SUPPORT").get("/api/patients", query)
    assert answer.status_code == 400
    assert "results" not in answer.json()
    assert client_for("CLINICIAN").get("/api/patients", query).status_code == 200


def test_what_one_caller_may_not_ask_stays_askable_for_the_next(client_for):
    PatientFactory()
    client_for("SUPPORT").get("/api/patients")
    rows = client_for("CLINICIAN").get("/api/patients", {"search": "a"}).json()["results"]
    names = {"id", "first_name", "last_name", "birth_date", "email", "studies", "studies_count"}
    assert set(rows[0]) == names
