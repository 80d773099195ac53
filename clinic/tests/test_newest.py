"""A patient shows the newest fifty studies and their number, whoever reads and by whatever path."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Study
from clinic.tests.factories import PatientFactory, StudyFactory

pytestmark = pytest.mark.django_db


def many(patient, count):
    rows = [StudyFactory.build(patient=patient, description=f"S{n}") for n in range(count)]
    return [row.pk for row in Study.objects.bulk_create(rows)]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (1, 1), (49, 49), (50, 50), (51, 50), (120, 50)]
)
def test_the_newest_are_shown_the_oldest_of_them_first(doctor, settings, fast, count, shown):
    settings.FAST_READS = fast
    other, patient = PatientFactory(), PatientFactory()
    keys = many(patient, count)
    few = many(other, 2)
    StudyFactory(patient=patient, archived=True)
    path = f"/api/patients/{patient.pk}"
    rows = {row["id"]: row for row in doctor.get("/api/patients").json()["results"]}
    one = doctor.get(path).json()
    for body in (one, rows[patient.pk], doctor.patch(path, {"first_name": "Zoe"}).json()):
        assert [study["id"] for study in body["studies"]] == keys[-shown:] * bool(shown)
        assert body["studies_count"] == count
    assert [study["id"] for study in rows[other.pk]["studies"]] == few
    assert rows[other.pk]["studies_count"] == 2


def test_the_rest_is_at_the_nested_address(doctor):
    patient = PatientFactory()
    keys = many(patient, 60)
    url, found = f"/api/patients/{patient.pk}/studies?ordering=-id", []
    while url:
        page = doctor.get(url).json()
        found += [row["id"] for row in page["results"]]
        url = page["next"]
    assert found == keys[::-1]


def test_a_page_with_full_patients_costs_one_count(doctor):
    counts = []
    for _ in range(3):
        many(PatientFactory(), 51)
        PatientFactory()
        with CaptureQueriesContext(connection) as queries:
            answer = doctor.get("/api/patients")
        counts.append(len(queries))
        assert {row["studies_count"] for row in answer.json()["results"]} == {0, 51}
    assert counts == [5, 5, 5]  # who calls, patients, studies, how many, journal


def test_an_entity_tag_of_a_full_patient_is_good_for_a_write(doctor):
    patient = PatientFactory()
    many(patient, 51)
    path = f"/api/patients/{patient.pk}"
    tag = doctor.get(path)["ETag"]
    assert doctor.patch(path, {"first_name": "A"}, headers={"If-Match": tag}).status_code == 200
    assert doctor.patch(path, {"first_name": "B"}, headers={"If-Match": tag}).status_code == 412
    tag = doctor.get(path)["ETag"]
    many(patient, 1)  # not among what the tag is made of, but the number is
    assert doctor.patch(path, {"first_name": "B"}, headers={"If-Match": tag}).status_code == 412


def test_a_write_reads_no_more_studies_than_it_shows(doctor):
    patient = PatientFactory()
    many(patient, 120)
    with CaptureQueriesContext(connection) as queries:
        doctor.patch(f"/api/patients/{patient.pk}", {"first_name": "Zoe"})
    reads = [query["sql"] for query in queries if 'FROM "clinic_study"' in query["sql"]]
    assert len(reads) == 2  # the newest, and how many
    assert [("LIMIT 50" in sql, "COUNT(" in sql) for sql in reads] == [(True, False), (False, True)]
