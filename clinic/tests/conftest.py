"""Who calls the clinic's routes."""

import pytest


@pytest.fixture
def doctor(client_for):
    return client_for("CLINICIAN")
