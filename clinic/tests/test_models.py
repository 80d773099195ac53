"""The database refuses patients and studies that cannot be; the vocabulary is whole."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.constants import BODY_PARTS, DICOM_MODALITY, FHIR_PRIORITY, StudyType, UrgencyLevel
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory
from core.db import violates

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"first_name": ""}, "clinic_patient_named"),
        ({"email": "", "email_key": None}, "clinic_patient_email_not_empty"),
        ({"merged_into_id": 1}, "clinic_patient_merged_away"),
        ({"email": ""}, "clinic_patient_email_not_empty"),
        ({"external_id": ""}, "clinic_patient_external_not_empty"),
        ({"birth_date": date(1849, 12, 31)}, "clinic_patient_birth_date_possible"),
    ],
)
def test_patient_constraint_refuses(values, constraint):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        PatientFactory(**values)
    assert violates(caught.value, Patient, constraint)
    assert Patient.everything.count() == 0


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"urgency_level": "SOON"}, "clinic_study_urgency_known"),
        ({"type": "PHOTO"}, "clinic_study_type_known"),
        ({"body_part": ""}, "clinic_study_described"),
        ({"description": ""}, "clinic_study_described"),
        ({"status": "lost"}, "clinic_study_status_known"),
        ({"performed_on": date(1899, 12, 31)}, "clinic_study_performed_possible"),
    ],
)
def test_study_constraint_refuses(values, constraint):
    patient = PatientFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        StudyFactory(patient=patient, **values)
    assert violates(caught.value, Study, constraint)
    assert Study.everything.count() == 0


@pytest.mark.parametrize(
    ("first", "second", "constraint"),
    [
        ({"email": "pepe@ejemplo.com"}, {"email": "PEPE@Ejemplo.COM"}, "email"),
        ({"email": "a@ñandú.co"}, {"email": "A@ÑANDÚ.CO"}, "email"),
        ({"external_id": "1"}, {"external_id": "1"}, "external"),
    ],
)
def test_present_patients_are_unique_and_archived_ones_free_their_place(first, second, constraint):
    patient = PatientFactory(**first)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        PatientFactory(**second)
    assert violates(caught.value, Patient, f"clinic_patient_{constraint}_unique")
    Patient.objects.filter(pk=patient.pk).update(archived_at=timezone.now())
    PatientFactory(**second)
    assert (Patient.objects.count(), Patient.everything.count()) == (1, 2)


def test_archived_rows_are_out_of_sight_from_every_side():
    patient = PatientFactory()
    kept, gone = StudyFactory(patient=patient), StudyFactory(patient=patient, archived=True)
    assert list(patient.studies.all()) == [kept]
    assert list(Study.objects.all()) == [kept]
    assert set(Study.everything.all()) == {kept, gone}
    Patient.objects.update(archived_at=timezone.now())
    kept.refresh_from_db()
    assert kept.patient == patient  # a study always finds its patient


def test_body_part_is_stored_in_upper_case():
    study = StudyFactory(body_part="left knee")
    study.refresh_from_db()
    assert study.body_part == "LEFT KNEE"


def test_nobody_is_named_in_texts_that_support_reads():
    patient = PatientFactory(first_name="Ángela", last_name="Núñez")
    assert str(patient) == f"patient {patient.pk}"
    assert patient.initials == "Á.N."
    assert str(StudyFactory(patient=patient)).startswith("study ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "a\x00b"),
        ("last_name", "a\u202eb"),
        ("first_name", "two\nlines"),
        ("first_name", "x" * 101),
        ("birth_date", timezone.localdate() + timedelta(days=2)),
        ("birth_date", date(1849, 12, 31)),
        ("email", "nobody"),
        ("email", "a@" + "\ufdfa" * 40 + ".co"),
        ("external_id", "1\x00"),
    ],
)
def test_patient_fields_refuse(field, value):
    with pytest.raises(ValidationError):
        Patient._meta.get_field(field).clean(value, None)


def test_description_takes_lines_and_no_controls():
    field = Study._meta.get_field("description")
    assert field.clean("one\r\ntwo", None) == "one\ntwo"
    for value in ("", "a\x00", "a\u202e", "x" * 4001):
        with pytest.raises(ValidationError):
            field.clean(value, None)


def test_every_word_has_its_counterpart():
    assert {level: FHIR_PRIORITY[level] for level in UrgencyLevel} == {
        "LOW": "routine",
        "MID": "urgent",
        "HIGH": "stat",
    }
    assert set(DICOM_MODALITY) == set(StudyType)
    assert DICOM_MODALITY[StudyType.XRAY] == "DX"
    assert DICOM_MODALITY[StudyType.MAMMOGRAM] == "MG"
    assert len(set(DICOM_MODALITY.values())) == len(StudyType)
    assert list(BODY_PARTS) == sorted({part.upper() for part in BODY_PARTS})
