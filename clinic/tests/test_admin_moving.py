"""A study under the wrong patient: found, seen beside the right one, moved, with a reason."""

import re

import pytest
from django.db import transaction
from django.urls import reverse

from clinic import services
from clinic.errors import UnknownPatient
from clinic.models import Patient, Study, Version
from clinic.tests.admin import PATIENTS, SECRETS, STUDIES, client_of, history_of
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.helpers_requests import stored
from core.errors import Conflict
from core.models import JournalEntry
from core.tests.keepers import notes

pytestmark = pytest.mark.django_db


@pytest.fixture
def right():
    return PatientFactory(
        first_name="Ana", last_name="Pardo", birth_date="1990-02-03", email="ana@b.co"
    )


def page_of(study):
    return reverse(f"{STUDIES}_move", args=[study.pk])


def seal_in(answer):
    return re.search(r'name="previewed" value="(\w+)"', answer.content.decode())[1]


def rows_in(answer):
    return [(str(name), before, after) for name, before, after in answer.context["rows"]]


def confirm(client, study, into, **values):
    """Look at both, then confirm."""
    shown = client.get(page_of(study), {"into": into.pk})
    body = {"into": into.pk, "reason": "wrong name", "previewed": seal_in(shown), "confirm": "1"}
    return client.post(page_of(study), {**body, **values})


def test_admin_finds_by_name_sees_both_and_moves(boss, study, right):
    wrong = study.patient
    StudyFactory(patient=right)
    page = boss.get(reverse(f"{STUDIES}_change", args=[study.pk])).content.decode()
    assert page_of(study) in page
    assert reverse(f"{PATIENTS}_change", args=[wrong.pk]) in page
    found = boss.get(page_of(study), {"q": "pardo"})
    assert f'href="?into={right.pk}">{right.pk} Ana Pardo · 1990-02-03 · ana@b.co<' in (
        found.content.decode()
    )
    shown = boss.get(page_of(study), {"into": right.pk})
    assert rows_in(shown) == [
        ("number", str(wrong.pk), str(right.pk)),
        ("name", "Zoraida Quispe", "Ana Pardo"),
        ("birth date", "1955-04-10", "1990-02-03"),
        ("e-mail", "zora@b.co", "ana@b.co"),
        ("studies", "1", "1"),
    ]
    done = confirm(boss, study, right)
    assert (done.status_code, done["Location"]) == (
        302,
        reverse(f"{STUDIES}_change", args=[study.pk]),
    )
    study.refresh_from_db()
    assert study.patient == right
    line = f"study {study.pk}: moved from patient {wrong.pk} to patient {right.pk}"
    for patient in (wrong, right):
        assert ("change", line) in history_of(patient)
    entry = JournalEntry.objects.get(action="change", model="clinic.Study")
    assert entry.changes == {"patient": [wrong.pk, right.pk]}
    version = Version.objects.get()
    assert (version.study_id, version.reason) == (study.pk, "wrong name")
    said = f"Study {study.pk} was moved from patient {wrong.pk} to patient {right.pk}."
    assert said in boss.get(done["Location"]).content.decode()
    history = boss.get(reverse(f"{PATIENTS}_history", args=[wrong.pk])).content.decode()
    assert f"Study {study.pk}: from patient {wrong.pk} to patient {right.pk}" in history


def test_support_moves_by_number_or_address_and_reads_nothing_clinical(support, study, right):
    for text in (str(right.pk), "ANA@b.co"):
        found = support.get(page_of(study), {"q": text})
        assert [patient.pk for patient, _facts in found.context["found"]] == [right.pk]
    assert support.get(page_of(study), {"q": "pardo"}).context["found"] == []
    shown = support.get(page_of(study), {"into": right.pk})
    assert [name for name, _before, _after in rows_in(shown)] == [
        *("number", "initials", "created", "studies"),
    ]
    for answer in (found, shown):
        text = answer.content.decode()
        assert not [word for word in (*SECRETS, "Pardo", "1990") if word.lower() in text.lower()]
        assert "A.P." in text
    for patient in (study.patient, right):
        assert ("read", f"GET {page_of(study)} (into)") in history_of(patient)
    assert ("read", f"GET {page_of(study)} (q)") in history_of(right)
    assert confirm(support, study, right).status_code == 302
    study.refresh_from_db()
    assert study.patient == right


def test_the_reason_may_name_a_case_and_stays_out_of_it(support, study, right, keeper):
    assert confirm(support, study, right, case="C-1007").status_code == 302
    about = {"action": "move", "label": "clinic.Study", "object_id": str(study.pk)}
    assert notes() == [{"case": 7, **about, "count": 1, "text": ""}]


def test_a_case_that_is_none_moves_nothing(support, study, right, keeper):
    before = stored(Study)
    answer = confirm(support, study, right, case="C-1008")
    assert "No open case has this number." in answer.content.decode()
    assert (stored(Study), notes()) == (before, [])


def test_nothing_but_what_was_shown_is_moved(boss, study, right):
    third = PatientFactory()
    before = stored(Patient), stored(Study)
    seal = seal_in(boss.get(page_of(study), {"into": right.pk}))
    good = {"into": right.pk, "reason": "a", "previewed": seal, "confirm": "1"}
    for body in (
        {**good, "into": third.pk},
        {**good, "previewed": "0" * 64},
        {**good, "previewed": ""},
        {**good, "reason": ""},
        {**good, "reason": "\x00"},
        {**good, "reason": "a" * 501},
        {name: value for name, value in good.items() if name != "confirm"},
        {**good, "into": study.patient_id},
        {**good, "into": PatientFactory(archived=True).pk},
        {**good, "into": "x"},
        {**good, "into": 10**30},
        {},
    ):
        assert boss.post(page_of(study), body).status_code == 200, body
    assert (stored(Study), Version.objects.count()) == (before[1], 0)
    services.change_patient(patient=right, first_name="Anna")
    assert boss.post(page_of(study), good).status_code == 200
    assert stored(Study) == before[1]


@pytest.mark.parametrize("text", ["\x00", "a" * 10_000, "%", "no such", "0", "9" * 30, "\ud800"])
def test_searches_that_find_nobody(boss, study, right, text):
    answer = boss.get(page_of(study), {"q": text.encode("utf-8", "replace").decode()})
    assert answer.status_code == 200
    assert answer.context.get("found", []) == []


def test_what_cannot_be_moved(boss, study, right):
    archived = StudyFactory(archived=True)
    answer = boss.get(page_of(archived))
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse(f"{STUDIES}_change", args=[archived.pk]),
    )
    for key in ("x", "0", "999999", "9" * 30):
        assert boss.get(f"/admin/clinic/study/{key}/move/").status_code == 404
    with pytest.raises(Conflict), transaction.atomic():
        services.move_study(study_id=study.pk, source_id=right.pk, into_id=study.patient_id)
    for into in (study.patient_id, PatientFactory(archived=True).pk, 999_999):
        with pytest.raises(UnknownPatient), transaction.atomic():
            services.move_study(study_id=study.pk, source_id=study.patient_id, into_id=into)
    assert Version.objects.count() == 0


@pytest.mark.parametrize("role", ["USER", "SELLER", "CLINICIAN", "ANALYST"])
def test_nobody_else_comes_near(study, right, role):
    client = client_of(role)
    assert client.get(page_of(study), {"q": "ana"}).status_code in {302, 403}
    body = {"into": right.pk, "reason": "a", "previewed": "", "confirm": "1"}
    assert client.post(page_of(study), body).status_code in {302, 403}
    study.refresh_from_db()
    assert study.patient != right
