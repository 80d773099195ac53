import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from core.models import JournalEntry
from core.roles import Role
from users.auth.api_tokens import create_api_token
from users.constants import DEVICE_COOKIE
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = "another good phrase"
USERS = "/admin/users/user/"


@pytest.fixture
def support(db):
    client = Client()
    client.user = UserFactory(role=Role.SUPPORT)
    client.force_login(client.user)
    return client


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("admin:login"), {"username": email, "password": password})


def test_the_form_counts_attempts_and_says_how_long_to_wait():
    user = UserFactory(role=Role.SUPPORT)
    for _time in range(5):
        assert sign_in(Client(), user.email, "wrong").status_code == 200
    response = sign_in(Client(), user.email)
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [
        "Too many attempts to sign in. Try again in 15 minutes."
    ]


def test_a_browser_that_signed_in_once_is_known():
    user = UserFactory(role=Role.SUPPORT)
    browser = Client()
    assert sign_in(browser, user.email.upper()).status_code == 302
    assert browser.cookies[DEVICE_COOKIE]["httponly"] is True
    for _time in range(5):
        sign_in(Client(), user.email, "wrong")
    assert sign_in(Client(), user.email).status_code == 200
    browser.post(reverse("admin:logout"))
    assert sign_in(browser, user.email).status_code == 302


def test_a_stolen_browser_session_is_no_way_to_guess_the_password(support):
    form = {"new_password1": NEW, "new_password2": NEW}
    page = reverse("admin:password_change")
    for _time in range(5):
        answer = support.post(page, {**form, "old_password": "a guess"})
        assert list(answer.context["form"].errors) == ["old_password"]
    answer = support.post(page, {**form, "old_password": PASSWORD})
    assert answer.context["form"].errors["old_password"] == [
        "Too many attempts to sign in. Try again in 15 minutes."
    ]
    support.user.refresh_from_db()
    assert support.user.check_password(PASSWORD)
    assert sign_in(Client(), support.user.email).status_code == 302


def test_deactivation_and_a_new_password_end_the_browser_session(support):
    assert support.get(USERS).status_code == 200
    support.user.set_password(NEW)
    support.user.save()
    assert support.get(USERS).status_code == 302
    support.force_login(support.user)
    User.objects.filter(pk=support.user.pk).update(is_active=False)
    assert support.get(USERS).status_code == 302


def test_a_new_password_revokes_every_token_whoever_sets_it(client_for, monkeypatch):
    def by_page(user):
        browser = Client()
        browser.force_login(user)
        form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        assert browser.post(reverse("admin:password_change"), form).status_code == 302
        assert browser.get(reverse("admin:index")).status_code == 200

    def by_command(user):
        monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: NEW)
        call_command("changepassword", user.email)

    for change in (by_page, by_command):
        user = UserFactory(role=Role.SUPPORT)
        caller = client_for(user)
        token, text = create_api_token(user=user, name="nightly")
        change(user)
        user.refresh_from_db()
        assert user.check_password(NEW)
        assert caller.get("/api/users/me").status_code == 401
        caller.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        assert caller.get("/api/users/me").status_code == 401
        token.refresh_from_db()
        assert token.revoked_at is not None
        history = JournalEntry.objects.filter(
            model="users.User", object_id=user.pk, action="change"
        )
        assert history.get().changes == {"password": None}
