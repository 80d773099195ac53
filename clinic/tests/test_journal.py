"""Who looked at whose record: every route of the app leaves an entry, let in or not."""

import re

import pytest

from clinic import urls
from clinic.merging import merge_patients
from clinic.models import Patient
from clinic.tests.factories import PatientFactory, StudyFactory, csv_file
from core.models import JournalEntry
from core.roles import Role

pytestmark = pytest.mark.django_db

PATIENT = {"first_name": "A", "last_name": "B", "birth_date": "1990-01-01", "email": "a@b.co"}
STUDY = {"urgency_level": "LOW", "body_part": "HIP", "description": "OK", "type": "CT"}
PATIENT_FILE = "first_name, last_name, birth_date, email, id\nA, B, 1990-01-01, a@b.co, 1\n"


def routes():
    """Every (name, method, action, path) of the app's URL map."""
    for pattern in urls.urlpatterns:
        path = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", str(pattern.pattern)).strip("^$")
        path = path.replace(r"/\Z", "").replace("\\Z", "")
        for method, action in pattern.callback.actions.items():
            if method != "head":
                yield pattern.name, method, action, f"/api/{path}"


ROUTES = list(routes())


def body_of(name, action, study):
    """What a good request to the route sends; a new writing route has to be added here."""
    if action in {"list", "retrieve", "destroy", "vocabulary", "export_file", "undo_merge"}:
        return None
    bodies = {
        "patient-list": PATIENT,
        "patient-detail": PATIENT,
        "patient-merge": {"into": PatientFactory().pk},
        "patient-import": {"patients": csv_file(PATIENT_FILE)},
        "study-list": {**STUDY, "patient": study.patient_id},
        "study-detail": {**STUDY, "patient": study.patient_id},
        "patient-study-list": STUDY,
        "patient-study-detail": STUDY,
    }
    assert name in bodies, f"{name}: say what a good body is, and see that it is journalled"
    return bodies[name]


def caller_of(route):
    return Role.SUPPORT if route[0] == "patient-merge" else Role.CLINICIAN


def call(client, route, study, *, missing=False):
    name, method, action, path = route
    key = study.pk if "study" in name else study.patient_id
    if action == "undo_merge":
        merge_patients(source_id=study.patient_id, into_id=PatientFactory().pk)
    address = path.format(patient_pk=study.patient_id, study_pk=study.pk, pk=key + 1000 * missing)
    options = {"format": "multipart"} if "import" in name else {}
    return getattr(client, method)(
        address, body_of(name, action, study), headers={"X-Request-ID": "request-42"}, **options
    )


def test_the_url_map_is_what_we_think():
    assert len(ROUTES) == 26
    assert (
        "patient-access-log-list",
        "get",
        "list",
        "/api/patients/{patient_pk}/access-log",
    ) in ROUTES


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[1]} {route[3]}")
def test_every_route_leaves_an_entry(client_for, route):
    study = StudyFactory()
    doctor = client_for(caller_of(route))
    answer = call(doctor, route, study)
    assert answer.status_code in {200, 201, 204}, answer.content
    entries = JournalEntry.objects.filter(request_id="request-42")
    assert {entry.actor_id for entry in entries} == {doctor.user.pk}
    assert all(entry.model in {"clinic.Patient", "clinic.Study"} for entry in entries)
    if "list" not in route[0] or "studies" in route[3]:
        about = {entry.object_id for entry in entries if entry.model == "clinic.Patient"}
        assert about & {str(pk) for pk in Patient.everything.values_list("pk", flat=True)} or (
            route[2] in {"vocabulary", "import_files"}
        )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[1]} {route[3]}")
@pytest.mark.parametrize("caller", ["anonymous", "USER", "SELLER"])
def test_every_refused_access_leaves_an_entry(client_for, api, route, caller):
    study = StudyFactory()
    client = api if caller == "anonymous" else client_for(caller)
    answer = call(client, route, study)
    assert answer.status_code == (401 if caller == "anonymous" else 403)
    entries = JournalEntry.objects.filter(request_id="request-42")
    about = {(entry.action, entry.model, entry.object_id) for entry in entries}
    if "{" in route[3]:  # whose record it was
        assert ("refused", "clinic.Patient", str(study.patient_id)) in about
    else:
        assert about == {("refused", "clinic.Patient", "")}
    kind = ("anonymous", None) if caller == "anonymous" else ("user", client.user.pk)
    assert {(entry.actor_kind, entry.actor_id) for entry in entries} == {kind}
    assert all(entry.reason.startswith(f"{answer.status_code} ") for entry in entries)


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if "{pk}" in route[3]],
    ids=lambda route: f"{route[1]} {route[3]}",
)
def test_looking_for_what_is_not_there_leaves_an_entry(client_for, route):
    study = StudyFactory()
    assert call(client_for(caller_of(route)), route, study, missing=True).status_code == 404
    assert JournalEntry.objects.filter(action="refused", request_id="request-42").exists()


def log_of(client, patient):
    answer = client.get(f"/api/patients/{patient.pk}/access-log")
    assert answer.status_code == 200
    return [
        (line["actor_label"], line["action"], line["reason"], line["count"])
        for line in answer.json()["results"]
    ]


