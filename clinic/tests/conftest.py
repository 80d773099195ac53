"""Who calls the clinic's routes and opens its pages in the admin."""

import pytest

from clinic.tests.admin import client_of
from clinic.tests.factories import PatientFactory, StudyFactory


@pytest.fixture
def doctor(client_for):
    return client_for("CLINICIAN")


@pytest.fixture
def boss(db):
    return client_of("ADMIN")


@pytest.fixture
def support(db):
    return client_of("SUPPORT")


@pytest.fixture
def study(db):
    """What SECRETS of the admin are about."""
    patient = PatientFactory(
        first_name="Zoraida", last_name="Quispe", birth_date="1955-04-10", email="zora@b.co"
    )
    return StudyFactory(
        patient=patient,
        body_part="STOMACH",
        description="ULCER",
        type="MAMMOGRAM",
        urgency_level="MID",
    )
