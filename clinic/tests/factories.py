"""Patients and studies for tests."""

from datetime import date
from io import BytesIO

import factory
from django.utils import timezone

from clinic.models import Patient, Study, Version


class PatientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Patient

    class Params:
        archived = factory.Trait(archived_at=factory.LazyFunction(timezone.now))

    first_name = "Jessica"
    last_name = factory.Sequence("Ramirez {}".format)
    birth_date = date(1971, 7, 1)
    email = factory.Sequence("patient{}@ejemplo.com".format)


class StudyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Study

    class Params:
        archived = factory.Trait(archived_at=factory.LazyFunction(timezone.now))

    patient = factory.SubFactory(PatientFactory)
    urgency_level = "HIGH"
    body_part = "NECK"
    description = "NORMAL THYROID"
    type = "XRAY"


class VersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Version

    patient = factory.SubFactory(PatientFactory)
    actor_kind = "user"
    changes = {"first_name": ["Ana", "Ánna"]}

    @classmethod
    def samples(cls):
        """Each of its own record, some of a patient, some of a study; none can be changed later."""
        return [cls(), cls(patient=None, study=StudyFactory()), cls(reason="…")]


def csv_file(text, name="file.csv"):
    """A file as an upload or a command would open it."""
    file = BytesIO(text if isinstance(text, bytes) else text.encode())
    file.name = name
    return file
