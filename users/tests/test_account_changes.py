"""Another e-mail address and leaving: who asks proves who they are, and tries are counted."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from users import services
from users.auth import limits
from users.auth.passwords import check_credentials
from users.auth.tokens import pair_of
from users.models import ApiToken, LoginBucket, Session, User
from users.tests.factories import PASSWORD, ApiTokenFactory, SessionFactory, UserFactory
from users.tests.helpers_requests import assert_refused, me, renew

pytestmark = pytest.mark.django_db
OWN = ("/api/users/me", "/api/users/{id}")
WRONG = [
    ({}, "required"),
    ({"current_password": None}, "required"),
    ({"current_password": "wrong"}, "invalid"),
    ({"current_password": ""}, "invalid"),
    ({"current_password": 7}, "invalid"),
    ({"current_password": [PASSWORD]}, "invalid"),
    ({"current_password": PASSWORD + " "}, "invalid"),
    ({"current_password": "x" * 100_000}, "invalid"),
]


def stored():
    return list(User.objects.order_by("pk").values())


def assert_not_confirmed(response, code):
    assert (response.status_code, response.json()["code"]) == (400, "wrong_current_password")
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == ("current_password", code)


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize(("proof", "code"), WRONG)
def test_without_the_password_nothing_changes(client_for, role, path, proof, code):
    client = client_for(role)
    UserFactory(role=Role.ADMIN)
    path, before = path.format(id=client.user.pk), stored()
    full = {"name": "New", "last_name": "", "email": "new@example.com"}
    assert_not_confirmed(client.patch(path, {"email": "new@example.com", **proof}), code)
    assert_not_confirmed(client.put(path, {**full, **proof}), code)
    assert_not_confirmed(client.delete(path, proof), code)
    assert stored() == before
    assert client.get("/api/users/me").status_code == 200
    assert not JournalEntry.objects.exists()


def test_a_removal_without_a_body_is_400_and_with_a_bad_one_too(user_api):
    before = stored()
    assert_not_confirmed(user_api.delete("/api/users/me"), "required")
    kind = {"content_type": "application/json"}
    for body in (b"[]", b"{", b'{"current_password": "\\u0000"}', b'"text"'):
        assert user_api.delete("/api/users/me", body, **kind).status_code == 400
    form = user_api.delete("/api/users/me", b"current_password=x", content_type="text/plain")
    assert form.status_code == 415
    assert stored() == before


@pytest.mark.parametrize("path", OWN)
def test_with_the_password_the_address_changes_and_other_sessions_end(user_api, api, path):
    user = user_api.user
    others = [SessionFactory(user=user), SessionFactory(user=user, kind="admin")]
    strangers, token = SessionFactory(), ApiTokenFactory(user=user)
    body = {"email": "New@Example.com", "current_password": PASSWORD}
    response = user_api.patch(path.format(id=user.pk), body)
    assert (response.status_code, response.json()["email"]) == (200, "new@example.com")
    assert "current_password" not in response.json()
    assert user_api.get("/api/users/me").status_code == 200, "the session that asks goes on"
    assert_refused(me(api, pair_of(others[0]).access))
    assert_refused(renew(api, pair_of(others[0]).refresh))
    for session in others:
        session.refresh_from_db()
        assert session.revoked_reason == "The e-mail address was changed."
    strangers.refresh_from_db()
    assert strangers.revoked_at is None
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None
    entry = JournalEntry.objects.get(model="users.User")
    assert entry.changes == {"email": [user.email, "new@example.com"]}
    signed_in = [
        api.post("/api/auth/token", {"email": email, "password": PASSWORD}).status_code
        for email in (user.email, "new@example.com")
    ]
    assert signed_in == [401, 200]


def test_the_same_address_in_any_spelling_needs_no_password(user_api):
    other = SessionFactory(user=user_api.user)
    before = stored()
    for email in (user_api.user.email, user_api.user.email.upper(), f" {user_api.user.email} "):
        response = user_api.patch("/api/users/me", {"email": email})
        assert (response.status_code, response.json()["email"]) == (200, user_api.user.email)
    assert stored() == before
    other.refresh_from_db()
    assert other.revoked_at is None
    assert not LoginBucket.objects.exists(), "no try was counted"


def test_a_malformed_address_is_400_and_names_the_field(user_api):
    for email in (None, 7, ["a@b.co"], "", {"a": 1}):
        response = user_api.patch("/api/users/me", {"email": email})
        assert [error["field"] for error in response.json()["errors"]] in (
            ["email"],
            ["current_password"],
        )
        assert response.status_code == 400
    proven = {"email": "no-at-sign", "current_password": PASSWORD}
    response = user_api.patch("/api/users/me", proven)
    assert [error["field"] for error in response.json()["errors"]] == ["email"]


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
def test_an_api_token_is_refused_even_with_the_password(api, path, role):
    token = ApiTokenFactory(plaintext="an-api-token", user=UserFactory(role=role))
    path, before = path.format(id=token.user_id), stored()
    api.credentials(HTTP_AUTHORIZATION="Bearer an-api-token")
    for response in (
        api.patch(path, {"email": "new@example.com", "current_password": PASSWORD}),
        api.patch(path, {"email": "new@example.com"}),
        api.delete(path, {"current_password": PASSWORD}),
        api.delete(path),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "session_required")
    assert stored() == before
    assert not LoginBucket.objects.exists(), "no password was checked"
    assert api.patch(path, {"name": "Zoe"}).status_code == 200


def test_an_administrator_changes_others_without_a_password(api):
    token = ApiTokenFactory(plaintext="an-api-token", user=UserFactory(role=Role.ADMIN))
    session = SessionFactory()
    path = f"/api/users/{session.user_id}"
    api.credentials(HTTP_AUTHORIZATION="Bearer an-api-token")
    assert api.patch(path, {"email": "new@example.com"}).status_code == 200
    session.refresh_from_db()
    assert session.revoked_reason == "The e-mail address was changed."
    assert api.delete(path).status_code == 204
    assert User.objects.get(pk=token.user_id).is_active


def test_eleven_tries_in_an_hour_are_too_many_whatever_their_answer(user_api):
    UserFactory(email="taken@example.com")
    tries = [
        *[{"email": "taken@example.com", "current_password": PASSWORD}] * 6,
        *[{"email": "new@example.com", "current_password": "wrong"}] * 3,
        {"email": "free@example.com", "current_password": PASSWORD},
    ]
    codes = [user_api.patch("/api/users/me", body).status_code for body in tries]
    assert codes == [409] * 6 + [400] * 3 + [200]
    before = stored()
    for body in ({"email": "free2@example.com"}, {"email": "taken@example.com"}):
        response = user_api.patch("/api/users/me", body | {"current_password": PASSWORD})
        assert (response.status_code, response.json()["code"]) == (429, "too_many_account_changes")
        assert 3500 <= int(response["Retry-After"]) <= 3601
    assert user_api.delete("/api/users/me", {"current_password": PASSWORD}).status_code == 429
    assert stored() == before
    assert user_api.patch("/api/users/me", {"name": "Zoe"}).status_code == 200
    LoginBucket.objects.update(window_ends_at=F("window_ends_at") - timedelta(hours=1))
    body = {"email": "free2@example.com", "current_password": PASSWORD}
    assert user_api.patch("/api/users/me", body).status_code == 200


def test_the_tries_of_one_do_not_count_for_another_nor_for_signing_in(user_api, client_for, api):
    body = {"email": "new@example.com", "current_password": "wrong"}
    codes = {user_api.patch("/api/users/me", body).status_code for _time in range(11)}
    assert codes == {400, 429}
    signed_in = api.post("/api/auth/token", {"email": user_api.user.email, "password": PASSWORD})
    assert signed_in.status_code == 200
    other = client_for(Role.USER)
    body = {"email": "new@example.com", "current_password": PASSWORD}
    assert other.patch("/api/users/me", body).status_code == 200


def test_support_finds_the_tries_by_the_address_and_unlocks(user_api):
    body = {"email": "new@example.com", "current_password": "wrong"}
    for _time in range(11):
        user_api.patch("/api/users/me", body)
    bucket = LoginBucket.objects.get()
    assert (bucket.attempts, bucket.max_attempts) == (10, 10)
    assert bucket.account == limits.account_key(user_api.user.email.upper())
    assert limits.is_locked(bucket, timezone.now())
    bucket.attempts = 9
    assert not limits.is_locked(bucket, timezone.now())
    services.unlock(bucket=bucket, reason="called in")
    body["current_password"] = PASSWORD
    assert user_api.patch("/api/users/me", body).status_code == 200


def test_address_and_password_together_take_one_proof(user_api, api):
    body = {"email": "new@example.com", "password": "another good phrase"}
    assert_not_confirmed(user_api.patch("/api/users/me", body), "required")
    response = user_api.patch("/api/users/me", body | {"current_password": PASSWORD})
    assert response.status_code == 200
    assert_refused(user_api.get("/api/users/me"))
    body = {"email": "new@example.com", "password": "another good phrase"}
    assert api.post("/api/auth/token", body).status_code == 200


def test_a_former_address_cannot_be_had_back_by_being_quick(user_api, monkeypatch):
    """The owner changes the address while a thief's request, which names the former one, runs."""
    former = user_api.user.email

    def change_first(view, queryset):
        User.objects.filter(pk=user_api.user.pk).update(email="new@example.com")
        return queryset.select_for_update(of=("self",))

    monkeypatch.setattr("users.views.accounts.AccountViewSet.lock", change_first)
    assert_not_confirmed(user_api.patch("/api/users/me", {"email": former}), "required")
    # The refusal undid the change, too, which a real owner would have committed by then.
    assert User.objects.get(pk=user_api.user.pk).email == former


