"""One mailbox, one account: what an address may be, and the form in which it is compared."""

from importlib import import_module
from io import StringIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.roles import Role
from tests.asserts import assert_problem
from users.models import LoginBucket, User
from users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

UNICODE, ASCII = "jose@münchen.example", "jose@xn--mnchen-3ya.example"
HIDDEN = [
    "zoe@ejem\u200bplo.com",
    "zoe@ejemplo.com\u200b",
    "z\u00adoe@ejemplo.com",
    "zoe@ejemplo\u2060.com",
]
ALIKE = [
    "\u017foe@ejemplo.com",
    "zoe\u0131@ejemplo.com",
    "zoe@\u212aejemplo.com",
    "zoe@\uff45jemplo.com",
]


def body(email):
    return {"name": "Zoe", "email": email, "password": PASSWORD}


def sign_in(api, email, password=PASSWORD):
    return api.post("/api/auth/token", {"email": email, "password": password})


def migrate():
    migration = import_module("users.migrations.0003_keys_of_names")
    migration.one_form_of_domains(apps, SimpleNamespace(connection=connection))


@pytest.mark.parametrize(
    ("first", "second"),
    [(UNICODE, ASCII), (ASCII, UNICODE), (UNICODE, "JOSE@MU\u0308NCHEN.example")],
)
def test_both_forms_of_a_domain_are_one_mailbox(admin_api, first, second):
    made = admin_api.post("/api/users", body(first))
    assert (made.status_code, made.json()["email"]) == (201, ASCII)
    assert_problem(admin_api.post("/api/users", body(second)), 409, "email_taken")
    assert User.objects.filter(email__startswith="jose@").count() == 1


@pytest.mark.parametrize("typed", [UNICODE, ASCII, " Jose@MÜNCHEN.example "])
def test_either_form_signs_in(api, typed):
    user = UserFactory(email=ASCII)
    assert sign_in(api, typed).status_code == 200
    answer = Client().post(reverse("admin:login"), {"username": typed, "password": PASSWORD})
    assert answer.status_code == 200  # the password is right: a USER is told so
    assert User.objects.by_email(typed) == user
    assert User.objects.get_by_natural_key(typed) == user


def test_both_forms_share_the_limit_of_attempts(api):
    UserFactory(email=ASCII)
    for email in (UNICODE, ASCII, UNICODE, ASCII, UNICODE):
        assert sign_in(api, email, "wrong").status_code == 401
    assert_problem(sign_in(api, ASCII), 429, "login_locked")
    assert LoginBucket.objects.count() == 1


@pytest.mark.parametrize("email", [*HIDDEN, *ALIKE])
def test_an_address_that_looks_like_another_one_is_400(admin_api, email):
    user = UserFactory(email="ana@ejemplo.com")
    people = User.objects.count()
    assert_problem(admin_api.post("/api/users", body(email)), 400, "invalid", field="email")
    answer = admin_api.patch(f"/api/users/{user.pk}", {"email": email})
    assert_problem(answer, 400, "invalid", field="email")
    user.refresh_from_db()
    assert (user.email, User.objects.count()) == ("ana@ejemplo.com", people)


@pytest.mark.parametrize("email", [*HIDDEN, *ALIKE])
def test_the_admin_refuses_it_beside_its_field(admin_api, email):
    boss = Client()
    boss.force_login(admin_api.user)
    page = reverse("admin:users_user_add")
    answer = boss.post(page, {"name": "Zoe", "email": email, "role": Role.USER, "is_active": "on"})
    assert list(answer.context["adminform"].form.errors) == ["email"]
    assert User.objects.count() == 1


@pytest.mark.parametrize("email", HIDDEN)
def test_signing_in_says_that_a_character_cannot_be_seen(api, email):
    UserFactory(email="zoe@ejemplo.com")
    assert_problem(sign_in(api, email), 400, "invalid", field="email")
    answer = Client().post(reverse("admin:login"), {"username": email, "password": PASSWORD})
    assert list(answer.context["form"].errors) == ["username"]
    assert not LoginBucket.objects.exists()


