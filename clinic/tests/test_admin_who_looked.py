"""Who looked at a record: by days and person, with the route in words, as a page and as CSV."""

import csv
import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.tests.admin import PATIENTS, SECRETS, STUDIES, client_of, history_of
from clinic.tests.factories import PatientFactory
from core.admin import looks
from core.audit import journal
from core.context import Actor, acting_as
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(monkeypatch):
    """Write a look of before: the journal keeps the time itself."""

    def write(obj, reason, *, at, who="ana@plaza.test", action=journal.Action.READ, count=None):
        moment = timezone.make_aware(dt.datetime.fromisoformat(at))
        with acting_as(Actor("user", 7, who), request="r-1"), monkeypatch.context() as patched:
            line = journal.entry(action, obj, reason=reason, count=count)
            patched.setattr(timezone, "now", lambda: moment)
            line.save()
        return line

    return write


def page_of(obj):
    name = PATIENTS if obj._meta.model_name == "patient" else STUDIES
    return reverse(f"{name}_looks", args=[obj.pk])


def of_others(answer):
    """The looks on a page but for those of the test itself."""
    return [
        (one.actor_label, one.get_action_display(), one.why)
        for one in answer.context["entries"]
        if one.actor_id == 7
    ]


def test_a_page_says_in_words_who_looked_and_where(support, study, look):
    patient = study.patient
    look(patient, f"GET /api/patients/{patient.pk}", at="2026-03-01T23:59")
    look(patient, "GET /api/patients (search, limit)", at="2026-03-02T00:00", count=1234)
    look(patient, "admin: patients.csv", at="2026-03-02T08:00", action=journal.Action.EXPORT)
    refused = f"403 GET /api/patients/{patient.pk}/studies"
    look(patient, refused, at="2026-03-03T08:00", action=journal.Action.REFUSED)
    look(patient, "", at="2026-03-03T09:00", action=journal.Action.CHANGE)
    look(PatientFactory(), "GET /api/patients/1", at="2026-03-03T09:00")
    answer = support.get(page_of(patient))
    assert answer.status_code == 200
    assert of_others(answer) == [
        ("ana@plaza.test", "refused", "Studies · list · API · 403"),
        ("ana@plaza.test", "exported", "administration · patients.csv"),
        ("ana@plaza.test", "read", "Patients · list · API · searched"),
        ("ana@plaza.test", "read", "Patient · record · API"),
    ]
    text = answer.content.decode()
    assert f'title="GET /api/patients/{patient.pk}">Patient · record · API<' in text
    assert "(1,234 rows)" in text
    assert "5 looks." in text
    assert not [word for word in SECRETS if word.lower() in text.lower()]
    assert "no-store" in answer["Cache-Control"]
    assert history_of(patient)[-1] == ("read", f"GET {page_of(patient)}")


def test_a_range_of_days_and_a_person(support, study, look):
    patient = study.patient
    for at, who in (
        ("2026-03-01T23:59:59", "ana@plaza.test"),
        ("2026-03-02T00:00:00", "ana@plaza.test"),
        ("2026-03-02T23:59:59", "BEA@plaza.test"),
        ("2026-03-03T00:00:00", "bea@plaza.test"),
    ):
        look(patient, f"GET /api/patients/{patient.pk}", at=at, who=who)
    for query, expected in (
        ({"since": "2026-03-02", "until": "2026-03-02"}, ["BEA@plaza.test", "ana@plaza.test"]),
        ({"since": "2026-03-03", "person": "@plaza.test"}, ["bea@plaza.test"]),
        ({"until": "2026-03-01"}, ["ana@plaza.test"]),
        ({"person": "bea"}, ["bea@plaza.test", "BEA@plaza.test"]),
        ({"person": "nobody"}, []),
    ):
        answer = support.get(page_of(patient), query)
        assert [who for who, _action, _why in of_others(answer)] == expected, query
    assert "Nobody looked." in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, "The last day is before the first one."),
        ({"since": "02/03/2026"}, "Enter a valid date."),
        ({"until": "0001-01-01"}, "Ensure this value is greater than or equal to 1900-01-01."),
        ({"since": "9999-12-31"}, "Ensure this value is less than or equal to 2200-12-31."),
        ({"person": "a" * 10_000}, "Ensure this value has at most 254 characters"),
        ({"person": "\x00"}, "Null characters are not allowed."),
    ],
)
@pytest.mark.parametrize("csv_too", [{}, {"csv": "1"}])
def test_what_cannot_be_asked_is_said_and_shows_nothing(support, study, query, said, csv_too):
    answer = support.get(page_of(study.patient), {**query, **csv_too})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert said in answer.content.decode()
    assert answer.context["entries"] == []


