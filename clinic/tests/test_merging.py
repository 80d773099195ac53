"""Two records of one person become one, and two again: what moves, and what is refused."""

import pytest
from django.db import transaction

from clinic import merging, services
from clinic.errors import MergeOvertaken, PatientMergedAway
from clinic.models import Merge, Patient, Study, Version
from clinic.selectors import survivors
from clinic.tests.factories import PatientFactory, StudyFactory
from clinic.tests.helpers_requests import STUDY, codes, stored
from core.audit.journal import Action
from core.errors import NotFound
from core.models import JournalEntry
from core.tests.helpers_threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def helper(client_for):
    return client_for("SUPPORT")


@pytest.fixture
def two(db):
    """A duplicate with two studies and an archived one, and the record that stays, with one."""
    source, into = PatientFactory(), PatientFactory()
    StudyFactory.create_batch(2, patient=source)
    StudyFactory(patient=source, archived=True)
    StudyFactory(patient=into)
    return source, into


def address(patient):
    return f"/api/patients/{patient.pk}/merge"


def everything():
    return stored(Patient), stored(Study), list(Merge.objects.values()), Version.objects.count()


def owners():
    return dict(Study.everything.order_by("pk").values_list("pk", "patient"))


def test_all_studies_move_and_the_duplicate_points_at_the_record(helper, doctor, two):
    source, into = two
    answer = helper.post(address(source), {"into": into.pk, "reason": "ticket 12"})
    assert answer.status_code == 201
    assert answer.json() == {"id": source.pk, "into": into.pk, "studies_moved": 3}
    assert set(owners().values()) == {into.pk}
    assert Study.objects.count() == 3
    body = doctor.get(f"/api/patients/{into.pk}").json()
    assert body["studies_count"] == 3
    for path in ("", "/studies", f"/studies/{body['studies'][0]['id']}"):
        gone = doctor.get(f"/api/patients/{source.pk}{path}")
        assert (gone.status_code, gone.json()["code"]) == (404, "patient_merged")
        assert gone.json()["merged_into"] == into.pk
    for write in (doctor.patch, doctor.put, doctor.delete):
        assert write(f"/api/patients/{source.pk}", {}).json()["merged_into"] == into.pk
    assert doctor.post(f"/api/patients/{source.pk}/studies", STUDY).status_code == 404


def test_every_row_has_its_version_and_its_entry_without_the_reason(helper, two):
    source, into = two
    helper.post(address(source), {"into": into.pk, "reason": "ticket 12"})
    merged = Patient.everything.get(pk=source.pk)
    (of_source,) = source.versions.all()
    assert of_source.changes == {
        "archived_at": [None, merged.archived_at.isoformat()],
        "merged_into": [None, into.pk],
    }
    moved = Version.objects.exclude(study=None)
    assert [row.changes for row in moved] == [{"patient": [source.pk, into.pk]}] * 3
    assert set(Version.objects.values_list("reason", flat=True)) == {"ticket 12"}
    entries = JournalEntry.objects.filter(action__in=[Action.CHANGE, Action.DELETE])
    about = {(entry.action, entry.model, entry.object_id) for entry in entries}
    studies = {("change", "clinic.Study", str(row.study_id)) for row in moved}
    assert about == studies | {
        ("delete", "clinic.Patient", str(source.pk)),
        ("change", "clinic.Patient", str(into.pk)),
    }
    assert not JournalEntry.objects.filter(reason__contains="ticket").exists()


def test_its_undo_brings_back_exactly_what_moved(helper, two):
    source, into = two
    before = owners()
    patients = stored(Patient)
    helper.post(address(source), {"into": into.pk})
    new = StudyFactory(patient=into)
    assert helper.delete(address(source)).status_code == 204
    assert owners() == {**before, new.pk: into.pk}
    assert stored(Patient) == patients
    assert Merge.objects.get().undone_at is not None
    assert source.versions.latest("id").changes["merged_into"] == [into.pk, None]
    assert helper.delete(address(source)).status_code == 404
    assert helper.post(address(source), {"into": into.pk}).status_code == 201