@pytest.mark.parametrize("name", ["\u3164", "\u2800", "\u034f", "\u0301"])
def test_a_name_shows_something_in_api_and_admin(admin_api, name):
    assert_problem(
        admin_api.post("/api/users", {**body("zoe@ejemplo.com"), "name": name}),
        400,
        "invalid",
        field="name",
    )
    boss = Client()
    boss.force_login(admin_api.user)
    form = {"name": name, "email": "zoe@ejemplo.com", "role": Role.USER, "is_active": "on"}
    answer = boss.post(reverse("admin:users_user_add"), form)
    assert list(answer.context["adminform"].form.errors) == ["name"]
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["\u0645\u06cc\u200c\u062e", "👩\u200d⚕️"])
def test_a_name_keeps_its_joiners(admin_api, name):
    made = admin_api.post("/api/users", {**body("zoe@ejemplo.com"), "name": name})
    assert (made.status_code, made.json()["name"]) == (201, name)


@pytest.mark.parametrize("email", HIDDEN[:2])
def test_commands_refuse_it(settings, email):
    settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD = email, PASSWORD
    with pytest.raises(CommandError, match=r"^ADMIN_EMAIL: The address contains"):
        call_command("ensure_admin", stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, email=email, name="Root")
    assert not User.objects.exists()


# -- accounts of former times ---------------------------------------------------------------------
def former(email, **fields):
    """An account as former rules stored it."""
    user = UserFactory(**fields)
    User.objects.filter(pk=user.pk).update(email=email)
    return user


def test_the_migration_gives_every_account_the_one_form(api, capsys):
    user, other = former(UNICODE), UserFactory(email="ana@example.com")
    migrate()
    assert (
        capsys.readouterr().out
        == f"users.User {user.pk}: the domain of the address has its one form now.\n"
    )
    user.refresh_from_db()
    other.refresh_from_db()
    assert (user.email, other.email) == (ASCII, "ana@example.com")
    assert sign_in(api, UNICODE).status_code == 200


def test_twins_stay_and_each_signs_in_with_its_spelling(api, admin_api, capsys):
    first, twin = UserFactory(email=ASCII), former(UNICODE)
    twin.set_password("another good phrase")
    User.objects.filter(pk=twin.pk).update(password=twin.password)
    for _time in range(2):
        migrate()
        said = f"users.User {twin.pk}: another user has this address in its other form; both stay."
        assert capsys.readouterr().out == f"{said}\n"
    assert sign_in(api, ASCII).status_code == 200
    assert sign_in(api, UNICODE).status_code == 401
    assert sign_in(api, UNICODE, "another good phrase").status_code == 200
    path = f"/api/users/{twin.pk}"
    assert admin_api.patch(path, {"name": "Pepe"}).status_code == 200
    whole = {"name": "José", "email": UNICODE, "role": Role.USER}
    assert admin_api.put(path, whole).json()["email"] == UNICODE
    assert (
        admin_api.patch(path, {"email": "pepe@example.com"}).json()["email"] == "pepe@example.com"
    )
    first.refresh_from_db()
    assert first.email == ASCII


def test_an_address_of_former_rules_stays_until_it_is_changed(api, admin_api):
    user = former("\u017foe@ejemplo.com")
    assert sign_in(api, "\u017foe@ejemplo.com").status_code == 200
    answer = admin_api.put(
        f"/api/users/{user.pk}", {"name": "S", "email": "\u017foe@ejemplo.com", "role": Role.USER}
    )
    assert answer.status_code == 200
    user.refresh_from_db()
    assert (user.name, user.email) == ("S", "\u017foe@ejemplo.com")


def test_an_account_is_found_by_one_query():
    UserFactory(email=ASCII)
    with CaptureQueriesContext(connection) as seen:
        assert User.objects.by_email(UNICODE)
    assert len(seen) == 1
