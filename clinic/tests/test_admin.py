"""Patients and studies in the admin: what ADMIN does."""

import pytest
from django.urls import reverse

from clinic import services
from clinic.admin.records import StudyInline
from clinic.models import Patient, Study
from clinic.tests.admin import PATIENTS, STUDIES, form, history_of, shown
from clinic.tests.factories import PatientFactory, StudyFactory
from core.models import JournalEntry
from core.tests.helpers_writes import updates_of

pytestmark = pytest.mark.django_db


def test_admin_sees_patients_with_studies_inline(boss, study):
    page = shown(boss, f"{PATIENTS}_change", study.patient_id)
    assert "Quispe" in page
    assert "ULCER" in page
    assert 'list="id_studies-0-body_part_suggestions"' in page
    assert '<option value="STOMACH">' in page


def test_admin_adds_a_patient_with_a_study(boss):
    new = {
        "studies-0-urgency_level": "LOW",
        "studies-0-type": "CT",
        "studies-0-body_part": "hip",
        "studies-0-description": "OK",
    }
    answer = boss.post(reverse(f"{PATIENTS}_add"), form(**new))
    assert answer.status_code == 302, answer.context["errors"]
    patient = Patient.objects.get()
    assert list(patient.studies.values_list("body_part", "type")) == [("HIP", "CT")]
    study = patient.studies.get()
    assert history_of(patient) == [("create", ""), ("change", f"study {study.pk}: create")]


def test_admin_changes_through_the_services(boss, study):
    change = form(study, last_name="Ruiz", **{"studies-0-description": "HEALED"})
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(path, change).status_code == 302
    study.refresh_from_db()
    assert (study.description, study.patient.last_name) == ("HEALED", "Ruiz")
    assert "ruiz" in study.patient.search_key
    entries = JournalEntry.objects.filter(action="change").values_list("model", "changes")
    assert ("clinic.Study", {"description": None}) in list(entries)
    assert [line[1] for line in history_of(study.patient)] == ["", f"study {study.pk}: change"]


def test_admin_saves_what_is_there_without_writing(boss, study):
    entries = JournalEntry.objects.filter(action="change")
    data = {name: getattr(study, name) for name in ("urgency_level", "type", "description")}
    for path, fields in (
        (reverse(f"{PATIENTS}_change", args=[study.patient_id]), form(study)),
        (
            reverse(f"{STUDIES}_change", args=[study.pk]),
            {**data, "patient": study.patient_id, "body_part": study.body_part.lower()},
        ),
    ):
        with updates_of(Patient) as patients, updates_of(Study) as studies:
            assert boss.post(path, fields).status_code == 302
        assert (patients, studies, list(entries)) == ([], [], [])


def test_admin_archives_a_study_inline(boss, study):
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(path, form(study, **{"studies-0-DELETE": "on"})).status_code == 302
    assert (Study.objects.count(), Study.everything.count()) == (0, 1)


def test_a_patient_with_many_studies_is_shown_in_pages_and_can_be_changed(boss, study, monkeypatch):
    monkeypatch.setattr(StudyInline, "per_page", 4)
    patient = study.patient
    StudyFactory.create_batch(9, patient=patient, description="LATER")
    page = reverse(f"{PATIENTS}_change", args=[patient.pk])
    first = boss.get(page).content.decode()
    assert (first.count(">LATER</textarea>"), "ULCER" in first) == (4, False)
    for number in ("3", "03", "\u00b2", "x", "9" * 30):
        last = boss.get(page, {"studies-page": number}).content.decode()
        assert ("ULCER" in last) == (number == "3"), number
    rows = patient.studies.order_by("-id")
    data = form(first_name="Zoila", **{"studies-page": "3"})
    fields = ("id", "patient_id", "urgency_level", "type", "body_part", "description")
    for number, row in enumerate(rows[8:]):
        for name in fields:
            key = f"studies-{number}-{name.removesuffix('_id')}"
            data[key] = str(getattr(row, name)).replace("ULCER", "HEALED")
    data |= {"studies-TOTAL_FORMS": "2", "studies-INITIAL_FORMS": "2"}
    assert boss.post(page, data).status_code == 302
    study.refresh_from_db()
    assert (Patient.objects.get().first_name, study.description) == ("Zoila", "HEALED")
    assert Study.objects.filter(description="LATER").count() == 9


def test_a_page_of_studies_with_new_ones_fits_into_a_form(boss, study):
    StudyFactory.create_batch(19, patient=study.patient)
    data = form()
    for number, row in enumerate([*study.patient.studies.order_by("-id"), *[None] * 10]):
        for name in ("id", "patient_id", "urgency_level", "type", "body_part", "description"):
            value = getattr(row or study, name) if row or name != "id" else ""
            data[f"studies-{number}-{name.removesuffix('_id')}"] = str(value)
    data |= {"studies-TOTAL_FORMS": "30", "studies-INITIAL_FORMS": "20"}
    page = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    assert boss.post(page, data).status_code == 302
    assert Study.objects.count() == 30


def test_a_list_shown_whole_can_be_archived(boss):
    patients = PatientFactory.create_batch(150)
    page = reverse(f"{PATIENTS}_changelist")
    data = {
        "action": "delete_selected",
        "_selected_action": [patient.pk for patient in patients],
    }
    assert "Are you sure" in boss.post(page, data).content.decode()
    assert boss.post(page, {**data, "post": "yes"}).status_code == 302
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"birth_date": "10/04/1955"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"email": "zora"}, "email"),
        ({"first_name": ""}, "first_name"),
        ({"studies-0-description": ""}, "description"),
        ({"studies-0-type": "PHOTO"}, "type"),
    ],
)
def test_admin_form_refuses_what_the_api_does(boss, study, values, field):
    before = list(Patient.everything.values()), list(Study.everything.values())
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    answer = boss.post(path, form(study, **values))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert (list(Patient.everything.values()), list(Study.everything.values())) == before


def test_admin_gets_a_message_about_a_taken_address(boss, study):
    PatientFactory(email="taken@b.co")
    path = reverse(f"{PATIENTS}_change", args=[study.patient_id])
    answer = boss.post(path, form(study, email="TAKEN@b.co"), follow=True)
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
def study_form(study, **values):
    names = ("urgency_level", "type", "body_part", "description")
    fields = {name: getattr(study, name) for name in names}
    return {"patient": str(study.patient_id), **fields, **values}


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
