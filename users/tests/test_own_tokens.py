"""One's own API tokens: made for a time, shown once, read-only if that is enough, ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from core.models import JournalEntry, StoredAnswer
from core.roles import Role
from users.auth import api_tokens
from users.errors import InvalidToken, TooManyTokens
from users.models import ApiToken
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory
from users.tests.helpers_requests import assert_refused, me

pytestmark = pytest.mark.django_db
TOKENS = "/api/users/me/tokens"
FIELDS = ["created_at", "expires_at", "hint", "id", "last_used_at", "name", "read_only"]


def make(client, **body):
    return client.post(TOKENS, {"name": "nightly", **body})


def as_bearer(text):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SELLER, Role.CLINICIAN, Role.USER])
def test_whoever_is_signed_in_makes_a_token_that_is_shown_once(client_for, api, role):
    client, before = client_for(role), timezone.now()
    response = make(client)
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response
    made = response.json()
    assert sorted(made) == sorted([*FIELDS, "token"])
    text = made.pop("token")
    token = ApiToken.objects.get()
    assert (token.user_id, made["name"], made["read_only"]) == (client.user.pk, "nightly", False)
    assert before + timedelta(days=90) <= token.expires_at <= timezone.now() + timedelta(days=90)
    assert text.startswith(made["hint"])
    assert response["Location"] == f"{TOKENS}/{token.pk}"
    assert client.get(response["Location"]).json() == made
    assert me(api, text).json()["id"] == client.user.pk
    assert text not in str(ApiToken.objects.values().get())
    assert text not in client.get(TOKENS).content.decode()
    entry = JournalEntry.objects.get(model="users.ApiToken")
    assert (entry.action, entry.actor_id) == ("create", client.user.pk)
    assert text not in str(entry.changes)
    assert entry.changes["digest"] is None


def test_a_repeated_key_gives_the_same_token_and_keeps_no_text(user_api):
    first, again = (
        user_api.post(TOKENS, {"name": "ci"}, HTTP_IDEMPOTENCY_KEY="key-1") for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert (again["Idempotency-Replayed"], again["Cache-Control"]) == ("true", "no-store")
    assert ApiToken.objects.count() == 1
    kept = StoredAnswer.objects.get()
    text = first.json()["token"].encode()
    assert text not in bytes(kept.body)
    assert text.decode() not in str(kept.headers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "   "),
        ("name", 7),
        ("name", ["ci"]),
        ("name", "x" * 101),
        ("name", "a\u202eb"),
        ("read_only", None),
        ("read_only", "true"),
        ("read_only", 1),
        ("expires_at", None),
        ("expires_at", ""),
        ("expires_at", 1893456000),
        ("expires_at", True),
        ("expires_at", ["2026-12-24T00:00:00Z"]),
        ("expires_at", "tomorrow"),
        ("expires_at", "2026-02-30T00:00:00Z"),
        ("expires_at", "9999-12-31T23:59:59-23:59"),
        ("expires_at", "0001-01-01T00:00:00+14:00"),
        ("expires_at", lambda: timezone.now() - timedelta(seconds=1)),
        ("expires_at", lambda: timezone.now() + timedelta(days=365, minutes=5)),
    ],
)
def test_a_bad_field_is_400_names_it_and_makes_nothing(user_api, field, value):
    given = value().isoformat() if callable(value) else value
    response = make(user_api, **{field: given})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not ApiToken.objects.exists()


def test_a_token_without_a_name_is_400(user_api):
    response = user_api.post(TOKENS, {})
    assert [error["field"] for error in response.json()["errors"]] == ["name"]


def test_a_token_may_last_a_year_and_no_longer_than_it_says(user_api, api):
    ends = (timezone.now() + timedelta(days=365)).replace(microsecond=0)
    response = make(user_api, expires_at=ends.isoformat())
    assert response.status_code == 201
    assert ApiToken.objects.get().expires_at == ends
    ApiToken.objects.update(
        created_at=timezone.now() - timedelta(days=2),
        expires_at=timezone.now() - timedelta(seconds=1),
    )
    assert_refused(me(api, response.json()["token"]))


def test_what_nobody_may_set_is_left_alone(user_api):
    other = UserFactory()
    body = {"id": 999999, "user": other.pk, "hint": "plz_mine", "token": "mine", "digest": "d"}
    response = make(user_api, **body, created_at="2020-01-01T00:00:00Z")
    assert response.status_code == 201
    token = ApiToken.objects.get()
    assert (token.user_id, token.pk == 999999, token.hint == "plz_mine") == (
        user_api.user.pk,
        False,
        False,
    )
    assert token.created_at.year != 2020


def test_a_read_only_token_looks_and_changes_nothing(admin_api):
    text = make(admin_api, read_only=True).json()["token"]
    client, other = as_bearer(text), UserFactory(name="Other")
    assert client.get("/api/users").status_code == 200
    assert client.head(f"/api/users/{other.pk}").status_code == 200
    refused = (
        client.post("/api/users", {"name": "A", "email": "a@b.co"}),
        client.patch(f"/api/users/{other.pk}", {"name": "X"}),
        client.put(f"/api/users/{other.pk}", {"name": "X", "email": "x@y.co"}),
        client.delete(f"/api/users/{other.pk}"),
        client.delete("/api/users/me"),
        client.post(TOKENS, {"name": "another"}),
        client.post("/api/auth/logout"),
        client.post("/api/users/me", {}),
    )
    for response in refused:
        assert (response.status_code, response.json()["code"]) == (403, "token_read_only")
    other.refresh_from_db()
    assert (other.name, other.is_active, ApiToken.objects.count()) == ("Other", True, 1)
    keyed = client.post("/api/users", {}, HTTP_IDEMPOTENCY_KEY="key-1")
    assert keyed.status_code == 403
    assert not StoredAnswer.objects.exists()


def test_the_list_holds_ones_own_filters_searches_and_orders(user_api):
    user, now = user_api.user, timezone.now()
    nightly = ApiTokenFactory(user=user, name="Nightly export", read_only=True)
    phone = ApiTokenFactory(user=user, name="phone", expires_at=now + timedelta(days=3))
    ApiTokenFactory(user=user, name="revoked", revoked_at=now)
    ApiTokenFactory(name="somebody else's")

    def ids(query=""):
        response = user_api.get(TOKENS + query)
        assert response.status_code == 200, response.content
        return [row["id"] for row in response.json()["results"]]

    assert ids() == [phone.pk, nightly.pk]
    assert ids("?ordering=name") == [nightly.pk, phone.pk]
    assert ids("?read_only=true") == [nightly.pk]
    assert ids("?search=night") == [nightly.pk]
    soon = (now + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids(f"?expires_at__lt={soon}") == [phone.pk]
    assert ids(f"?expires_at__gte={soon}") == []
    assert user_api.get(f"{TOKENS}?count=true&limit=1").json()["count"] == 2
    assert sorted(user_api.get(TOKENS).json()["results"][0]) == FIELDS


@pytest.mark.parametrize("query", ["?read_only=maybe", "?ordering=digest", "?token=x"])
def test_a_bad_query_is_400(user_api, query):
    assert user_api.get(TOKENS + query).status_code == 400


def test_the_list_costs_the_same_at_any_length(user_api, django_assert_num_queries):
    for more in (1, 9, 40):
        ApiTokenFactory.create_batch(more, user=user_api.user)
        with django_assert_num_queries(2):  # who calls, the page
            rows = user_api.get(TOKENS).json()["results"]
    assert len(rows) == 50


def test_ending_a_token_is_at_once_and_journalled(user_api, api):
    made = make(user_api).json()
    path = f"{TOKENS}/{made['id']}"
    response = user_api.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert_refused(me(api, made["token"]))
    for method in ("get", "delete"):
        assert getattr(user_api, method)(path).status_code == 404
    entry = JournalEntry.objects.filter(model="users.ApiToken", action="change").get()
    assert (entry.object_id, entry.reason) == (str(made["id"]), "Ended by its owner.")


@pytest.mark.parametrize("key", ["0", "zz", "01", "-1", "9" * 30, "{other}"])
def test_what_names_no_token_of_ones_own_is_404(admin_api, key):
    other = ApiTokenFactory()
    path = f"{TOKENS}/{key.format(other=other.pk)}"
    for method in ("get", "delete"):
        assert getattr(admin_api, method)(path).status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None


def test_an_api_token_makes_sees_and_ends_none(client_for):
    client = client_for(Role.ADMIN)
    made = make(client).json()
    token = as_bearer(made["token"])
    for response in (
        token.get(TOKENS),
        token.post(TOKENS, {"name": "another"}),
        token.get(f"{TOKENS}/{made['id']}"),
        token.delete(f"{TOKENS}/{made['id']}"),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "session_required")
    assert ApiToken.objects.get().revoked_at is None


def test_twenty_good_tokens_are_enough(user_api):
    now = timezone.now()
    tokens = ApiTokenFactory.create_batch(19, user=user_api.user)
    ApiTokenFactory(user=user_api.user, revoked_at=now)
    ApiTokenFactory(user=user_api.user, created_at=now - timedelta(days=2), expires_at=now)
    ApiTokenFactory.create_batch(3)
    assert make(user_api).status_code == 201
    count = ApiToken.objects.count()
    response = make(user_api)
    assert (response.status_code, response.json()["code"]) == (409, "too_many_tokens")
    assert response.json()["limit"] == 20
    assert ApiToken.objects.count() == count
    assert user_api.delete(f"{TOKENS}/{tokens[0].pk}").status_code == 204
    assert make(user_api).status_code == 201


def test_a_session_that_was_ended_meanwhile_makes_no_token():
    session = SessionFactory(revoked_at=timezone.now())
    with pytest.raises(InvalidToken):
        api_tokens.create_own_api_token(session=session, name="late")
    assert not ApiToken.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_twenty_are_made():
    session = SessionFactory()
    ApiTokenFactory.create_batch(18, user=session.user)

    def attempt(number):
        try:
            api_tokens.create_own_api_token(session=session, name=f"token {number}")
        except TooManyTokens:
            return "refused"
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert (answers.count("made"), answers.count("refused")) == (2, 6)
    assert ApiToken.objects.count() == 20
