"""Lists cost the same at 1, 10 and 50 rows, their journal included."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.tests.factories import PatientFactory, StudyFactory
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


def queries_of(client, path):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(path)
    assert answer.status_code == 200
    return len(captured), len(answer.json()["results"])


@pytest.mark.parametrize(
    ("path", "role", "expected"),
    [
        ("/api/patients", "CLINICIAN", 4),  # who calls, patients, studies, journal
        ("/api/patients?search=ramirez", "CLINICIAN", 4),
        ("/api/patients?urgency_level=HIGH&type=XRAY", "CLINICIAN", 4),
        ("/api/patients", "SUPPORT", 3),
        ("/api/studies", "CLINICIAN", 3),
    ],
)
def test_lists(client_for, path, role, expected):
    client = client_for(role)
    counts, rows = [], 0
    for wanted in (1, 10, 50):
        for _ in range(wanted - rows):
            patient = PatientFactory()
            StudyFactory.create_batch(1 if "studies" in path else 3, patient=patient)
        rows = wanted
        before = JournalEntry.objects.count()
        counts.append(queries_of(client, path))
        assert JournalEntry.objects.count() - before == wanted + 1
    assert counts == [(expected, 1), (expected, 10), (expected, 50)]


@pytest.mark.parametrize("part", ["studies", "access-log"])
def test_lists_of_one_patient(client_for, part):
    client = client_for("CLINICIAN")
    patient = PatientFactory()
    path = f"/api/patients/{patient.pk}"
    counts = []
    for wanted in (1, 9, 40):
        for _ in range(wanted):
            StudyFactory(patient=patient)
            client.get(path)
        counts.append(queries_of(client, f"{path}/{part}")[0])
    assert counts == [4, 4, 4]  # who calls, the patient, the rows, journal


def test_single_resources(client_for, django_assert_num_queries):
    client, study = client_for("CLINICIAN"), StudyFactory()
    with django_assert_num_queries(4):  # who calls, patient, studies, journal
        client.get(f"/api/patients/{study.patient_id}")
    with django_assert_num_queries(3):
        client.get(f"/api/studies/{study.pk}")
