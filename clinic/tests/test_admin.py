"""Patients and studies in the admin: what ADMIN does."""

import pytest
from django.urls import reverse

from clinic import services
from clinic.models import Patient, Study
from clinic.tests.admin import PATIENTS, STUDIES, form, history_of, shown, study_form
from clinic.tests.factories import PatientFactory
from core.models import JournalEntry
from core.tests.helpers_writes import updates_of

pytestmark = pytest.mark.django_db


def test_admin_adds_a_patient(boss):
    answer = boss.post(reverse(f"{PATIENTS}_add"), form())
    assert answer.status_code == 302, answer.context["errors"]
    patient = Patient.objects.get()
    assert (patient.first_name, patient.email) == ("Zoraida", "zora@b.co")
    assert history_of(patient) == [("create", "")]


def test_admin_changes_through_the_services(boss, study):
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(path, form(last_name="Ruiz")).status_code == 302
    study.refresh_from_db()
    assert (study.patient.last_name, study.description) == ("Ruiz", "ULCER")
    assert "ruiz" in study.patient.search_key
    assert history_of(study.patient) == [("change", "")]


def test_admin_saves_what_is_there_without_writing(boss, study):
    entries = JournalEntry.objects.filter(action="change")
    body_part = study.body_part.lower()
    for path, fields in (
        (reverse(f"{PATIENTS}_change", args=[study.patient_id]), form()),
        (reverse(f"{STUDIES}_change", args=[study.pk]), study_form(study, body_part=body_part)),
    ):
        with updates_of(Patient) as patients, updates_of(Study) as studies:
            assert boss.post(path, fields).status_code == 302
        assert (patients, studies, list(entries)) == ([], [], [])


def test_a_list_shown_whole_can_be_archived(boss):
    patients = PatientFactory.create_batch(150)
    page = reverse(f"{PATIENTS}_changelist")
    data = {
        "action": "delete_selected",
        "_selected_action": [patient.pk for patient in patients],
    }
    question = boss.post(page, data).content.decode()
    assert "Archive 150 patients" in question
    assert "and 130 more" in question
    assert Patient.objects.count() == 150
    answer = boss.post(page, {**data, "post": "yes"}, follow=True)
    assert "150 patients archived." in answer.content.decode()
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"birth_date": "10/04/1955"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"email": "zora"}, "email"),
        ({"first_name": ""}, "first_name"),
    ],
)
def test_admin_form_refuses_what_the_api_does(boss, study, values, field):
    before = list(Patient.everything.values()), list(Study.everything.values())
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    answer = boss.post(path, form(**values))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert (list(Patient.everything.values()), list(Study.everything.values())) == before


def test_admin_gets_a_message_about_a_taken_address(boss, study):
    PatientFactory(email="taken@b.co")
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    answer = boss.post(path, form(email="TAKEN@b.co"), follow=True)
    assert "There is already a patient with this e-mail address." in answer.content.decode()
    assert Patient.objects.get(pk=study.patient_id).email == "zora@b.co"


def test_deleting_archives(boss, study):
    path = reverse(f"{PATIENTS}_delete", args=[study.patient_id])
    assert "ULCER" not in boss.get(path).content.decode()
    assert boss.post(path, {"post": "yes"}).status_code == 302
    assert Patient.everything.get().archived_at == Study.everything.get().archived_at is not None
    assert ("delete", "admin") in history_of(study.patient)


def test_bulk_deleting_archives(boss, study):
    data = {"action": "delete_selected", "_selected_action": [study.patient_id], "post": "yes"}
    assert boss.post(reverse(f"{PATIENTS}_changelist"), data).status_code == 302
    assert (Patient.objects.count(), Patient.everything.count()) == (0, 1)


def test_archived_patients_are_apart_and_their_pages_read_only(boss, study):
    services.archive_patient(patient=study.patient)
    assert "Quispe" not in shown(boss, f"{PATIENTS}_changelist")
    assert "Quispe" in shown(boss, f"{PATIENTS}_changelist", archived="yes")
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.get(path).status_code == 200
    assert boss.post(path, form()).status_code == 403


