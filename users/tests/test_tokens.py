from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core.roles import Role
from users import api_tokens, services, sessions
from users.constants import BEARER_MAX_BYTES
from users.models import ApiToken, Session
from users.tests import forging
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory
from users.tokens import AccessToken, RefreshToken, pair_of

pytestmark = pytest.mark.django_db
BAD_TOKEN = 'Bearer realm="plaza", error="invalid_token"'


def me(api, token):
    return api.get("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {token}")


def renew(api, token):
    return api.post("/api/auth/token/refresh", {"refresh": token})


def assert_refused(response):
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    assert response["WWW-Authenticate"] == BAD_TOKEN


def by_name(case):
    name, value = case
    return f"{name}={'missing' if value is forging.MISSING else value!r}"[:40]


# --- access tokens -----------------------------------------------------------------------------


def test_a_fresh_token_is_let_in_by_one_query(api, django_assert_num_queries):
    session = SessionFactory()
    access = pair_of(session).access
    with django_assert_num_queries(1):
        found = sessions.find_session(access=access)
        assert found.user.role == Role.USER
    assert me(api, access).json()["id"] == session.user_id


def test_the_forger_can_make_a_good_token(api):
    """Without this, every refusal below could have another cause."""
    session = SessionFactory()
    assert forging.with_claims(session) == pair_of(session).access
    assert me(api, forging.with_claims(session)).status_code == 200


@pytest.mark.parametrize("case", forging.WRONG_CLAIMS, ids=by_name)
def test_wrong_claims_under_a_right_signature_are_401(api, case):
    name, value = case
    session = SessionFactory()
    assert_refused(me(api, forging.with_claims(session, **{name: value})))
    spoiled = forging.with_claims(session, RefreshToken, **{name: value})
    assert_refused(renew(api, spoiled))
    session.refresh_from_db()
    assert (session.generation, session.revoked_at) == (0, None)


@pytest.mark.parametrize("header", forging.WRONG_HEADERS, ids=lambda header: str(header)[:40])
def test_another_header_is_401_whatever_signs_it(api, header):
    session = SessionFactory()
    claims = forging.claims_of(session)
    alg = header.get("alg") if isinstance(header, dict) else None
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256")
    signed = forging.sign(header, claims, digest=digest)
    assert_refused(me(api, signed))
    assert_refused(me(api, signed.rpartition(".")[0] + "."))


@pytest.mark.parametrize("kind", [AccessToken, RefreshToken])
def test_malformed_tokens_are_401(api, kind):
    session = SessionFactory()
    spoiled = forging.malformed(str(kind.of(session)))
    assert len(spoiled) == 18
    for name, token in spoiled.items():
        response = me(api, token) if kind is AccessToken else renew(api, token)
        assert response.status_code == 401, name
        assert response.json()["code"] == "invalid_token", name
    session.refresh_from_db()
    assert (session.generation, session.revoked_at) == (0, None)


def test_a_refresh_token_is_no_access_token_and_back(api):
    pair = pair_of(SessionFactory())
    assert_refused(me(api, pair.refresh))
    assert_refused(renew(api, pair.access))


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer short",
        "Basic dXNlcjpwYXNz",
        "Token abcdef1234567890",
        "JWT {token}",
        "{token}",
        "Bearer {token} {token}",
        "Bearer {token},Bearer {token}",
        "Bearer {token}, Bearer {token}",
        "Bearer  {token}",
        " Bearer {token}",
        "Bearer {token} ",
        "Bearer\t{token}",
        "Bearer {token}\u00e9",
        "Bearer \u0661{token}",
        "Bearer " + "a" * BEARER_MAX_BYTES,
        "Bearer a.b." + "c" * BEARER_MAX_BYTES,
    ],
)
def test_another_authorization_header_is_401(api, header):
    token = pair_of(SessionFactory()).access
    header = header.replace("{token}", token)
    assert_refused(api.get("/api/users/me", HTTP_AUTHORIZATION=header))


def test_no_header_is_401_with_the_plain_challenge(api):
    response = api.get("/api/users/me")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="plaza"'


def test_the_scheme_may_be_in_any_case_but_a_token_in_the_url_is_no_token(api):
    token = pair_of(SessionFactory()).access
    assert api.get("/api/users/me", HTTP_AUTHORIZATION=f"bEARER {token}").status_code == 200
    assert api.get(f"/api/users/me?access_token={token}").status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {
            "expires_at": timezone.now() - timedelta(seconds=1),
            "created_at": timezone.now() - timedelta(days=2),
        },
    ],
    ids=["revoked", "expired"],
)
def test_an_ended_session_ends_its_access_tokens(api, change):
    session = SessionFactory()
    access = pair_of(session).access
    assert me(api, access).status_code == 200
    Session.objects.filter(pk=session.pk).update(**change)
    assert_refused(me(api, access))


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (28, 200), (32, 401)])
def test_the_end_of_a_token_has_thirty_seconds_of_leeway(api, settings, seconds, status):
    ended = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS + seconds)
    session = SessionFactory(created_at=timezone.now() - ended)
    assert me(api, pair_of(session).access).status_code == status


