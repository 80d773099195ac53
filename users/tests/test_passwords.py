"""One form of a password, whatever keyboard and system it is typed on."""

from unicodedata import normalize

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from core.models import JournalEntry
from core.roles import Role
from tests.asserts import assert_problem
from users import services
from users.constants import MAX_PASSWORD_CHARACTERS
from users.errors import WrongCurrentPassword
from users.models import Session, User
from users.tests.factories import SessionFactory, UserFactory
from users.values import former_forms, normal_password

pytestmark = pytest.mark.django_db

COMPOSED = "Contrase\u00f1a-\u00e1rbol-9"
DECOMPOSED = normalize("NFD", COMPOSED)
FORMS = [COMPOSED, DECOMPOSED]


def token(api, user, password):
    return api.post("/api/auth/token", {"email": user.email, "password": password})


def stored_before(password, **fields):
    """A user whose hash was made of exactly what was typed."""
    user = UserFactory(**fields)
    User.objects.filter(pk=user.pk).update(password=make_password(password))
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("given", FORMS)
@pytest.mark.parametrize("typed", FORMS)
def test_every_form_of_a_password_signs_in(api, admin_api, given, typed):
    body = {"name": "Ana", "email": "ana@example.com", "password": given}
    assert admin_api.post("/api/users", body).status_code == 201
    user = User.objects.get(email="ana@example.com")
    assert token(api, user, typed).status_code == 200
    assert token(api, user, f"{typed}x").status_code == 401


@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("hashed", FORMS)
def test_former_hashes_work_and_are_renewed(api, hashed, typed):
    user = stored_before(hashed)
    kept = SessionFactory(user=user)
    assert token(api, user, typed).status_code == 200
    user.refresh_from_db()
    assert user.check_password(COMPOSED)
    renewed = user.password
    assert token(api, user, typed).status_code == 200
    user.refresh_from_db()
    assert user.password == renewed
    # It is the same password: nobody is signed out, and nothing was changed.
    assert Session.objects.get(pk=kept.pk).revoked_at is None
    assert not JournalEntry.objects.filter(action="change", model="users.User").exists()


def test_a_former_hash_of_full_width_letters_works(api):
    typed = "\uff50alabra-larga-9"
    user = stored_before(typed)
    assert token(api, user, "palabra-larga-9").status_code == 401
    assert token(api, user, typed).status_code == 200
    assert token(api, user, "palabra-larga-9").status_code == 200


@pytest.mark.parametrize("typed", FORMS)
def test_the_current_password_is_one_in_every_form(typed):
    user = stored_before(DECOMPOSED)
    services.confirm_password(user=user, password=typed)
    with pytest.raises(WrongCurrentPassword):
        services.confirm_password(user=user, password=f"{typed}x")


def test_a_page_and_a_command_set_the_same_form(admin_api, monkeypatch):
    boss = Client()
    boss.force_login(admin_api.user)
    user = UserFactory(role=Role.SUPPORT)
    page = reverse("admin:users_user_change", args=[user.pk])
    names = ("name", "last_name", "email", "role")
    form = {name: getattr(user, name) for name in names}
    answer = boss.post(page, {**form, "is_active": "on", "new_password": DECOMPOSED})
    assert answer.status_code == 302
    assert (
        Client()
        .post(reverse("admin:login"), {"username": user.email, "password": COMPOSED})
        .status_code
        == 302
    )
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", DECOMPOSED)
    call_command("createsuperuser", interactive=False, email="root@example.com", name="Root")
    assert User.objects.get(email="root@example.com").check_password(COMPOSED)


@pytest.mark.parametrize(
    ("password", "status"),
    [
        (normalize("NFD", "ñ") * 4, 400),  # eight as they are typed, four as they count
        (normalize("NFD", "ñandúes1"), 201),
        (normalize("NFD", "ñ") * MAX_PASSWORD_CHARACTERS, 201),
        ("ñ" * (MAX_PASSWORD_CHARACTERS + 1), 400),
        ("\ufb00" * 501, 400),
        ("\uff50assword123", 400),  # a common one, its first letter in full width
        ("a" + "\u0315\u0300" * 100_000, 400),
    ],
)
def test_a_password_is_measured_in_the_form_that_is_hashed(admin_api, password, status):
    body = {"name": "Ana", "email": "ana@example.com", "password": password}
    answer = admin_api.post("/api/users", body)
    assert answer.status_code == status
    assert User.objects.filter(email="ana@example.com").exists() is (status == 201)


def test_a_sign_in_of_any_length_is_refused(api):
    user = UserFactory()
    answer = token(api, user, "\u0315\u0300" * 100_000)
    assert_problem(answer, 400, "invalid", field="password")


def test_forms():
    assert former_forms("plain ascii") == []
    assert former_forms(COMPOSED) == [DECOMPOSED]
    assert former_forms(DECOMPOSED) == [DECOMPOSED]
    assert normal_password("\ufb01n") == "fin"
    assert former_forms("\ufb01n") == ["\ufb01n"]
    assert former_forms("ñ" * 4 * MAX_PASSWORD_CHARACTERS + "ñ") == []