def test_if_match_is_compared_and_a_stale_one_changes_nothing(user_api):
    stale = user_api.get("/api/users/me")["ETag"]
    user_api.patch("/api/users/me", {"name": "One"})
    before, proof = stored(), {"current_password": PASSWORD}
    body = {"email": "new@example.com", **proof}
    assert user_api.patch("/api/users/me", body, HTTP_IF_MATCH=stale).status_code == 412
    assert user_api.delete("/api/users/me", proof, HTTP_IF_MATCH=stale).status_code == 412
    assert stored() == before
    tag = user_api.get("/api/users/me")["ETag"]
    assert user_api.delete("/api/users/me", proof, HTTP_IF_MATCH=tag).status_code == 204


def test_a_user_without_a_password_can_prove_nothing(client_for):
    user = UserFactory()
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(password=user.password)
    client = client_for(User.objects.get(pk=user.pk))
    for password in ("", "!", user.password):
        body = {"email": "new@example.com", "current_password": password}
        assert_not_confirmed(client.patch("/api/users/me", body), "invalid")


def test_a_sign_in_by_a_former_address_opens_nothing(api, monkeypatch):
    user = UserFactory(email="former@example.com")

    def slow_check(**given):
        found = check_credentials(**given)
        services.update_user(user=User.objects.get(), email="new@example.com")
        return found

    monkeypatch.setattr("users.auth.sessions.check_credentials", slow_check)
    body = {"email": user.email, "password": PASSWORD}
    assert api.post("/api/auth/token", body).status_code == 401
    assert not Session.objects.exists()


def test_a_role_that_is_no_longer_staff_signs_out_of_the_admin():
    user = UserFactory(role=Role.SUPPORT)
    browser, api_session = SessionFactory(user=user, kind="admin"), SessionFactory(user=user)
    services.update_user(user=user, role=Role.ADMIN)
    browser.refresh_from_db()
    assert browser.revoked_at is None
    UserFactory(role=Role.ADMIN)
    services.update_user(user=user, role=Role.SELLER)
    for session in (browser, api_session):
        session.refresh_from_db()
    assert browser.revoked_reason == "The role was changed."
    assert api_session.is_alive(timezone.now())
