"""What SUPPORT sees of patients in the admin, and what it restores."""

import pytest
from django.urls import reverse

from clinic import services
from clinic.models import Patient, Study
from clinic.tests.admin import PATIENTS, SECRETS, STUDIES, client_of, form, history_of, shown
from clinic.tests.factories import PatientFactory
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("archived", [False, True])
def test_support_sees_existence_and_nothing_else(support, study, archived):
    services.change_patient(patient=study.patient, first_name="Zoraida R.")
    if archived:
        services.archive_patient(patient=study.patient)
    query = {"archived": "yes"} if archived else {}
    pages = [
        shown(support, f"{PATIENTS}_changelist", **query),
        shown(support, f"{PATIENTS}_change", study.patient_id),
        shown(support, f"{PATIENTS}_history", study.patient_id),
        shown(support, f"{STUDIES}_changelist", **query),
        shown(support, f"{STUDIES}_change", study.pk),
        shown(support, f"{STUDIES}_history", study.pk),
        shown(support, "admin:core_journalentry_changelist"),
        shown(support, "admin:index"),
    ]
    assert "Z.Q." in pages[0]
    for page in pages:
        assert [secret for secret in SECRETS if secret in page] == []


def test_support_reads_its_own_language(support, study):
    for address in (f"{PATIENTS}_changelist", f"{PATIENTS}_change"):
        args = [study.patient_id] if address.endswith("_change") else []
        answer = support.get(reverse(address, args=args), headers={"accept-language": "es"})
        assert "iniciales" in answer.content.decode().lower()
        assert "Initials" not in answer.content.decode()


def test_support_finds_by_whole_address_only(support, study):
    page = f"{PATIENTS}_changelist"
    assert "Z.Q." in shown(support, page, q="ZORA@b.co")
    for words in ("zora", "quispe", "zora@b.c"):
        assert "Z.Q." not in shown(support, page, q=words)


@pytest.mark.parametrize(
    "query",
    [
        {"last_name__startswith": "Q"},
        {"birth_date__year": "1955"},
        {"email__contains": "zora"},
        {"studies__type": "CT"},
        {"urgency": "HIGH"},
        {"birth_date__gte": "1950-01-01"},
    ],
)
def test_support_cannot_ask_around_by_the_address_bar(support, study, query):
    """Whatever is asked, the answer does not depend on what is hidden."""
    path = reverse(f"{PATIENTS}_changelist")
    match, other = (
        support.get(path, {name: value}).status_code
        for name, value in ((next(iter(query)), v) for v in (next(iter(query.values())), "nothing"))
    )
    content = support.get(path, query)
    assert match == other
    assert content.status_code in {302, 400} or "Z.Q." in content.content.decode()


def test_support_changes_and_exports_nothing(support, study):
    before = list(Patient.everything.values()), list(Study.everything.values())
    for address in (
        reverse(f"{PATIENTS}_change", args=[study.patient_id]),
        reverse(f"{PATIENTS}_delete", args=[study.patient_id]),
        reverse(f"{PATIENTS}_add"),
        reverse(f"{STUDIES}_change", args=[study.pk]),
        reverse(f"{STUDIES}_add"),
    ):
        assert support.post(address, form(post="yes")).status_code == 403, address
    for action in ("export_patients", "export_studies", "export_csv", "delete_selected"):
        data = {"action": action, "_selected_action": [study.patient_id], "post": "yes"}
        answer = support.post(reverse(f"{PATIENTS}_changelist"), data)
        assert answer["Content-Type"].startswith("text/html")
    assert (list(Patient.everything.values()), list(Study.everything.values())) == before
    assert not JournalEntry.objects.filter(action="export").exists()


@pytest.mark.parametrize("role", ["SUPPORT", "ADMIN"])
def test_restore(role, study):
    services.archive_patient(patient=study.patient)
    client = client_of(role)
    page = shown(client, f"{PATIENTS}_changelist", archived="yes")
    assert 'value="restore"' in page
    path = reverse(f"{PATIENTS}_changelist") + "?archived=yes"
    data = {"action": "restore", "_selected_action": [study.patient_id]}
    answer = client.post(path, data, follow=True)
    assert "1 patient restored." in answer.content.decode()
    assert (Patient.objects.count(), Study.objects.count()) == (1, 1)
    assert ("change", "admin") in history_of(study.patient)


def test_restore_that_cannot_be_restores_none(support):
    gone = [PatientFactory(email=f"p{n}@b.co", archived=True) for n in range(2)]
    PatientFactory(email="p1@b.co")
    path = reverse(f"{PATIENTS}_changelist") + "?archived=yes"
    data = {"action": "restore", "_selected_action": [patient.pk for patient in gone]}
    answer = support.post(path, data, follow=True)
    assert "There is already a patient with this e-mail address." in answer.content.decode()
    assert Patient.objects.count() == 1


def test_restore_a_study(support, study):
    services.archive_study(study=study)
    data = {"action": "restore", "_selected_action": [study.pk]}
    support.post(reverse(f"{STUDIES}_changelist") + "?archived=yes", data)
    assert Study.objects.get() == study


@pytest.mark.parametrize("role", ["CLINICIAN", "SELLER", "USER"])
def test_others_do_not_get_in(role, study):
    for address in (f"{PATIENTS}_changelist", f"{STUDIES}_changelist"):
        assert client_of(role).get(reverse(address)).status_code == 302
