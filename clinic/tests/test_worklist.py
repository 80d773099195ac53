"""A study's own date and status, and the worklist: the most urgent first, then the oldest."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from clinic.models import Study
from clinic.tests.factories import StudyFactory
from clinic.tests.helpers_requests import STUDY, codes, stored

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def all_ids(client, path):
    found, url = [], path
    while url:
        page = client.get(url)
        found += ids(page)
        url = page.json()["next"]
    return found


def test_a_study_without_them_is_reported_on_an_unknown_day(doctor):
    study = StudyFactory()
    path = f"/api/patients/{study.patient_id}/studies"
    made = doctor.post(path, STUDY).json()
    assert (made["performed_on"], made["status"]) == (None, "reported")


def test_a_study_is_ordered_and_then_performed(doctor):
    study = StudyFactory()
    later = (TODAY + timedelta(days=30)).isoformat()
    body = {**STUDY, "patient": study.patient_id, "status": "ordered", "performed_on": later}
    made = doctor.post("/api/studies", body)
    assert (made.status_code, made.json()["performed_on"]) == (201, later)
    path = f"/api/studies/{made.json()['id']}"
    early = doctor.patch(path, {"status": "performed"})
    assert (early.status_code, codes(early)) == (400, {("performed_on", "in_the_future")})
    done = doctor.patch(path, {"status": "performed", "performed_on": TODAY.isoformat()})
    assert (done.status_code, done.json()["status"]) == (200, "performed")
    assert doctor.patch(path, {"performed_on": None}).json()["performed_on"] is None
    assert Study.objects.get(pk=made.json()["id"]).status == "performed"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("performed_on", "2999-01-01", "in_the_future"),
        ("performed_on", "1899-12-31", "too_long_ago"),
        ("performed_on", "0000-01-01", "invalid"),
        ("performed_on", "2024-02-30", "invalid"),
        ("performed_on", "10/04/2024", "invalid"),
        ("performed_on", 20240410, "invalid"),
        ("status", "REPORTED", "invalid_choice"),
        ("status", "", "invalid_choice"),
        ("status", None, "null"),
        ("status", 1, "invalid_choice"),
    ],
)
def test_bad_values_are_400_and_change_nothing(doctor, field, value, code):
    study = StudyFactory()
    before = stored(Study)
    for answer in (
        doctor.post("/api/studies", {**STUDY, "patient": study.patient_id, field: value}),
        doctor.patch(f"/api/studies/{study.pk}", {field: value}),
    ):
        assert (answer.status_code, codes(answer)) == (400, {(field, code)})
    assert stored(Study) == before


def test_put_of_a_client_that_does_not_know_them_leaves_them(doctor):
    study = StudyFactory(status="performed", performed_on=date(2024, 3, 1))
    answer = doctor.put(f"/api/studies/{study.pk}", {**STUDY, "patient": study.patient_id})
    assert answer.status_code == 200
    assert (answer.json()["performed_on"], answer.json()["status"]) == ("2024-03-01", "performed")


@pytest.fixture
def worklist(db):
    """Nine studies, recorded in no order at all: by name, urgency and day."""
    rows = [
        ("low", "LOW", None),
        ("high late", "HIGH", date(2024, 5, 2)),
        ("mid", "MID", date(2024, 5, 1)),
        ("high early", "HIGH", date(2024, 4, 1)),
        ("low early", "LOW", date(2023, 1, 1)),
        ("high unknown", "HIGH", None),
        ("mid too", "MID", date(2024, 5, 1)),
    ]
    return {
        name: StudyFactory(urgency_level=level, performed_on=day, description=name).pk
        for name, level, day in rows
    }


@pytest.mark.parametrize(
    ("ordering", "names"),
    [
        (
            "-urgency",
            ["high late", "high early", "high unknown", "mid", "mid too", "low", "low early"],
        ),
        (
            "-urgency,performed_on",
            ["high unknown", "high early", "high late", "mid", "mid too", "low", "low early"],
        ),
        (
            "-urgency,-performed_on",
            ["high late", "high early", "high unknown", "mid too", "mid", "low early", "low"],
        ),
        (
            "performed_on",
            ["low", "high unknown", "low early", "high early", "mid", "mid too", "high late"],
        ),
        (
            "-performed_on",
            ["high late", "mid too", "mid", "high early", "low early", "high unknown", "low"],
        ),
    ],
)
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_the_order_by_rank_and_day_at_any_depth(doctor, worklist, ordering, names, limit):
    found = all_ids(doctor, f"/api/studies?ordering={ordering}&limit={limit}")
    assert found == [worklist[name] for name in names]


def test_least_urgent_first_is_the_opposite(doctor, worklist):
    first = all_ids(doctor, "/api/studies?ordering=-urgency&limit=2")
    assert all_ids(doctor, "/api/studies?ordering=urgency&limit=2") == first[::-1]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"performed_on__gte": "2024-05-01"}, {"high late", "mid", "mid too"}),
        ({"performed_on__lte": "2024-04-01"}, {"high early", "low early"}),
        ({"performed_on": "2024-05-01"}, {"mid", "mid too"}),
        (
            {"performed_on__gte": "1900-01-01"},
            {"high late", "mid", "mid too", "high early", "low early"},
        ),
        (
            {"performed_on__gte": "2024-01-01", "performed_on__lte": "2024-05-01"},
            {"high early", "mid", "mid too"},
        ),
        ({"urgency_level": "HIGH"}, {"high late", "high early", "high unknown"}),
        ({"urgency_level": "LOW", "status": "ordered"}, {"low"}),
        ({"status": "cancelled"}, set()),
    ],
)
def test_filters_by_day_status_and_urgency(doctor, worklist, query, names):
    Study.objects.filter(pk=worklist["low"]).update(status="ordered")
    assert set(ids(doctor.get("/api/studies", query))) == {worklist[name] for name in names}


@pytest.mark.parametrize(
    "query",
    [
        {"performed_on__gte": "yesterday"},
        {"performed_on__gte": "1850-01-01"},
        {"performed_on__lt": "2024-01-01"},
        {"status": "REPORTED"},
        {"urgency_level": "SOON"},
        {"ordering": "urgency_order"},
        {"ordering": "urgency,-urgency"},
        {"ordering": "status"},
    ],
)
def test_what_nobody_can_ask_is_400(doctor, query):
    assert doctor.get("/api/studies", query).status_code == 400


def test_the_database_keeps_the_order_whoever_writes(doctor, worklist):
    Study.objects.filter(pk=worklist["low"]).update(
        urgency_level="HIGH", performed_on=date(2020, 1, 1)
    )
    assert ids(doctor.get("/api/studies?ordering=-urgency,performed_on"))[1] == worklist["low"]


def test_the_words_are_in_the_vocabulary(doctor):
    codes_of = [row["code"] for row in doctor.get("/api/studies/vocabulary").json()["statuses"]]
    assert codes_of == ["ordered", "performed", "reported", "cancelled"]
