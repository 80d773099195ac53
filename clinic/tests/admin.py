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


def form(study=None, **values):
    """The fields of a patient's page, with its studies inline."""
    rows = [study] if study else []
    data = {
        "first_name": "Zoraida",
        "last_name": "Quispe",
        "birth_date": "1955-04-10",
        "email": "zora@b.co",
        "studies-TOTAL_FORMS": str(len(rows) + 1),
        "studies-INITIAL_FORMS": str(len(rows)),
        "studies-MIN_NUM_FORMS": "0",
        "studies-MAX_NUM_FORMS": "1000",
    }
    for number, row in enumerate(rows):
        data |= {
            f"studies-{number}-id": str(row.pk),
            f"studies-{number}-patient": str(row.patient_id),
            f"studies-{number}-urgency_level": row.urgency_level,
            f"studies-{number}-type": row.type,
            f"studies-{number}-body_part": row.body_part,
            f"studies-{number}-description": row.description,
        }
    return {**data, **values}


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
