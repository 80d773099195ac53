"""What removing is called in the admin, of one row and of several, in both languages."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from cases.models import WorkCalendar
from cases.tests.factories import CalendarFactory, PolicyFactory
from clinic.models import Patient, Study
from clinic.tests.factories import PatientFactory, StudyFactory
from core.admin.spanish import TEXTS
from core.roles import Role
from dogs.models import Dog
from dogs.tests.factories import DogFactory
from users.models import User
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    return client


def act(client, rows, language="en", **data):
    """Choose rows in their list and press the action that removes."""
    options = rows[0]._meta
    page = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    body = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], **data}
    return client.post(page, body, follow=True, headers={"accept-language": language})


def text_of(answer):
    """What a page says, without its markup."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(text.split())


# By language: what of one patient, and of three, the page asks, what goes along, what was done.
ARCHIVED = {
    ("en", 1): (
        "Archive 1 patient",
        "The patient leaves every list. 2 studies are archived as well.",
        "1 patient archived.",
    ),
    ("en", 3): (
        "Archive 3 patients",
        "The patients leave every list. 2 studies are archived as well.",
        "3 patients archived.",
    ),
    ("es", 1): (
        "Archivar 1 paciente",
        "El paciente sale de todas las listas. También se archivan 2 estudios.",
        "Se archivó 1 paciente.",
    ),
    ("es", 3): (
        "Archivar 3 pacientes",
        "Los pacientes salen de todas las listas. También se archivan 2 estudios.",
        "Se archivaron 3 pacientes.",
    ),
}
# Of two people with a session and a token.
REMOVED = {
    "en": (
        "Remove 2 users for good",
        "The accounts are deactivated; names and e-mail addresses are erased.",
        "1 open session ends. 1 API token is revoked.",
        "This is final: nobody can undo it.",
    ),
    "es": (
        "Eliminar definitivamente a 2 usuarios",
        "Las cuentas se desactivan; se borran los nombres y los correos electrónicos.",
        "Se cierra 1 sesión abierta. Se revoca 1 token de API.",
        "Es definitivo: nadie puede deshacerlo.",
    ),
}


@pytest.mark.parametrize(("language", "number"), ARCHIVED)
def test_patients_are_archived_and_it_is_called_so(boss, language, number):
    patients = PatientFactory.create_batch(number)
    StudyFactory.create_batch(2, patient=patients[0])
    StudyFactory(patient=patients[0], archived=True)
    question, effects, done = ARCHIVED[language, number]
    asked = act(boss, patients, language)
    assert question in text_of(asked)
    assert effects in text_of(asked)
    [form] = re.findall(r'<form method="post".*?</form>', asked.content.decode(), re.DOTALL)
    assert not re.search(r"[Dd]elete (?!_)|[Ee]limin|[Bb]orra", form)
    assert (Patient.objects.count(), Study.objects.count()) == (number, 2)
    assert done in text_of(act(boss, patients, language, post="yes"))
    assert (Patient.objects.count(), Study.objects.count()) == (0, 0)
    assert Patient.everything.count() == number


@pytest.mark.parametrize("language", REMOVED)
def test_removing_people_says_what_ends_and_that_it_is_final(boss, language):
    users = UserFactory.create_batch(2)
    SessionFactory(user=users[0])
    ApiTokenFactory(user=users[1])
    text = text_of(act(boss, users, language))
    assert [line for line in REMOVED[language] if line not in text] == []
    one = reverse("admin:users_user_delete", args=[users[0].pk])
    answer = boss.get(one, headers={"accept-language": language})
    assert REMOVED[language][-1] in text_of(answer)
    assert not User.objects.filter(anonymised_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("archived", "offered"), [("", "delete_selected"), ("yes", "restore")], ids=["here", "away"]
)
def test_a_list_offers_what_can_be_done_with_its_rows(boss, archived, offered):
    for model in ("patient", "study"):
        page = reverse(f"admin:clinic_{model}_changelist")
        answer = boss.get(page, {"archived": archived} if archived else {})
        found = {name for name, _label in answer.context["action_form"].fields["action"].choices}
        assert found & {"delete_selected", "restore"} == {offered}


def test_nothing_is_removed_by_whoever_may_not(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    rows = (PatientFactory(), UserFactory())
    for row in rows:
        act(client, [row], post="yes")
        row.refresh_from_db()
    assert rows[0].archived_at is None
    assert rows[1].anonymised_at is None


@pytest.mark.parametrize(("language", "words"), [("en", "while it is in use"), ("es", "en uso")])
def test_what_is_in_use_says_what_uses_it(boss, language, words):
    policy = PolicyFactory(calendar=CalendarFactory())
    calendar = policy.calendar
    link = reverse("admin:cases_slapolicy_change", args=[policy.pk])
    page = reverse("admin:cases_workcalendar_delete", args=[calendar.pk])
    headers = {"accept-language": language}
    answers = [
        boss.get(page, headers=headers),
        act(boss, [calendar], language),
        act(boss, [calendar], language, post="yes"),
    ]
    for answer in answers:
        assert words in text_of(answer)
        assert link in answer.content.decode()
    assert all('name="post"' not in answer.content.decode() for answer in answers)
    assert WorkCalendar.objects.filter(pk=calendar.pk).exists()


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_deleted_is_said_in_good_spanish(boss, number):
    dogs = DogFactory.create_batch(number)
    text = text_of(act(boss, dogs, "es"))
    assert "seleccionado" not in text.partition("Objetos")[0].rpartition("¿")[2]
    said = text_of(act(boss, dogs, "es", post="yes"))
    assert f"Eliminado: {number} {'perro' if number == 1 else 'perros'}." in said
    assert not Dog.objects.exists()


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_of_djangos_is_in_our_spanish(text):
    with translation.override("es"):
        said = translation.gettext(text)
    assert said != text
    assert not re.search(r"\b([Ee]l|[Ll]os|[Uu]n) ?[%{]|/[aos]\b|usted seguro|[Ss]i,", said)