def test_filter_by_urgency_ignores_archived_studies(boss, study):
    page = f"{PATIENTS}_changelist"
    assert "Quispe" in shown(boss, page, urgency="MID")
    assert "Quispe" not in shown(boss, page, urgency="HIGH")
    services.archive_study(study=study)
    assert "Quispe" not in shown(boss, page, urgency="MID")


def test_search_by_name_and_address(boss, study):
    page = f"{PATIENTS}_changelist"
    services.change_patient(patient=study.patient, first_name="Zoráida")
    for words in ("quispe", "ZORA@b", "zoráida quispe", "ZORAIDA", str(study.patient_id)):
        assert "Quispe" in shown(boss, page, q=words), words
    assert "Quispe" not in shown(boss, page, q="nobody")


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        (
            "export_patients",
            [
                "first_name, last_name, birth_date, email, id",
                "Zoraida, Quispe, 1955-04-10, zora@b.co, 7",
            ],
        ),
        (
            "export_studies",
            [
                "urgency_level, body_part, description, type, patient_id",
                "MID, STOMACH, ULCER, MAMMOGRAM, 7",
            ],
        ),
    ],
)
def test_export_is_recorded_for_each_patient(boss, study, action, lines):
    Patient.objects.update(external_id="7")
    other = PatientFactory()
    data = {"action": action, "_selected_action": [study.patient_id]}
    answer = boss.post(reverse(f"{PATIENTS}_changelist"), data)
    content = b"".join(answer.streaming_content).decode()
    assert content.splitlines() == lines
    assert ("export", f"admin: {action.removeprefix('export_')}.csv") in history_of(study.patient)
    assert history_of(other) == []


# -- studies one by one -------------------------------------------------------------------------
def test_admin_adds_changes_and_archives_a_study(boss, study):
    other = PatientFactory()
    answer = boss.post(reverse(f"{STUDIES}_add"), study_form(study, body_part="hip"))
    assert answer.status_code == 302
    added = Study.objects.latest("pk")
    assert (added.patient_id, added.body_part) == (study.patient_id, "HIP")
    page = reverse(f"{STUDIES}_change", args=[added.pk])
    changed = study_form(study, description="HEALED", patient=str(other.pk))
    assert boss.post(page, changed).status_code == 302
    added.refresh_from_db()
    same = study.patient_id  # a form moves nothing
    assert (added.patient_id, added.description, added.body_part) == (same, "HEALED", "STOMACH")
    assert ("change", f"study {added.pk}: change") in history_of(study.patient)
    answer = boss.post(reverse(f"{STUDIES}_delete", args=[added.pk]), {"post": "yes"})
    assert answer.status_code == 302
    assert list(Study.objects.all()) == [study]
    assert history_of(study.patient)[-1] == ("change", f"study {added.pk}: delete (admin)")
    assert history_of(other) == []


@pytest.mark.parametrize("patient", ["0", "x", "999999999", "9" * 30, "", "archived"])
def test_admin_gives_no_study_to_somebody_who_is_not_there(boss, study, patient):
    if patient == "archived":
        patient = str(PatientFactory(archived=True).pk)
    body = study_form(study, patient=patient, description="X")
    answer = boss.post(reverse(f"{STUDIES}_add"), body)
    assert answer.status_code == 200
    assert "patient" in answer.context["adminform"].form.errors
    assert list(Study.everything.values("patient", "description")) == [
        {"patient": study.patient_id, "description": "ULCER"}
    ]


def test_admin_changes_no_archived_study(boss, study):
    services.archive_study(study=study)
    page = reverse(f"{STUDIES}_change", args=[study.pk])
    assert boss.post(page, study_form(study, description="X")).status_code == 403
    assert Study.everything.get().description == "ULCER"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"description": ""}, "description"),
        ({"type": "PHOTO"}, "type"),
        ({"status": "x"}, "status"),
    ],
)
def test_a_study_that_the_api_refuses_is_refused(boss, study, values, field):
    before = list(Study.everything.values())
    answer = boss.post(reverse(f"{STUDIES}_change", args=[study.pk]), study_form(study, **values))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert list(Study.everything.values()) == before


def test_a_body_part_is_suggested(boss, study):
    page = shown(boss, f"{STUDIES}_change", study.pk)
    assert 'list="id_body_part_suggestions"' in page
    assert '<option value="STOMACH">' in page
