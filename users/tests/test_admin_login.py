import pytest
from django.test import Client
from django.urls import reverse

from core.roles import Role
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


def test_deactivation_and_a_new_password_end_the_browser_session(support):
    assert support.get(USERS).status_code == 200
    support.user.set_password(NEW)
    support.user.save()
    assert support.get(USERS).status_code == 302
    support.force_login(support.user)
    User.objects.filter(pk=support.user.pk).update(is_active=False)
    assert support.get(USERS).status_code == 302
