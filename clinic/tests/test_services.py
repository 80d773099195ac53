"""Writes with consequences: archive, restore, and what two people do at once."""

import threading

import pytest
from django.db import connection, transaction

from clinic import services
from clinic.errors import EmailTaken, ExternalIdTaken, PatientArchived, UnknownPatient
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory
from core import context
from core.models import JournalEntry
from core.tests.helpers_writes import updates_of

pytestmark = pytest.mark.django_db


def lines():
    return [
        (line.action, line.model, line.object_id, line.reason)
        for line in JournalEntry.objects.order_by("id")
    ]


def test_restore_brings_back_what_went_together_and_no_more():
    patient = PatientFactory()
    kept, earlier = StudyFactory(patient=patient), StudyFactory(patient=patient)
    services.archive_study(study=earlier)
    services.archive_patient(patient=patient, reason="twin record")
    assert (Patient.objects.count(), Study.objects.count()) == (0, 0)
    assert services.restore_patient(patient=patient, reason="ticket 7") == 1
    assert (list(Patient.objects.all()), list(Study.objects.all())) == ([patient], [kept])
    history = [line for line in lines() if line[1:3] == ("clinic.Patient", str(patient.pk))]
    assert history == [
        ("change", "clinic.Patient", str(patient.pk), f"study {earlier.pk}: delete"),
        ("delete", "clinic.Patient", str(patient.pk), "twin record"),
        ("change", "clinic.Patient", str(patient.pk), "ticket 7"),
    ]
    own = [line[0] for line in lines() if line[1:3] == ("clinic.Study", str(kept.pk))]
    assert own == ["delete", "change"]


def test_archive_and_restore_twice_change_nothing_more():
    patient = StudyFactory().patient
    services.archive_patient(patient=patient)
    moment = Patient.everything.get().archived_at
    count = JournalEntry.objects.count()
    services.archive_patient(patient=patient)
    assert Patient.everything.get().archived_at == moment
    services.restore_patient(patient=patient)
    assert services.restore_patient(patient=patient) == 0
    assert JournalEntry.objects.count() == count + 2


@pytest.mark.parametrize(
    ("values", "error"),
    [({"email": "A@b.co"}, EmailTaken), ({"external_id": "1"}, ExternalIdTaken)],
)
def test_restore_is_refused_when_the_place_is_taken(values, error):
    gone = PatientFactory(email="a@b.co", external_id="1", archived=True)
    PatientFactory(**values)
    with pytest.raises(error):
        services.restore_patient(patient=gone)


def test_a_study_comes_back_after_its_patient_does():
    study = StudyFactory()
    services.archive_study(study=study)
    services.archive_patient(patient=study.patient)
    with pytest.raises(PatientArchived), transaction.atomic():
        services.restore_study(study=study)
    services.restore_patient(patient=study.patient)
    assert Study.objects.count() == 0
    assert services.restore_study(study=study) is True
    assert services.restore_study(study=study) is False
    assert Study.objects.get() == study


def test_a_study_needs_a_patient_who_is_there():
    gone = PatientFactory(archived=True)
    fields = {"urgency_level": "LOW", "body_part": "HIP", "description": "OK", "type": "CT"}
    with pytest.raises(UnknownPatient), transaction.atomic():
        services.create_study(patient_id=gone.pk, **fields)
    with pytest.raises(UnknownPatient), transaction.atomic():
        services.change_study(study=StudyFactory(), patient_id=gone.pk)


def test_moving_a_study_is_in_both_patients_histories():
    study, other = StudyFactory(), PatientFactory()
    services.change_study(study=study, patient_id=other.pk, type="CT")
    entry = JournalEntry.objects.get(model="clinic.Study")
    assert entry.changes == {"patient": [entry.changes["patient"][0], other.pk], "type": None}
    concerned = JournalEntry.objects.filter(model="clinic.Patient").values_list(
        "object_id", flat=True
    )
    assert set(concerned) == {str(entry.changes["patient"][0]), str(other.pk)}


def test_a_change_of_nothing_writes_nothing():
    study = StudyFactory(body_part="HEAD")
    with updates_of(Study) as studies, updates_of(Patient) as patients:
        services.change_study(study=study, type=study.type, patient_id=study.patient_id)
        services.change_study(study=study, body_part="head")  # stored in upper case
        services.change_patient(patient=study.patient, first_name=study.patient.first_name)
    assert (studies, patients, lines()) == ([], [], [])


def test_the_journal_holds_no_clinical_values():
    with context.acting_as(context.Actor("user", 1, "doctor", "CLINICIAN")):
        patient = services.create_patient(
            first_name="Jose", last_name="Villalobos", birth_date="1955-04-10", email="p@e.co"
        )
        study = services.create_study(
            patient_id=patient.pk,
            urgency_level="HIGH",
            body_part="STOMACH",
            description="NO FINDINGS",
            type="XRAY",
        )
        services.change_patient(patient=patient, last_name="Ruiz", birth_date="1955-04-11")
        services.change_study(study=study, description="ULCER")
    written = " ".join(
        f"{line.changes} {line.reason} {line.object_label}" for line in JournalEntry.objects.all()
    )
    secrets = ("Jose", "Villalobos", "Ruiz", "1955-04", "p@e", "STOMACH", "ULCER", "HIGH", "XRAY")
    for secret in secrets:
        assert secret not in written
    changed = JournalEntry.objects.filter(model="clinic.Study").latest("id")
    assert changed.changes == {"description": None}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_patient_who_is_archived_gets_no_study_meanwhile():
    """Sixteen studies race an archive: each is refused, or archived with the patient."""
    patient = PatientFactory()
    start = threading.Barrier(17)
    refused = []

    def add():
        start.wait()
        try:
            services.create_study(
                patient_id=patient.pk,
                urgency_level="LOW",
                body_part="HIP",
                description="OK",
                type="CT",
            )
        except UnknownPatient as error:
            refused.append(error)
        finally:
            connection.close()

    def archive():
        start.wait()
        try:
            services.archive_patient(patient=patient)
        finally:
            connection.close()

    threads = [threading.Thread(target=add) for _ in range(16)] + [threading.Thread(target=archive)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Study.objects.count() == 0
    assert Study.everything.count() + len(refused) == 16


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_address_one_patient_however_many_ask_at_once():
    start = threading.Barrier(8)
    outcomes = []

    def create(number):
        start.wait()
        try:
            services.create_patient(
                first_name="A",
                last_name="B",
                birth_date="1990-01-01",
                email=f"{'Aa'[number % 2]}@b.co",
            )
            outcomes.append("created")
        except EmailTaken:
            outcomes.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created"] + ["taken"] * 7
    assert Patient.objects.count() == 1
