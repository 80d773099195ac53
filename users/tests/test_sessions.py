from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from core.roles import Role
from users.auth import sessions
from users.auth.tokens import pair_of
from users.errors import InvalidToken
from users.models import Session
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory
from users.tests.helpers_requests import assert_refused, me, renew

pytestmark = pytest.mark.django_db

# --- refreshing --------------------------------------------------------------------------------


def test_a_refresh_gives_the_next_pair_and_the_former_access_token_still_works(api):
    session = SessionFactory()
    pair = pair_of(session)
    response = renew(api, pair.refresh)
    assert response.status_code == 200
    assert sorted(response.json()) == ["access", "refresh"]
    assert response["Cache-Control"] == "no-store"
    session.refresh_from_db()
    assert session.generation == 1
    assert response.json() == {
        "access": pair_of(session).access,
        "refresh": pair_of(session).refresh,
    }
    assert response.json()["refresh"] != pair.refresh
    assert me(api, pair.access).status_code == 200


def test_a_lost_answer_is_given_again_byte_by_byte(api):
    pair = pair_of(SessionFactory())
    first = renew(api, pair.refresh)
    second = renew(api, pair.refresh)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert Session.objects.get().generation == 1


def test_a_spent_token_after_the_grace_revokes_the_family(api, settings):
    session = SessionFactory()
    spent = pair_of(session).refresh
    successor = renew(api, spent).json()
    long_ago = timezone.now() - timedelta(seconds=settings.REFRESH_GRACE_SECONDS + 1)
    Session.objects.update(rotated_at=long_ago)
    assert_refused(renew(api, spent))
    session.refresh_from_db()
    assert session.revoked_reason == "A spent refresh token was used again."
    assert_refused(renew(api, successor["refresh"]))
    assert_refused(me(api, successor["access"]))


@pytest.mark.parametrize("minutes", [-5, 5])
def test_the_grace_goes_by_the_one_clock_that_all_nodes_share(monkeypatch, minutes):
    """A node minutes ahead would take the repeat for a thief's; one behind would wait on."""
    off = SimpleNamespace(now=lambda: timezone.now() + timedelta(minutes=minutes))
    spent = pair_of(SessionFactory()).refresh
    first = sessions.refresh(spent)
    monkeypatch.setattr(sessions, "timezone", off)
    assert sessions.refresh(spent) == first
    assert Session.objects.get().revoked_at is None
    long_ago = timezone.now() - timedelta(seconds=settings.REFRESH_GRACE_SECONDS + 1)
    Session.objects.update(rotated_at=long_ago)
    with pytest.raises(InvalidToken):
        sessions.refresh(spent)
    assert Session.objects.get().revoked_reason == "A spent refresh token was used again."


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_session_is_dated_by_the_one_clock_that_all_nodes_share(monkeypatch, minutes):
    off = SimpleNamespace(now=lambda: timezone.now() + timedelta(minutes=minutes))
    monkeypatch.setattr(sessions, "timezone", off)
    before = timezone.now()
    sessions.open_session(user=UserFactory())
    [session] = Session.objects.all()
    assert before <= session.created_at == session.rotated_at <= timezone.now()
    assert session.expires_at == session.created_at + timedelta(days=settings.REFRESH_TOKEN_DAYS)


def test_an_older_generation_revokes_the_family_even_within_the_grace(api):
    first = pair_of(SessionFactory()).refresh
    second = renew(api, first).json()["refresh"]
    third = renew(api, second).json()
    assert_refused(renew(api, first))
    assert_refused(renew(api, third["refresh"]))
    assert_refused(me(api, third["access"]))


def test_a_generation_from_the_future_revokes_the_family(api):
    session = SessionFactory()
    ahead = SessionFactory.build(
        pk=session.pk, user=session.user, generation=5, created_at=session.created_at
    )
    assert_refused(renew(api, pair_of(ahead).refresh))
    session.refresh_from_db()
    assert session.revoked_at is not None


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "", "a" * 5000])
def test_a_refresh_that_is_no_text_is_400(api, value):
    response = renew(api, value)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "refresh"


def test_no_refresh_at_all_is_400(api):
    assert api.post("/api/auth/token/refresh", {}).status_code == 400


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_sixteen_parallel_refreshes_give_one_successor(api):
    def attempt(token):
        try:
            return sessions.refresh(token)
        finally:
            connection.close()

    for _round in range(10):
        session = SessionFactory()
        token = pair_of(session).refresh
        with ThreadPoolExecutor(16) as pool:
            pairs = set(pool.map(attempt, [token] * 16))
        session.refresh_from_db()
        assert pairs == {pair_of(session)}
        assert (session.generation, session.revoked_at) == (1, None)


# --- signing out -------------------------------------------------------------------------------


def test_signing_out_with_the_refresh_token_revokes_everything_and_may_be_repeated(api):
    pair = pair_of(SessionFactory())
    for _time in range(2):
        response = api.post("/api/auth/logout", {"refresh": pair.refresh})
        assert (response.status_code, response.content) == (204, b"")
    assert_refused(renew(api, pair.refresh))
    assert_refused(me(api, pair.access))


def test_signing_out_with_the_access_token_revokes_its_own_session_only(api, client_for):
    client = client_for(Role.USER)
    other = pair_of(SessionFactory(user=client.user))
    assert client.post("/api/auth/logout").status_code == 204
    assert client.get("/api/users/me").status_code == 401
    assert me(api, other.access).status_code == 200


def test_signing_out_of_nothing_is_400_and_with_garbage_401(api):
    response = api.post("/api/auth/logout")
    assert (response.status_code, response.json()["code"]) == (400, "no_session")
    assert_refused(api.post("/api/auth/logout", {"refresh": "garbage"}))
    ApiTokenFactory(plaintext="an-api-token")
    response = api.post("/api/auth/logout", HTTP_AUTHORIZATION="Bearer an-api-token")
    assert (response.status_code, response.json()["code"]) == (400, "no_session")
