"""Duplicates and versions in the admin: preview, reason, undo; SUPPORT reads nothing clinical."""

import re

import pytest
from django.urls import reverse

from clinic.models import Merge, Patient, Study, Version
from clinic.services import change_study
from clinic.tests.admin import (
    PATIENTS,
    SECRETS,
    STUDIES,
    client_of,
    form,
    history_of,
    shown,
    study_form,
)
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.helpers_requests import stored
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(study):
    """The record that stays: of the same person, in capitals."""
    return PatientFactory(first_name="ZORAIDA", last_name="QUISPE", birth_date="1955-04-10")


def page_of(patient, name):
    return reverse(f"{PATIENTS}_{name}", args=[patient.pk])


def seal_in(answer):
    return re.search(r'name="previewed" value="(\w+)"', answer.content.decode())[1]


def merge(client, source, into, reason="ticket 12"):
    """Preview, then confirm what was previewed."""
    path, body = page_of(source, "merge"), {"into": str(into.pk), "reason": reason}
    preview = client.post(path, {**body, "preview": "1"})
    assert preview.status_code == 200
    return preview, client.post(path, {**body, "previewed": seal_in(preview), "confirm": "1"})


@pytest.mark.parametrize("role", ["SUPPORT", "ADMIN"])
def test_merge_after_a_preview_and_undo_it(study, other, role):
    client, patient = client_of(role), study.patient
    before = stored(Patient), stored(Study)
    preview, done = merge(client, patient, other)
    text = preview.content.decode()
    assert f"Patient {patient.pk} Z.Q. is merged into patient {other.pk} Z.Q." in text
    assert "1 study moves." in text
    assert done.status_code == 302
    assert done["Location"] == page_of(other, "change")
    study.refresh_from_db()
    assert study.patient == other
    assert Version.objects.filter(reason="ticket 12").count() == 2

    path = page_of(patient, "undo_merge")
    asked = client.get(path)
    assert f"Patient {patient.pk} comes back from patient {other.pk}." in asked.content.decode()
    body = {"reason": "two sisters", "previewed": seal_in(asked)}
    assert client.post(path, body).status_code == 200  # not confirmed
    assert Merge.objects.get().undone_at is None
    assert client.post(path, {**body, "confirm": "1"}).status_code == 302
    assert (stored(Patient), stored(Study)) == before
    assert Version.objects.filter(reason="two sisters").count() == 2


def test_nothing_but_what_was_previewed_is_merged(support, study, other):
    third = PatientFactory()
    path = page_of(study.patient, "merge")
    preview = support.post(path, {"into": other.pk, "reason": "a"})
    for body in (
        {"into": third.pk, "reason": "a", "previewed": seal_in(preview), "confirm": "1"},
        {"into": other.pk, "reason": "a", "previewed": "0" * 64, "confirm": "1"},
        {"into": other.pk, "reason": "", "previewed": seal_in(preview), "confirm": "1"},
        {"into": study.patient_id, "reason": "a", "confirm": "1"},
        {"into": 999_999, "reason": "a", "confirm": "1"},
        {"into": "x", "reason": "a", "confirm": "1"},
        {"into": 10**30, "reason": "a", "confirm": "1"},
        {},
    ):
        assert support.post(path, body).status_code == 200
    assert (Merge.objects.count(), Version.objects.count()) == (0, 0)


def test_support_sees_who_may_be_the_same_by_initials_only(support, study, other):
    text = shown(support, f"{PATIENTS}_merge", study.patient_id)
    assert f"{other.pk} Z.Q." in text
    assert not [word for word in SECRETS if word.lower() in text.lower()]
    look = f"GET {page_of(study.patient, 'merge')}"
    for patient in (study.patient, other):
        assert ("read", look) in history_of(patient)


def test_the_list_finds_duplicates(support, boss, study, other):
    lone = PatientFactory(birth_date="1955-04-10")
    for client in (support, boss):
        text = shown(client, f"{PATIENTS}_changelist", duplicates="yes")
        assert f"/{other.pk}/change/" in text
        assert f"/{study.patient_id}/change/" in text
        assert f"/{lone.pk}/change/" not in text
        assert client.get(reverse(f"{PATIENTS}_changelist"), {"duplicates": "x"}).status_code == 200


def test_pages_of_what_cannot_be_merged(support, study):
    archived = PatientFactory(archived=True)
    for name, patient in (("merge", archived), ("undo_merge", study.patient)):
        answer = support.get(page_of(patient, name))
        assert (answer.status_code, answer["Location"]) == (302, page_of(patient, "change"))
    for name in ("merge", "undo_merge"):
        assert support.get(
            f"/admin/clinic/patient/999999/{name.replace('_', '-')}"
        ).status_code in {
            301,
            404,
        }
        assert support.get(reverse(f"{PATIENTS}_{name}", args=["x"])).status_code == 404


def test_a_refused_undo_is_a_message_and_a_look(support, study, other):
    patient = study.patient
    merge(support, patient, other)
    taken = PatientFactory(email=patient.email)
    path = page_of(patient, "undo_merge")
    body = {"reason": "a", "previewed": seal_in(support.get(path)), "confirm": "1"}
    answer = support.post(path, body, follow=True)
    assert "There is already a patient with this e-mail address." in answer.content.decode()
    assert Patient.everything.get(pk=patient.pk).is_archived
    assert ("read", f"409 POST {path}") in history_of(taken)