def test_pages_lead_to_earlier_looks(support, study, look, monkeypatch):
    monkeypatch.setattr(looks, "PER_PAGE", 2)
    monkeypatch.setattr(looks, "MAX_COUNTED_ROWS", 3)
    for minute in range(4):
        look(study.patient, f"GET /api/patients ({minute})", at=f"2026-03-01T08:0{minute}")
    query = {"person": "ana", "since": "2026-03-01"}
    first = support.get(page_of(study.patient), query)
    assert "More than 3 looks." in first.content.decode()
    link = f"?person=ana&amp;since=2026-03-01&amp;before={first.context['earlier']}"
    assert link in first.content.decode()
    rest = support.get(page_of(study.patient), {**query, "before": first.context["earlier"]})
    assert rest.context["earlier"] is None
    pages = [[one.at.minute for one in page.context["entries"]] for page in (first, rest)]
    assert pages == [[3, 2], [1, 0]]
    for before in ("x", "0", "9" * 30, "-1"):
        again = support.get(page_of(study.patient), {**query, "before": before})
        assert [one.at.minute for one in again.context["entries"]] == [3, 2]


def test_the_file_has_words_and_what_the_journal_has(support, study, look):
    patient = study.patient
    address = f"GET /api/patients/{patient.pk}"
    look(patient, address, at="2026-03-01T08:00", who="=1+1")
    query = {"csv": "1", "until": "2026-03-01"}
    answer = support.get(page_of(patient), query, headers={"accept-language": "es"})
    assert answer["Content-Disposition"] == f'attachment; filename="patient-{patient.pk}-looks.csv"'
    rows = list(csv.reader(answer.getvalue().decode().splitlines()))
    assert rows == [
        ["cuándo", "tipo de actor", "actor", "acción", "dónde", "dirección", "resultados",
         "id de la solicitud"],
        ["2026-03-01T08:00:00-05:00", "persona", "'=1+1", "leído", "Paciente · ficha · API",
         address, "", "r-1"],
    ]  # fmt: skip
    assert history_of(patient)[-1] == ("export", "admin: who looked")
    assert JournalEntry.objects.get(action="export").count == 1


def test_a_study_has_its_own_page(boss, study):
    boss.get(reverse(f"{STUDIES}_change", args=[study.pk]))
    answer = boss.get(page_of(study))
    assert [one.why for one in answer.context["entries"]] == [
        "Study · who looked · administration",
        "Study · page · administration",
    ]
    assert answer.content.decode().count('class="active"') == 1


def test_looks_are_no_changes_and_every_page_has_the_tabs(boss, study, look):
    patient = study.patient
    look(patient, f"GET /api/patients/{patient.pk}", at="2026-03-01T08:00")
    look(patient, "study 3: create", at="2026-03-01T09:00", action=journal.Action.CHANGE)
    pages = {
        name: boss.get(reverse(f"{PATIENTS}_{name}", args=[patient.pk])).content.decode()
        for name in ("change", "history", "looks")
    }
    for text in pages.values():
        for name in ("change", "history", "looks"):
            assert f'href="{reverse(f"{PATIENTS}_{name}", args=[patient.pk])}' in text
    assert "Study 3: created" in pages["history"]
    assert "Patient · record" not in pages["history"]


def test_it_costs_the_same_whatever_happened(support, study, look):
    support.get(page_of(study.patient))
    costs = []
    for size in (1, 9, 40):
        for number in range(size):
            look(study.patient, f"GET /api/patients/{number + 1}", at="2026-03-01T08:00")
        with CaptureQueriesContext(connection) as queries:
            support.get(page_of(study.patient), {"person": "ana"})
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2]


@pytest.mark.postgres
@pytest.mark.parametrize("asked", [{}, {"person": "ana", "since": dt.date(2026, 3, 1)}])
def test_it_reads_one_range_of_one_index(study, asked):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = looks.looks_at(study.patient, asked).explain()
    assert "Index Scan Backward using journal_object" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("role", ["USER", "SELLER", "CLINICIAN", "ANALYST"])
def test_nobody_else_sees_it(study, role):
    assert client_of(role).get(page_of(study.patient)).status_code in {302, 403, 404}
    assert history_of(study.patient) == []


@pytest.mark.parametrize("key", ["x", "0", "999999", "9" * 30, "01"])
def test_a_patient_that_is_none(support, key):
    assert support.get(f"/admin/clinic/patient/{key}/looks/").status_code == 404
