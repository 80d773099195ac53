"""One's own sessions: seen, ended one by one or all others, by nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from core.models import JournalEntry
from core.roles import Role
from users.auth.tokens import AccessToken, pair_of
from users.models import Session
from users.tests.factories import PASSWORD, ApiTokenFactory, SessionFactory, UserFactory
from users.tests.helpers_requests import assert_refused, me, renew

pytestmark = pytest.mark.django_db
SESSIONS = "/api/users/me/sessions"


def with_session(session):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.of(session)}")
    client.user, client.session_row = session.user, session
    return client


@pytest.fixture
def caller(db):
    return with_session(SessionFactory())


def rows(client, query=""):
    response = client.get(SESSIONS + query)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_a_session_says_where_it_is_from_and_whether_it_is_the_one_that_asks(api):
    user = UserFactory()
    body = {"email": user.email, "password": PASSWORD}
    agent = "Mozilla/5.0\u202e \x07(X11)\x00 " + "x" * 400
    first = api.post("/api/auth/token", body, HTTP_USER_AGENT=agent, REMOTE_ADDR="192.0.2.7")
    session = Session.objects.get()
    second = SessionFactory(user=user, created_at=timezone.now() - timedelta(days=1))
    response = api.get(SESSIONS, HTTP_AUTHORIZATION=f"Bearer {first.json()['access']}")
    assert response.status_code == 200
    shown, other = response.json()["results"]
    assert sorted(shown) == [
        "address",
        "created_at",
        "current",
        "expires_at",
        "id",
        "kind",
        "last_used_at",
        "user_agent",
    ]
    assert (shown["id"], shown["kind"], shown["current"]) == (str(session.pk), "api", True)
    assert (shown["address"], shown["last_used_at"]) == ("192.0.2.7", shown["created_at"])
    assert shown["user_agent"].startswith("Mozilla/5.0 (X11) xxx")
    assert len(shown["user_agent"]) == 200
    assert (other["id"], other["current"], other["address"]) == (str(second.pk), False, "")
    one = api.get(f"{SESSIONS}/{session.pk}", HTTP_AUTHORIZATION=f"Bearer {first.json()['access']}")
    assert one.json() == shown


def test_a_refresh_is_the_last_use_and_a_request_writes_nothing(
    caller, api, django_assert_num_queries
):
    long_ago = timezone.now() - timedelta(minutes=9)
    Session.objects.update(created_at=long_ago, rotated_at=long_ago)
    session = Session.objects.get()
    caller = with_session(session)
    with django_assert_num_queries(2):  # who calls, the page
        before = rows(caller)
    assert before[0]["last_used_at"] == before[0]["created_at"]
    assert renew(api, pair_of(session).refresh).status_code == 200
    assert rows(caller)[0]["last_used_at"] > before[0]["last_used_at"]


def test_the_list_holds_what_is_alive_filters_and_orders(caller):
    user, now = caller.user, timezone.now()
    old = SessionFactory(user=user, created_at=now - timedelta(days=2))
    browser = SessionFactory(user=user, kind="admin", created_at=now - timedelta(minutes=5))
    SessionFactory(user=user, revoked_at=now)
    SessionFactory(user=user, created_at=now - timedelta(days=31))
    SessionFactory(user=user, kind="admin", created_at=now - timedelta(minutes=61))  # idle
    SessionFactory()  # somebody else's
    current = caller.session_row

    def ids(query=""):
        return [row["id"] for row in rows(caller, query)]

    assert ids() == [str(row.pk) for row in (current, browser, old)]
    assert ids("?kind=admin") == [str(browser.pk)]
    assert ids("?kind=api&ordering=created_at") == [str(old.pk), str(current.pk)]
    assert ids("?ordering=last_used_at&limit=1") == [str(old.pk)]
    assert caller.get(f"{SESSIONS}?count=true").json()["count"] == 3


@pytest.mark.parametrize("query", ["?kind=phone", "?ordering=address", "?current=true", "?limit=0"])
def test_a_bad_query_is_400(caller, query):
    assert caller.get(SESSIONS + query).status_code == 400


def test_the_list_costs_the_same_at_any_length(caller, django_assert_num_queries):
    for more in (0, 9, 40):
        SessionFactory.create_batch(more, user=caller.user)
        with django_assert_num_queries(2):  # who calls, the page
            found = rows(caller)
    assert len(found) == 50


def test_ending_one_ends_its_tokens_and_no_other(caller, api):
    other = SessionFactory(user=caller.user)
    pair = pair_of(other)
    response = caller.delete(f"{SESSIONS}/{other.pk}")
    assert (response.status_code, response.content) == (204, b"")
    assert_refused(me(api, pair.access))
    assert_refused(renew(api, pair.refresh))
    assert caller.get("/api/users/me").status_code == 200
    entry = JournalEntry.objects.get(model="users.Session")
    assert (entry.object_id, entry.reason) == (str(other.pk), "Ended by its owner.")
    assert caller.delete(f"{SESSIONS}/{other.pk}").status_code == 404
    assert caller.get(f"{SESSIONS}/{other.pk}").status_code == 404


def test_ending_the_current_one_is_signing_out(caller):
    assert caller.delete(f"{SESSIONS}/{caller.session_row.pk}").status_code == 204
    assert_refused(caller.get("/api/users/me"))
    assert Session.objects.get().revoked_reason == "Signed out."


def test_ending_all_others_leaves_the_current_one_and_the_api_tokens(caller, api):
    user = caller.user
    others = [*SessionFactory.create_batch(2, user=user), SessionFactory(user=user, kind="admin")]
    strangers, token = SessionFactory(), ApiTokenFactory(user=user)
    response = caller.delete(SESSIONS)
    assert (response.status_code, response.content) == (204, b"")
    ended = set(Session.objects.filter(revoked_reason="Ended by its owner."))
    assert ended == set(others)
    assert set(Session.objects.filter(revoked_at=None)) == {caller.session_row, strangers}
    token.refresh_from_db()
    assert token.revoked_at is None
    assert [row["current"] for row in rows(caller)] == [True]
    assert caller.delete(SESSIONS).status_code == 204


def test_ending_all_others_with_a_filter_is_400_and_ends_none(caller):
    other = SessionFactory(user=caller.user, kind="admin")
    assert caller.delete(f"{SESSIONS}?kind=api").status_code == 400
    other.refresh_from_db()
    assert other.revoked_at is None


def test_a_browser_is_listed_and_ended_from_the_api():
    user = UserFactory(role=Role.SUPPORT)
    browser, client = Client(), with_session(SessionFactory(user=user))
    form = {"username": user.email, "password": PASSWORD}
    assert browser.post("/admin/login/", form, headers={"User-Agent": "Firefox"}).status_code == 302
    assert browser.get("/admin/users/user/").status_code == 200
    (row,) = rows(client, "?kind=admin")
    assert (row["user_agent"], row["current"]) == ("Firefox", False)
    assert client.delete(f"{SESSIONS}/{row['id']}").status_code == 204
    assert browser.get("/admin/users/user/").status_code == 302
    assert rows(client, "?kind=admin") == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPPORT, Role.USER])
def test_nobody_sees_or_ends_anothers(client_for, role):
    other, client = SessionFactory(), client_for(role)
    assert [row["current"] for row in rows(client)] == [True]
    for response in (
        client.get(f"{SESSIONS}/{other.pk}"),
        client.delete(f"{SESSIONS}/{other.pk}"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    other.refresh_from_db()
    assert other.revoked_at is None


@pytest.mark.parametrize("key", ["zz", "1", "0" * 32, "%7B{id}%7D", "{id}0", "%00", "9" * 300])
def test_what_names_no_session_is_refused(caller, key):
    path = f"{SESSIONS}/{key.format(id=caller.session_row.pk)}"
    expected = 400 if key == "%00" else 404
    assert caller.get(path).status_code == expected
    assert caller.delete(path).status_code == expected
    assert Session.objects.get().revoked_at is None


def test_an_api_token_sees_and_ends_no_session(api):
    token = ApiTokenFactory(plaintext="an-api-token", user=UserFactory(role=Role.ADMIN))
    session = SessionFactory(user=token.user)
    api.credentials(HTTP_AUTHORIZATION="Bearer an-api-token")
    for response in (
        api.get(SESSIONS),
        api.delete(SESSIONS),
        api.get(f"{SESSIONS}/{session.pk}"),
        api.delete(f"{SESSIONS}/{session.pk}"),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "session_required")
    session.refresh_from_db()
    assert session.revoked_at is None


def test_a_stale_entity_tag_is_412(caller):
    other = SessionFactory(user=caller.user)
    path = f"{SESSIONS}/{other.pk}"
    tag = caller.get(path)["ETag"]
    assert caller.get(path, HTTP_IF_NONE_MATCH=tag).status_code == 304
    Session.objects.filter(pk=other.pk).update(rotated_at=timezone.now() + timedelta(seconds=5))
    assert caller.delete(path, HTTP_IF_MATCH=tag).status_code == 412
    assert caller.delete(path, HTTP_IF_MATCH=caller.get(path)["ETag"]).status_code == 204


def test_a_removed_user_leaves_no_address_behind(admin_api):
    session = SessionFactory(user_agent="Firefox", address="192.0.2.7")
    assert admin_api.delete(f"/api/users/{session.user_id}").status_code == 204
    session.refresh_from_db()
    assert (session.user_agent, session.address) == ("", "")
