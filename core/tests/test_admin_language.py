"""The language that somebody chooses in the admin's menu."""

import pytest
from django.test import Client

from core.roles import Role
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
CHOICE, USERS = "/admin/language/", "/admin/users/user/"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    return client


def test_the_choice_wins_over_the_browsers_and_leads_back(support):
    page = support.get(USERS, headers=ENGLISH).content.decode()
    assert page.count(f'action="{CHOICE}"') >= 2
    assert "español" in page
    answer = support.post(CHOICE, {"language": "es", "next": USERS}, headers=ENGLISH)
    assert (answer.status_code, answer["Location"]) == (302, USERS)
    cookie = answer.cookies["language"]
    about = (cookie["path"], cookie["httponly"], cookie["samesite"])
    assert about == ("/admin/", True, "Lax")
    spanish = support.get(USERS, headers=ENGLISH)
    assert spanish["Content-Language"] == "es"
    assert '<html lang="es"' in spanish.content.decode()
    support.post(CHOICE, {"language": "en", "next": USERS})
    assert support.get(USERS, headers={"accept-language": "es"})["Content-Language"] == "en"


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_it_leads_to_no_other_place(support, next_page):
    answer = support.post(CHOICE, {"language": "es", "next": next_page})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize("language", ["xx", "", "\x00", "e" * 10_000])
def test_a_language_that_is_none_changes_nothing(support, language):
    answer = support.post(CHOICE, {"language": language, "next": USERS})
    assert (answer.status_code, "language" in answer.cookies) == (302, False)


def test_a_link_from_elsewhere_chooses_nothing(support):
    assert support.get(CHOICE, {"language": "es"}).status_code == 405
    forged = Client(enforce_csrf_checks=True)
    assert forged.post(CHOICE, {"language": "es"}).status_code == 403