def test_the_access_log_proves_who_looked_by_whatever_way(client_for, api):
    patient, other = PatientFactory(last_name="Ramirez"), PatientFactory(last_name="Villalobos")
    study = StudyFactory(patient=patient)
    doctor, support, user = client_for("CLINICIAN"), client_for("SUPPORT"), client_for("USER")
    one = f"/api/patients/{patient.pk}"
    doctor.get("/api/patients", {"search": "Ramirez", "limit": 5})
    doctor.get("/api/patients")
    doctor.get("/api/studies")
    doctor.get(f"{one}/studies")
    doctor.get(f"{one}/studies/{study.pk}")
    doctor.get(f"/api/studies/{study.pk}")
    doctor.patch(f"/api/studies/{study.pk}", {"type": "CT"})
    support.get(one)
    user.get(one)
    api.get(f"/api/studies/{study.pk}")
    doctor.get(f"/api/patients/{other.pk}/studies/{study.pk}")
    who = doctor.user.email
    expected = [
        (who, "read", "GET /api/patients (limit, search)", 1),
        (who, "read", "GET /api/patients", 2),
        (who, "read", "GET /api/studies", 1),
        (who, "read", f"GET {one}/studies", 1),
        (who, "read", f"GET {one}/studies/{study.pk}", None),
        (who, "read", f"GET /api/studies/{study.pk}", None),
        (who, "change", f"study {study.pk}: change", None),
        (support.user.email, "read", f"GET {one}", None),
        (user.user.email, "refused", f"403 GET {one}", None),
        ("", "refused", f"401 GET /api/studies/{study.pk}", None),
    ]
    assert log_of(doctor, patient) == expected[::-1]
    assert log_of(doctor, patient)[0] == (who, "read", f"GET {one}/access-log", None)
    assert [line[2] for line in log_of(doctor, other)] == [
        f"404 GET /api/patients/{other.pk}/studies/{study.pk}",
        "GET /api/patients",
    ]


def test_what_was_looked_for_is_not_written_down(client_for):
    StudyFactory()
    client_for("CLINICIAN").get("/api/patients?search=Ramirez&body_part=BREASTS")
    written = " ".join(f"{line.reason} {line.changes}" for line in JournalEntry.objects.all())
    assert "Ramirez" not in written
    assert "BREASTS" not in written
    assert "(body_part, search)" in written


def test_an_empty_list_is_a_look_too(client_for):
    client_for("CLINICIAN").get("/api/patients?search=nobody")
    entry = JournalEntry.objects.get(model="clinic.Patient")
    assert (entry.action, entry.object_id, entry.count) == ("read", "", 0)


def test_an_unchanged_answer_is_a_look_too(client_for):
    patient, doctor = PatientFactory(), client_for("CLINICIAN")
    path = f"/api/patients/{patient.pk}"
    etag = doctor.get(path)["ETag"]
    assert doctor.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert [line[1] for line in log_of(doctor, patient)] == ["read", "read"]


def test_a_change_of_nothing_is_a_look(client_for):
    study, doctor = StudyFactory(), client_for("CLINICIAN")
    patient = study.patient
    one = f"/api/patients/{patient.pk}"
    for path in (one, f"/api/studies/{study.pk}", f"{one}/studies/{study.pk}"):
        for method, body in ((doctor.patch, {}), (doctor.put, doctor.get(path).json())):
            before = log_of(doctor, patient)
            assert method(path, body).status_code == 200
            new = log_of(doctor, patient)[: -len(before)]
            look = f"{method.__name__.upper()} {path}"
            assert (doctor.user.email, "read", look, None) in new, look


def test_a_look_that_cannot_be_recorded_shows_nothing(client_for, monkeypatch):
    patient, doctor = PatientFactory(first_name="Unseen"), client_for("CLINICIAN")

    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("core.audit.journal.record", fail)
    doctor.raise_request_exception = False
    answer = doctor.get(f"/api/patients/{patient.pk}")
    assert answer.status_code == 500
    assert b"Unseen" not in answer.content


def test_the_log_survives_the_archive_and_pages_by_cursor(client_for):
    patient, doctor = PatientFactory(), client_for("CLINICIAN")
    for _ in range(5):
        doctor.get(f"/api/patients/{patient.pk}")
    doctor.delete(f"/api/patients/{patient.pk}")
    seen, url = [], f"/api/patients/{patient.pk}/access-log?limit=2&action=read"
    while url:
        page = doctor.get(url).json()
        seen += [line["id"] for line in page["results"]]
        url = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5  # looks at the log meanwhile are newer than the first page
    assert [line[1] for line in log_of(doctor, patient)].count("delete") == 1


def test_the_log_filters_by_who_and_what(client_for):
    patient, doctor, support = PatientFactory(), client_for("CLINICIAN"), client_for("SUPPORT")
    for client in (doctor, support):
        client.get(f"/api/patients/{patient.pk}")
    path = f"/api/patients/{patient.pk}/access-log"
    lines = doctor.get(path, {"actor_id": support.user.pk, "action": "read"}).json()["results"]
    assert [line["actor_label"] for line in lines] == [support.user.email]
    assert doctor.get(path, {"action": "peek"}).status_code == 400
    assert doctor.get("/api/patients/999999/access-log").status_code == 404


@pytest.mark.parametrize("key", ["x", "0", "01", "\uff19", "9" * 30, "1;--"])
def test_a_refused_garbage_address_is_recorded_without_it(api, key):
    assert api.get(f"/api/patients/{key}").status_code == 401
    assert JournalEntry.objects.get().object_id == ""
