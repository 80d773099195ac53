"""The admin as the tests use it: who is there, the pages' names, the forms' fields."""

from django.test import Client
from django.urls import reverse

from core.models import JournalEntry
from users.tests.factories import UserFactory

PATIENTS, STUDIES = "admin:clinic_patient", "admin:clinic_study"
SECRETS = ("Zoraida", "Quispe", "1955-04-10", "April 10", "zora@", "STOMACH", "ULCER", "MAMMOGRAM")


def client_of(role):
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def form(**values):
    """The fields of a patient's page."""
    data = {
        "first_name": "Zoraida",
        "last_name": "Quispe",
        "birth_date": "1955-04-10",
        "email": "zora@b.co",
    }
    return {**data, **values}


def study_form(study, **values):
    """The fields of a study's page, as the study has them."""
    names = ("urgency_level", "type", "body_part", "description")
    fields = {name: getattr(study, name) for name in names}
    return {"patient": str(study.patient_id), **fields, **values}


def shown(client, address, *args, **query):
    answer = client.get(reverse(address, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def history_of(patient):
    return list(
        JournalEntry.objects.filter(model="clinic.Patient", object_id=str(patient.pk))
        .order_by("id")
        .values_list("action", "reason")
    )