def test_a_study_corrected_since_goes_back_as_it_is_now(helper, doctor, two):
    source, into = two
    study = source.studies.first()
    helper.post(address(source), {"into": into.pk})
    doctor.patch(f"/api/studies/{study.pk}", {"description": "CORRECTED"})
    assert helper.delete(address(source)).status_code == 204
    study.refresh_from_db()
    assert (study.patient_id, study.description) == (source.pk, "CORRECTED")


@pytest.mark.parametrize("what", ["moved", "archived", "restored"])
def test_a_study_that_changed_its_place_since_stops_the_undo(helper, two, what):
    source, into = two
    study = Study.everything.filter(patient=source, archived_at=None).first()
    if what == "restored":
        study = Study.everything.get(patient=source, archived_at__isnull=False)
    helper.post(address(source), {"into": into.pk})
    study.refresh_from_db()
    if what == "moved":
        services.change_study(study=study, patient_id=PatientFactory().pk)
    elif what == "archived":
        services.archive_study(study=study)
    else:
        services.restore_study(study=study)
    before = everything()
    answer = helper.delete(address(source))
    assert (answer.status_code, answer.json()["code"]) == (409, "merge_overtaken")
    assert answer.json()["studies"] == [study.pk]
    assert everything() == before


def test_an_address_taken_since_stops_the_undo_and_is_a_look(helper, two):
    source, into = two
    helper.post(address(source), {"into": into.pk})
    other = PatientFactory(email=source.email.upper())
    before = everything()
    answer = helper.delete(address(source))
    assert (answer.status_code, answer.json()["code"]) == (409, "patient_email_taken")
    assert everything() == before
    entry = JournalEntry.objects.get(action="read", object_id=str(other.pk))
    assert entry.reason == f"409 DELETE {address(source)}"


def test_a_chain_leads_to_its_end_and_is_undone_from_there(helper, doctor, two):
    source, into = two
    last = PatientFactory()
    helper.post(address(source), {"into": into.pk})
    helper.post(address(into), {"into": last.pk})
    assert survivors([source.pk, into.pk, last.pk]) == {source.pk: last.pk, into.pk: last.pk}
    assert doctor.get(f"/api/patients/{source.pk}").json()["merged_into"] == last.pk
    assert helper.delete(address(source)).json()["code"] == "merge_overtaken"
    assert helper.delete(address(into)).status_code == 204
    assert helper.delete(address(source)).status_code == 204
    assert survivors([source.pk, into.pk, last.pk]) == {}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, ("into", "required")),
        ({"into": None}, 400, ("into", "null")),
        ({"into": "5"}, 400, ("into", "invalid")),
        ({"into": True}, 400, ("into", "invalid")),
        ({"into": 0}, 400, ("into", "min_value")),
        ({"into": 2**63 - 1}, 400, ("into", "unknown_patient")),
        ({"into": "self"}, 400, ("into", "merge_into_itself")),
        ({"into": "archived"}, 400, ("into", "unknown_patient")),
        ({"into": "good", "reason": "\u202e"}, 400, ("reason", None)),
    ],
)
def test_what_cannot_be_merged_changes_nothing(helper, two, body, status, error):
    source, into = two
    known = {"self": source.pk, "archived": PatientFactory(archived=True).pk, "good": into.pk}
    if body.get("into") in known and isinstance(body["into"], str):
        body = {**body, "into": known[body["into"]]}
    before = everything()
    answer = helper.post(address(source), body)
    assert answer.status_code == status
    found = codes(answer)
    assert error in found or (error[1] is None and {name for name, _ in found} == {error[0]})
    assert everything() == before


