"""A patient's studies on the patient's page: a table to read, a page of its own for each."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import services
from clinic.admin import studies
from clinic.models import Study, StudySource
from clinic.tests.admin import PATIENTS, SECRETS, STUDIES, history_of, shown, study_form
from clinic.tests.factories import PatientFactory, StudyFactory

pytestmark = pytest.mark.django_db


def table_of(client, patient, **query):
    """The section of the studies on a patient's page, as text without markup, and its links."""
    page = shown(client, f"{PATIENTS}_change", patient.pk, **query)
    found = re.search(r'<section id="studies".*?</section>', page, re.DOTALL)
    if found is None:
        return None, []
    text = " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())
    return text, re.findall(r'href="([^"]+)"', found[0])


def page_of(study):
    return reverse(f"{STUDIES}_change", args=[study.pk])


def test_a_study_is_a_line_that_opens_its_page(boss, study):
    Study.objects.filter(pk=study.pk).update(performed_on=dt.date(2024, 2, 1), status="ordered")
    text, links = table_of(boss, study.patient)
    assert text.startswith("Studies (1) Add a study Date Type Urgency State From a file")
    assert "02/01/2024 Mammogram · STOMACH" in text
    assert text.endswith("medium ordered no Open")
    assert "ULCER" not in text
    assert links == [f"{reverse(f'{STUDIES}_add')}?patient={study.patient_id}", page_of(study)]


def test_a_study_of_a_file_says_so(boss, study):
    StudySource.objects.create(key="0" * 8 + "-0000-4000-8000-" + "0" * 12, study=study)
    assert table_of(boss, study.patient)[0].endswith("medium reported yes Open")


def test_a_patient_without_studies_is_told_apart(boss):
    text, links = table_of(boss, PatientFactory())
    assert "Studies (0)" in text
    assert text.endswith("This patient has no study yet.")
    assert len(links) == 1


def test_an_archived_patients_studies_are_there_and_none_is_added(boss, study):
    services.archive_patient(patient=study.patient)
    text, links = table_of(boss, study.patient)
    assert "reported · archived" in text
    assert links == [page_of(study)]


def test_an_archived_study_has_left_the_page_of_its_patient(boss, study):
    services.archive_study(study=study)
    assert table_of(boss, study.patient)[1] == [
        f"{reverse(f'{STUDIES}_add')}?patient={study.patient_id}"
    ]


def test_support_reads_of_no_study(support, study):
    assert table_of(support, study.patient) == (None, [])
    page = shown(support, f"{PATIENTS}_change", study.patient_id)
    assert [secret for secret in SECRETS if secret in page] == []


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("", 1), ("1", 1), ("3", 3), ("9", 3), ("0", 3), ("-1", 3), ("x", 1), ("²", 1), ("1.5", 1),
        ("9" * 30, 3), ("9" * 5000, 1), ("\0", 1),
    ],
    ids=["none", "first", "last", "beyond", "zero", "negative", "word", "power", "half", "huge",
         "endless", "nul"],
)  # fmt: skip
def test_many_studies_are_shown_page_by_page(boss, study, monkeypatch, asked, number):
    monkeypatch.setattr(studies, "PER_PAGE", 4)
    later = StudyFactory.create_batch(9, patient=study.patient)
    newest = [*reversed(later), study]
    text, links = table_of(boss, study.patient, **({studies.PARAMETER: asked} if asked else {}))
    assert f"Page {number} of 3" in text
    shown_here = newest[4 * (number - 1) : 4 * number]
    assert [link for link in links if link.endswith("/change/")] == [*map(page_of, shown_here)]


def test_a_page_costs_the_same_whatever_studies_there_are(boss):
    patient, costs = PatientFactory(), []
    path = reverse(f"{PATIENTS}_change", args=[patient.pk])
    boss.get(path)
    for more in (1, 9, 40):
        StudyFactory.create_batch(more, patient=patient)
        with CaptureQueriesContext(connection) as captured:
            boss.get(path)
        costs.append(len(captured))
    assert costs[0] == costs[1] == costs[2]


def test_a_study_is_added_from_the_page_and_leads_back_to_it(boss, study):
    link = table_of(boss, study.patient)[1][0]
    assert f'name="patient" value="{study.patient_id}"' in boss.get(link).content.decode()
    answer = boss.post(link, study_form(study, body_part="hip"))
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse(f"{PATIENTS}_change", args=[study.patient_id]),
    )
    added = Study.objects.latest("pk")
    assert (added.patient_id, added.body_part) == (study.patient_id, "HIP")
    assert ("change", f"study {added.pk}: create") in history_of(study.patient)


def test_a_study_added_elsewhere_leads_to_the_list(boss, study):
    answer = boss.post(reverse(f"{STUDIES}_add"), study_form(study, body_part="hip"))
    assert answer["Location"] == reverse(f"{STUDIES}_changelist")
