"""What is done with patients because of a case is an event of it; what was said of them is not."""

import pytest

from clinic.models import Patient, Version
from clinic.tests.admin import form
from clinic.tests.factories import PatientFactory
from clinic.tests.test_admin_merging import page_of
from core.tests.keepers import notes

pytestmark = pytest.mark.django_db


def note(action, patient):
    about = {"action": action, "label": "clinic.Patient", "object_id": str(patient.pk)}
    return {"case": 7, **about, "count": 1, "text": ""}


def test_a_change_names_a_case_and_keeps_its_reason(boss, study, keeper):
    body = form(last_name="Ruiz", reason="married", case="C-1007")
    assert boss.post(page_of(study.patient, "change"), body).status_code == 302
    assert notes() == [note("change", study.patient)]
    assert set(Version.objects.values_list("reason", flat=True)) == {"married"}


def test_a_change_with_a_case_that_is_none_is_refused(boss, study, keeper):
    body = form(last_name="Ruiz", reason="married", case="C-1008")
    answer = boss.post(page_of(study.patient, "change"), body)
    assert answer.context["adminform"].form.errors == {"case": ["No open case has this number."]}
    assert Patient.objects.get().last_name == "Quispe"
    assert (notes(), Version.objects.count()) == ([], 0)


def test_nothing_that_changes_is_no_event(boss, study, keeper):
    body = form(reason="married", case="C-1007")
    assert boss.post(page_of(study.patient, "change"), body).status_code == 302
    assert notes() == []


def test_a_merge_is_noted_when_it_is_confirmed(support, study, keeper, monkeypatch):
    other = PatientFactory(first_name="ZORAIDA", last_name="QUISPE", birth_date="1955-04-10")
    path = page_of(study.patient, "merge")
    body = {"into": str(other.pk), "reason": "the same", "case": "1007"}
    preview = support.post(path, {**body, "preview": "1"})
    assert (preview.status_code, notes()) == (200, [])
    seal = preview.context["previewed"]
    done = support.post(path, {**body, "previewed": seal, "confirm": "1"})
    assert done.status_code == 302
    assert notes() == [note("merge", study.patient)]


def test_the_form_offers_a_case_where_cases_are_kept(boss, study, keeper, monkeypatch):
    path = page_of(study.patient, "change")
    page = boss.get(path).content.decode()
    assert 'name="case"' in page
    assert keeper.asked == [""]
    monkeypatch.setattr("core.cases.keeper", lambda: None)
    assert 'name="case"' not in boss.get(path).content.decode()