def test_a_clock_that_is_a_little_ahead_locks_nobody_out(api):
    session = SessionFactory(created_at=timezone.now() + timedelta(seconds=20))
    assert me(api, pair_of(session).access).status_code == 200


def test_deactivation_password_change_and_removal_end_access_at_once(api):
    for change in (
        lambda user: services.update_user(user=user, is_active=False),
        lambda user: services.update_user(user=user, password="another good phrase"),
        lambda user: services.remove_user(user=user),
    ):
        session = SessionFactory()
        pair = pair_of(session)
        token = ApiTokenFactory(user=session.user, plaintext=f"token-{session.pk}")
        assert me(api, pair.access).status_code == 200
        change(session.user)
        assert_refused(me(api, pair.access))
        assert_refused(renew(api, pair.refresh))
        assert_refused(me(api, f"token-{session.pk}"))
        token.refresh_from_db()
        assert token.revoked_at is not None


def test_a_changed_role_counts_at_once(api, client_for):
    client = client_for(Role.USER)
    assert client.get("/api/users").status_code == 403
    services.update_user(user=client.user, role=Role.ADMIN)
    assert client.get("/api/users").status_code == 200


def test_a_replaced_signing_key_is_good_as_long_as_it_is_listed(api, settings):
    pair = pair_of(SessionFactory())
    old = settings.SIMPLE_JWT["SIGNING_KEY"]
    settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "SIGNING_KEY": "new" * 20}
    assert_refused(me(api, pair.access))
    settings.JWT_SIGNING_KEY_FALLBACKS = ("other" * 10, old)
    assert me(api, pair.access).status_code == 200
    renewed = renew(api, pair.refresh).json()
    settings.JWT_SIGNING_KEY_FALLBACKS = ()
    assert me(api, renewed["access"]).status_code == 200


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


def test_a_spent_token_after_the_grace_ends_the_family(api, settings):
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


def test_an_older_generation_ends_the_family_even_within_the_grace(api):
    first = pair_of(SessionFactory()).refresh
    second = renew(api, first).json()["refresh"]
    third = renew(api, second).json()
    assert_refused(renew(api, first))
    assert_refused(renew(api, third["refresh"]))
    assert_refused(me(api, third["access"]))


def test_a_generation_from_the_future_ends_the_family(api):
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


def test_signing_out_with_the_refresh_token_ends_everything_and_may_be_repeated(api):
    pair = pair_of(SessionFactory())
    for _time in range(2):
        response = api.post("/api/auth/logout", {"refresh": pair.refresh})
        assert (response.status_code, response.content) == (204, b"")
    assert_refused(renew(api, pair.refresh))
    assert_refused(me(api, pair.access))


def test_signing_out_with_the_access_token_ends_its_own_session_only(api, client_for):
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


# --- API tokens --------------------------------------------------------------------------------


def test_an_api_token_is_stored_as_a_digest_and_works(api):
    user = UserFactory()
    token, plaintext = api_tokens.create_api_token(user=user, name="integration")
    assert plaintext.startswith("plz_")
    assert len(plaintext) == 47
    assert token.hint == plaintext[:8]
    stored = ApiToken.objects.values().get()
    assert plaintext not in str(stored)
    assert me(api, plaintext).json()["id"] == user.pk


def test_an_api_token_costs_one_query_and_notes_its_use_once_a_minute(django_assert_num_queries):
    token = ApiTokenFactory(plaintext="an-api-token")
    with django_assert_num_queries(2):
        api_tokens.find_api_token("an-api-token")
    with django_assert_num_queries(1):
        api_tokens.find_api_token("an-api-token")
    token.refresh_from_db()
    assert token.last_used_at is not None
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    with django_assert_num_queries(2):
        api_tokens.find_api_token("an-api-token")


def test_revoked_expired_and_unknown_api_tokens_are_401(api):
    now = timezone.now()
    ApiTokenFactory(plaintext="revoked-token", revoked_at=now)
    ApiTokenFactory(
        plaintext="expired-token",
        created_at=now - timedelta(days=2),
        expires_at=now - timedelta(seconds=1),
    )
    ApiTokenFactory(plaintext="nobodys-token", user=UserFactory(is_active=False))
    for token in ("revoked-token", "expired-token", "nobodys-token", "unknown-token"):
        assert_refused(me(api, token))


def test_api_tokens_survive_a_replaced_secret_key(api, settings):
    ApiTokenFactory(plaintext="an-api-token")
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "new" * 20
    assert_refused(me(api, "an-api-token"))
    settings.SECRET_KEY_FALLBACKS = [old]
    assert me(api, "an-api-token").status_code == 200


def test_a_chosen_token_must_have_eight_characters():
    with pytest.raises(ValueError, match="too short"):
        api_tokens.import_api_token(user=UserFactory(), name="x", plaintext="1234567")
    assert not ApiToken.objects.exists()
