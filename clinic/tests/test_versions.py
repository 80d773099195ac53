"""What a record said before stays readable: for clinicians, never in the journal, never changed."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from clinic import services, versions
from clinic.files.importing import import_files
from clinic.models import Patient, Study, Version
from clinic.tests.factories import PatientFactory, StudyFactory, VersionFactory, csv_file
from clinic.tests.helpers_requests import JOSE, codes
from core.db import violates
from core.models import JournalEntry

pytestmark = pytest.mark.django_db
LEFT, RIGHT = "HIGH DENSITY ON LEFT SIDE", "HIGH DENSITY ON RIGHT SIDE"


def said(about):
    """Each version of a record, the oldest first: why, and what was what."""
    rows = about.versions.order_by("id")
    return [(row.reason, row.changes) for row in rows]


def test_a_corrected_finding_keeps_what_it_said(doctor):
    study = StudyFactory(description=LEFT)
    body = {"description": RIGHT, "reason": "wrong side"}
    assert doctor.patch(f"/api/studies/{study.pk}", body).status_code == 200
    answer = doctor.get(f"/api/studies/{study.pk}/versions")
    assert answer.status_code == 200
    (line,) = answer.json()["results"]
    stored = Version.objects.get()
    assert line == {
        "id": stored.pk,
        "at": line["at"],
        "actor_kind": "user",
        "actor_id": doctor.user.pk,
        "actor_label": doctor.user.email,
        "request_id": line["request_id"],
        "reason": "wrong side",
        "changes": {"description": [LEFT, RIGHT]},
    }
    assert (
        line["request_id"]
        == JournalEntry.objects.get(model="clinic.Study", action="change").request_id
    )
    written = " ".join(f"{entry.reason} {entry.changes}" for entry in JournalEntry.objects.all())
    assert "DENSITY" not in written
    assert "wrong side" not in written


def test_a_long_finding_is_kept_whole(doctor):
    study = StudyFactory(description="a" * 4000)
    doctor.patch(f"/api/studies/{study.pk}", {"description": "b" * 4000})
    assert said(study) == [("", {"description": ["a" * 4000, "b" * 4000]})]


def test_versions_of_a_patient_come_newest_first_and_page_by_cursor(doctor):
    patient = PatientFactory(**JOSE)
    path = f"/api/patients/{patient.pk}"
    for name in ("Ana", "Eva", "Zoe"):
        doctor.patch(path, {"first_name": name})
    doctor.put(path, {**JOSE, "birth_date": "1960-01-01", "reason": "his papers"})
    page = doctor.get(f"{path}/versions?limit=3").json()
    assert [line["changes"] for line in page["results"]] == [
        {"first_name": ["Zoe", "Jose"], "birth_date": ["1955-04-10", "1960-01-01"]},
        {"first_name": ["Eva", "Zoe"]},
        {"first_name": ["Ana", "Eva"]},
    ]
    assert page["results"][0]["reason"] == "his papers"
    (first,) = doctor.get(page["next"]).json()["results"]
    assert first["changes"] == {"first_name": ["Jose", "Ana"]}
    assert doctor.get(f"{path}/versions", {"actor_id": 0}).json()["results"] == []


def test_making_a_record_and_changing_nothing_write_no_version(doctor):
    made = doctor.post("/api/patients", {**JOSE, "reason": "new here"})
    assert made.status_code == 201
    path = f"/api/patients/{made.json()['id']}"
    assert doctor.patch(path, {**JOSE, "reason": "again"}).status_code == 200
    assert (
        doctor.post(
            f"{path}/studies",
            {"urgency_level": "LOW", "body_part": "HIP", "description": "OK", "type": "CT"},
        ).status_code
        == 201
    )
    assert Version.objects.count() == 0


def test_a_refused_write_keeps_no_version(doctor):
    PatientFactory(email="taken@b.co")
    patient = PatientFactory()
    path = f"/api/patients/{patient.pk}"
    assert doctor.patch(path, {"email": "taken@b.co", "first_name": "X"}).status_code == 409
    answer = doctor.patch(path, {"first_name": "X", "reason": "x" * 501})
    assert (answer.status_code, codes(answer)) == (400, {("reason", "max_length")})
    answer = doctor.patch(path, {"first_name": "X", "reason": 5})
    assert (answer.status_code, codes(answer)) == (400, {("reason", "not_text")})
    assert Version.objects.count() == 0
    assert Patient.objects.get(pk=patient.pk).first_name == patient.first_name


def test_archiving_and_restoring_are_in_the_history_of_each_row(doctor):
    study = StudyFactory()
    patient = study.patient
    assert doctor.delete(f"/api/patients/{patient.pk}").status_code == 204
    moment = Patient.everything.get().archived_at.isoformat()
    services.restore_patient(patient=patient, reason="admin")
    assert doctor.delete(f"/api/studies/{study.pk}").status_code == 204
    alone = Study.everything.get().archived_at.isoformat()
    services.restore_study(study=study, reason="admin")
    whole = [
        ("", {"archived_at": [None, moment]}),
        ("admin", {"archived_at": [moment, None]}),
    ]
    assert said(patient) == whole
    assert said(study) == [
        *whole,
        ("", {"archived_at": [None, alone]}),
        ("admin", {"archived_at": [alone, None]}),
    ]


def test_a_moved_study_says_where_it_was(doctor):
    study, other = StudyFactory(), PatientFactory()
    was = study.patient_id
    doctor.patch(f"/api/studies/{study.pk}", {"patient": other.pk})
    assert said(study) == [("", {"patient": [was, other.pk]})]


def test_versions_of_archived_records_stay_readable(doctor):
    study = StudyFactory()
    doctor.patch(f"/api/studies/{study.pk}", {"type": "CT"})
    doctor.delete(f"/api/patients/{study.patient_id}")
    for path in (f"/api/studies/{study.pk}/versions", f"/api/patients/{study.patient_id}/versions"):
        assert doctor.get(path).status_code == 200
    for path in ("/api/studies/{}/versions", "/api/patients/{}/versions"):
        for key in (999_999, "x", "01", "9" * 30):
            assert doctor.get(path.format(key)).status_code == 404, (path, key)


def test_reading_versions_is_a_look_at_the_patient(doctor):
    study = StudyFactory()
    for path in (f"/api/studies/{study.pk}/versions", f"/api/patients/{study.patient_id}/versions"):
        doctor.get(path)
        entry = JournalEntry.objects.filter(model="clinic.Patient").latest("id")
        assert (entry.action, entry.object_id) == ("read", str(study.patient_id))
        assert entry.reason == f"GET {path}"


def test_the_list_costs_the_same_at_any_length(doctor, django_assert_num_queries):
    study = StudyFactory()
    for wanted in (1, 9, 40):
        for number in range(wanted):
            services.change_study(study=study, description=f"{wanted}.{number}")
        with django_assert_num_queries(4):  # who calls, the study, the versions, journal
            doctor.get(f"/api/studies/{study.pk}/versions")


def test_a_change_of_many_rows_writes_its_versions_with_one_insert(django_assert_num_queries):
    rows = [(StudyFactory(), {"type": ["CT", "MRI"]}) for _ in range(50)]
    with django_assert_num_queries(1):
        versions.record([*rows, (PatientFactory.build(pk=1), {})], reason="import")
    assert Version.objects.count() == 50
    with django_assert_num_queries(0):
        versions.record([])


def test_an_import_keeps_what_it_changes():
    patient = PatientFactory(external_id="7", **{**JOSE, "first_name": "Pepe"})
    same = PatientFactory(external_id="8")
    rows = [("Jose", JOSE["email"], "7"), (same.first_name, same.email, "8")]
    text = "first_name, last_name, birth_date, email, id\n"
    for (name, email, key), one in zip(rows, (patient, same), strict=True):
        text += f"{name}, {one.last_name}, {one.birth_date}, {email}, {key}\n"
    import_files(patients=csv_file(text), dry_run=True)
    assert Version.objects.count() == 0
    for _ in range(2):
        import_files(patients=csv_file(text))
    assert said(patient) == [("import", {"first_name": ["Pepe", "Jose"]})]
    assert said(same) == []


@pytest.mark.parametrize("of", [{"patient": None}, {"study": "too"}])
def test_a_version_is_of_one_record(of):
    given = {"study": StudyFactory()} if "study" in of else of
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        VersionFactory(**given)
    assert violates(caught.value, Version, "clinic_version_of_one")
    assert Version.objects.count() == 0


@pytest.mark.postgres
def test_the_database_changes_no_version_and_deletes_none_without_its_record():
    version = VersionFactory()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Version.objects.update(reason="")

    def delete():
        Version.objects.all().delete()
        connection.check_constraints()  # what a commit does

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        delete()
    assert Version.objects.get() == version


def test_versions_are_erased_with_their_record():
    study = StudyFactory()
    VersionFactory(patient=None, study=study)
    VersionFactory(patient=study.patient)
    kept = VersionFactory()
    patient = study.patient
    study.delete()
    patient.delete()
    connection.check_constraints()
    assert list(Version.objects.all()) == [kept]


def test_journal_says_when_and_the_version_says_what():
    study = StudyFactory()
    before = timezone.now()
    services.change_study(study=study, description="X", reason="typed by mistake")
    version = Version.objects.get()
    assert before <= version.at <= timezone.now()
    assert version.changes == {"description": ["NORMAL THYROID", "X"]}