def test_the_restore_action_leaves_a_merged_patient(support, study, other):
    patient = study.patient
    merge(support, patient, other)
    body = {"action": "restore", "_selected_action": [patient.pk]}
    path = reverse(f"{PATIENTS}_changelist") + "?archived=yes"
    answer = support.post(path, body, follow=True)
    assert "undo the merge instead" in answer.content.decode()
    assert Patient.everything.get(pk=patient.pk).is_archived


@pytest.mark.parametrize("role", ["SUPPORT", "ADMIN"])
def test_a_page_offers_what_can_be_done_with_the_patient(study, other, role):
    client, patient = client_of(role), study.patient
    archived = PatientFactory(archived=True)

    def offered(one):
        text = shown(client, f"{PATIENTS}_change", one.pk)
        return [name for name in ("merge", "undo_merge") if page_of(one, name) in text]

    assert [offered(one) for one in (patient, other, archived)] == [["merge"], ["merge"], []]
    merge(client, patient, other)
    assert [offered(one) for one in (patient, other)] == [["undo_merge"], ["merge"]]


@pytest.mark.parametrize("role", ["USER", "SELLER", "CLINICIAN"])
def test_nobody_else_comes_near(study, role):
    client = client_of(role)
    for name in ("merge", "undo_merge"):
        assert client.get(page_of(study.patient, name)).status_code in {302, 403}
    assert Merge.objects.count() == 0


@pytest.mark.parametrize("what", ["email", "external_id"])
def test_a_refused_restore_is_a_look_at_whoever_has_its_place(support, what):
    gone = PatientFactory(archived=True)
    known = PatientFactory(**{what: getattr(gone, what)})
    path = reverse(f"{PATIENTS}_changelist") + "?archived=yes"
    support.post(path, {"action": "restore", "_selected_action": [gone.pk]})
    look = "409 POST " + reverse(f"{PATIENTS}_changelist")
    assert history_of(known) == [("read", look)]
    assert Patient.everything.get(pk=gone.pk).is_archived


# -- versions ------------------------------------------------------------------------------------
def test_admin_reads_what_a_record_said_and_support_does_not(boss, support, study):
    change_study(study=study, description="CORRECTED <b>", urgency_level="HIGH", reason="misspelt")
    text = shown(boss, f"{STUDIES}_change", study.pk)
    assert "ULCER → CORRECTED &lt;b&gt;" in text
    assert "medium → high" in text
    assert "misspelt" in text
    hidden = shown(support, f"{STUDIES}_change", study.pk)
    assert not [word for word in (*SECRETS, "CORRECTED", "misspelt") if word in hidden]


def test_a_change_in_the_admin_keeps_its_reason(boss, study):
    body = form(last_name="Ruiz", reason="married")
    assert boss.post(page_of(study.patient, "change"), body).status_code == 302
    body = study_form(study, status="cancelled", reason="left")
    assert boss.post(reverse(f"{STUDIES}_change", args=[study.pk]), body).status_code == 302
    rows = Version.objects.order_by("id").values_list("reason", "changes")
    assert list(rows) == [
        ("married", {"last_name": ["Quispe", "Ruiz"]}),
        ("left", {"status": ["reported", "cancelled"]}),
    ]
    for reason in ("married", "left"):
        assert not JournalEntry.objects.filter(reason__contains=reason).exists()
    assert "married" in shown(boss, f"{PATIENTS}_change", study.patient_id)


def test_a_taken_address_in_the_admin_is_a_look(boss, study):
    known = PatientFactory(email="taken@b.co")
    path = page_of(study.patient, "change")
    boss.post(path, form(email="taken@b.co"))
    assert history_of(known) == [("read", f"409 POST {path}")]
    assert Version.objects.count() == 0


def test_admin_takes_in_somebody_with_one_name_and_no_address(boss):
    body = form(first_name="Suharto", last_name="", email="")
    assert boss.post(reverse(f"{PATIENTS}_add"), body).status_code == 302
    patient = Patient.objects.get()
    assert (patient.last_name, patient.email, patient.email_key) == ("", None, None)


def test_the_worklist_is_sorted_by_rank(boss):
    rows = {level: StudyFactory(urgency_level=level) for level in ("LOW", "HIGH", "MID")}
    columns = {"urgency": "3"}  # after the box, the id and the patient
    text = shown(boss, f"{STUDIES}_changelist", o=columns["urgency"])
    order = [int(key) for key in re.findall(r"/admin/clinic/study/(\d+)/change/", text)]
    assert list(dict.fromkeys(order)) == [rows[level].pk for level in ("LOW", "MID", "HIGH")]
    for query in ({"status__exact": "ordered"}, {"performed_on__gte": "2024-01-01"}):
        assert boss.get(reverse(f"{STUDIES}_changelist"), query).status_code == 200


def test_a_day_to_come_goes_with_an_order_only(boss, study):
    path = reverse(f"{STUDIES}_change", args=[study.pk])
    names = ("urgency_level", "type", "description", "body_part")
    body = {name: getattr(study, name) for name in names} | {"patient": study.patient_id}
    late = {"performed_on": "2999-01-01", "status": "ordered"}
    for day in (late, {"performed_on": "01/02/2024", "status": "ordered"}):
        assert boss.post(path, {**body, **day}).status_code == 200
    assert boss.post(path, {**body, "performed_on": "2024-02-01"}).status_code == 302
    study.refresh_from_db()
    assert (str(study.performed_on), study.status) == ("2024-02-01", "reported")
