"""Every look in the admin leaves an entry."""

import pytest
from django.urls import reverse

from clinic.tests.admin import PATIENTS, STUDIES, client_of, form, history_of, shown
from clinic.tests.factories import StudyFactory

pytestmark = pytest.mark.django_db


def test_every_look_in_the_admin_is_in_the_patients_history(boss, study):
    patient = study.patient
    for address, args in (
        (f"{PATIENTS}_changelist", ()),
        (f"{PATIENTS}_change", (patient.pk,)),
        (f"{PATIENTS}_history", (patient.pk,)),
        (f"{STUDIES}_changelist", ()),
        (f"{STUDIES}_change", (study.pk,)),
        (f"{STUDIES}_history", (study.pk,)),
    ):
        before = len(history_of(patient))
        shown(boss, address, *args)
        new = history_of(patient)[before:]
        assert [line[0] for line in new] == ["read"], address


def test_a_form_with_mistakes_and_an_action_of_nothing_are_looks_too(boss, study):
    patient = study.patient
    for address, args, data in (
        (f"{PATIENTS}_change", (patient.pk,), form(first_name="")),
        (f"{STUDIES}_change", (study.pk,), {}),
        (f"{PATIENTS}_changelist", (), {}),
        (f"{STUDIES}_changelist", (), {}),
    ):
        before = len(history_of(patient))
        path = reverse(address, args=args)
        answer = boss.post(path, data)
        assert (answer.status_code, "STOMACH" in answer.content.decode()) == (
            200,
            address != f"{PATIENTS}_changelist",
        )
        assert history_of(patient)[before:] == [("read", f"POST {path}")]


@pytest.mark.parametrize("role", ["ADMIN", "SUPPORT"])
def test_no_route_of_the_admin_searches_without_a_trace(role, study):
    query = {"app_label": "clinic", "model_name": "study", "field_name": "patient"}
    for term in ("quispe", "zora@b.co", ""):
        answer = client_of(role).get(reverse("admin:autocomplete"), {**query, "term": term})
        assert answer.status_code == 404
    answer = client_of(role).get(reverse("admin:search"), {"s": "quispe", "extended": "1"})
    assert f"/clinic/patient/{study.patient_id}/" not in answer.content.decode()
    assert history_of(study.patient) == []


def test_the_journal_in_the_admin_filters_by_patient_and_action(boss, support, study):
    shown(support, f"{PATIENTS}_change", study.patient_id)
    page = "admin:core_journalentry_changelist"
    query = {"model": "clinic.Patient", "q": str(study.patient_id)}
    looked = 'class="field-why'
    assert looked in shown(boss, page, action__exact="read", **query)
    assert looked not in shown(boss, page, action__exact="export", **query)


def test_lists_in_the_admin_cost_the_same(boss, django_assert_max_num_queries):
    path = reverse(f"{STUDIES}_changelist")
    boss.get(path)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        StudyFactory.create_batch(10)
        with CaptureQueriesContext(connection) as captured:
            boss.get(path)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("key", ["x", "0", "%00", "9" * 30])
def test_a_page_that_is_not_there_is_no_500(boss, key):
    for model in ("patient", "study"):
        for page in ("change", "history", "delete"):
            assert boss.get(f"/admin/clinic/{model}/{key}/{page}/").status_code in {302, 404, 400}