def test_what_is_not_there_is_404(helper, two):
    source, into = two
    archived = PatientFactory(archived=True)
    for key in (999_999, archived.pk, "01", "x"):
        path = f"/api/patients/{key}/merge"
        assert helper.post(path, {"into": into.pk}).status_code == 404
        assert helper.delete(path).status_code == 404
    assert helper.delete(address(source)).status_code == 404  # there, and not merged
    helper.post(address(source), {"into": into.pk})
    again = helper.post(address(source), {"into": into.pk})
    assert (again.status_code, again.json()["code"]) == (404, "patient_merged")
    assert helper.post(address(into), {"into": source.pk}).status_code == 400


def test_support_is_told_nothing_clinical(helper, two):
    source, into = two
    text = helper.post(address(source), {"into": into.pk}).content.decode()
    assert not any(word in text for word in (source.first_name, "NORMAL", "NECK", "@"))


def test_a_merged_patient_comes_back_by_its_undo_only(two):
    source, into = two
    merging.merge_patients(source_id=source.pk, into_id=into.pk)
    before = everything()
    with pytest.raises(PatientMergedAway), transaction.atomic():
        services.restore_patient(patient=source)
    services.archive_patient(patient=into)
    with pytest.raises(MergeOvertaken), transaction.atomic():
        merging.undo_merge(source_id=source.pk)
    services.restore_patient(patient=into)
    merging.undo_merge(source_id=source.pk)
    assert [row["merged_into_id"] for row in stored(Patient)] == [None, None]
    assert before[0][0]["merged_into_id"] == into.pk


def test_a_merge_costs_the_same_whatever_moves(django_assert_num_queries):
    counts = []
    for size in (1, 10, 50):
        source, into = PatientFactory(), PatientFactory()
        StudyFactory.create_batch(size, patient=source)
        with django_assert_num_queries(10):
            merging.merge_patients(source_id=source.pk, into_id=into.pk)
        counts.append(Study.objects.filter(patient=into).count())
    assert counts == [1, 10, 50]


# -- races --------------------------------------------------------------------------------------
def outcome(work, **given):
    try:
        with transaction.atomic():
            return work(**given)
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return type(error).__name__


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_merging_each_into_the_other_at_once_leaves_one():
    one, other = PatientFactory(), PatientFactory()
    StudyFactory(patient=one)
    StudyFactory(patient=other)
    pairs = [(one.pk, other.pk), (other.pk, one.pk)]

    def act(number):
        source, into = pairs[number % 2]
        return outcome(merging.merge_patients, source_id=source, into_id=into)

    found = together(4, act)
    assert sum(isinstance(one, Merge) for one in found) == 1
    assert {one for one in found if isinstance(one, str)} <= {"NotFound", "UnknownPatient"}
    stays = Patient.objects.get()
    assert set(Study.objects.values_list("patient", flat=True)) == {stays.pk}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_undoing_twice_at_once_does_it_once():
    source, into = PatientFactory(), PatientFactory()
    StudyFactory(patient=source)
    merging.merge_patients(source_id=source.pk, into_id=into.pk)
    found = together(4, lambda _: outcome(merging.undo_merge, source_id=source.pk))
    assert sum(isinstance(one, Merge) for one in found) == 1
    assert [one for one in found if isinstance(one, str)] == [NotFound.__name__] * 3
    assert Study.objects.get().patient_id == source.pk
    assert source.versions.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_no_study_is_left_behind_with_a_patient_who_is_merged():
    source, into = PatientFactory(), PatientFactory()

    def act(number):
        if number == 0:
            return outcome(merging.merge_patients, source_id=source.pk, into_id=into.pk)
        return outcome(services.create_study, patient_id=source.pk, **STUDY)

    found = together(5, act)
    made = sum(isinstance(one, Study) for one in found)
    assert isinstance(found[0], Merge)
    assert list(Study.objects.values_list("patient", flat=True)) == [into.pk] * made
