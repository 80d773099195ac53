"""An account that was tried too often is unlocked from the user's own page."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from users.auth.limits import account_key
from users.models import LoginBucket, Session
from users.models.access import SessionKind
from users.tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def bucket_of(user, **fields):
    account = account_key(user.email)
    return LoginBucket.objects.create(
        key=uuid4().hex, account=account, window_ends_at=timezone.now() + HOUR, **fields
    )


def test_an_account_is_unlocked_from_its_own_page(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    user, other = UserFactory(), UserFactory()
    locked, open_, theirs = (
        bucket_of(user, attempts=99),
        bucket_of(user, attempts=1, known_device=True),
        bucket_of(other, attempts=99),
    )
    page = f"/admin/users/user/{user.pk}/unlock/"
    shown = client.get(f"/admin/users/user/{user.pk}/change/")
    panel = next(one for one in shown.context["panels"] if one.title == "Sign-in attempts")
    assert [one.description.split(" · ")[1][:12] for one in panel.found] == [
        "1 of 5 attem",
        "locked until",
    ]
    assert client.post(page, {"reason": ""}).status_code == 200
    assert LoginBucket.objects.count() == 3
    response = client.post(page, {"reason": "called in"})
    assert (response.status_code, response["Location"]) == (
        302,
        f"/admin/users/user/{user.pk}/change/",
    )
    assert {row.pk for row in LoginBucket.objects.all()} == {open_.pk, theirs.pk}
    entry = JournalEntry.objects.get(model="users.LoginBucket")
    assert (entry.object_id, entry.reason) == (str(locked.pk), "called in")


@pytest.mark.parametrize("key", ["0", "99999999", "abc", "9" * 40])
def test_who_is_not_there_cannot_be_unlocked(client, key):
    client.force_login(UserFactory(role=Role.SUPPORT))
    assert client.get(f"/admin/users/user/{key}/unlock/").status_code == 404


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Too many attempts: locked until "), ("es", "Demasiados intentos: bloqueada hasta ")],
)
def test_a_lock_is_counted_down_on_the_page(client, language, said):
    client.force_login(UserFactory(role=Role.SUPPORT))
    user = UserFactory()
    page, headers = f"/admin/users/user/{user.pk}/change/", {"accept-language": language}
    bucket_of(user, attempts=1)
    assert 'id="locked"' not in client.get(page, headers=headers).content.decode()
    bucket_of(user, attempts=99)
    text = client.get(page, headers=headers).content.decode()
    assert said in text
    [seconds] = re.findall(r'id="locked" x-data="{ left: (\d+) }"', text)
    assert 3590 < int(seconds) <= 3600


@pytest.mark.parametrize("kind", SessionKind.values)
def test_a_page_has_the_sessions_of_every_kind(client, kind):
    client.force_login(UserFactory(role=Role.SUPPORT))
    session = SessionFactory(kind=kind, user_agent="Firefox of Ana")
    text = client.get(f"/admin/users/user/{session.user_id}/change/").content.decode()
    assert "Firefox of Ana" in text
    assert f"/admin/users/session/{session.pk}/change/" in text
    Session.objects.update(revoked_at=timezone.now())
    text = client.get(f"/admin/users/user/{session.user_id}/change/").content.decode()
    assert "Firefox of Ana" not in text
