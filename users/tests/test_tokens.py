import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from core.roles import Role
from users import services
from users.auth import sessions
from users.auth.tokens import AccessToken, KeyRing, RefreshToken, pair_of
from users.constants import MAX_BEARER_BYTES, MAX_CLOCK_SKEW_SECONDS
from users.errors import InvalidToken
from users.models import Session
from users.tests import helpers_tokens as forged
from users.tests.factories import ApiTokenFactory, SessionFactory
from users.tests.helpers_requests import assert_refused, me, renew

pytestmark = pytest.mark.django_db


def by_name(case):
    """Name a case; a moment, which differs from process to process, by its size only."""
    name, value = case
    if value is forged.MISSING:
        return f"{name}=missing"
    if re.fullmatch(r"\d{10}(\.\d+)?", str(value)):
        return f"{name}=a moment"
    return f"{name}={value!r}"[:40]


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
    assert forged.with_claims(session) == pair_of(session).access
    assert me(api, forged.with_claims(session)).status_code == 200


@pytest.mark.parametrize("case", forged.WRONG_CLAIMS, ids=by_name)
def test_wrong_claims_under_a_right_signature_are_401(api, case):
    name, value = case
    session = SessionFactory()
    assert_refused(me(api, forged.with_claims(session, **{name: value})))
    spoiled = forged.with_claims(session, RefreshToken, **{name: value})
    assert_refused(renew(api, spoiled))
    session.refresh_from_db()
    assert (session.generation, session.revoked_at) == (0, None)


@pytest.mark.parametrize("header", forged.WRONG_HEADERS, ids=lambda header: str(header)[:40])
def test_another_header_is_401_whatever_signs_it(api, header):
    session = SessionFactory()
    claims = forged.claims_of(session)
    alg = header.get("alg") if isinstance(header, dict) else None
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256")
    signed = forged.sign(header, claims, digest=digest)
    assert_refused(me(api, signed))
    assert_refused(me(api, signed.rpartition(".")[0] + "."))


@pytest.mark.parametrize("kind", [AccessToken, RefreshToken])
def test_malformed_tokens_are_401(api, kind):
    session = SessionFactory()
    spoiled = forged.malformed(str(kind.of(session)))
    assert len(spoiled) == 18
    for name, token in spoiled.items():
        response = me(api, token) if kind is AccessToken else renew(api, token)
        assert response.status_code == 401, name
        assert response.json()["code"] == "invalid_token", name
    session.refresh_from_db()
    assert (session.generation, session.revoked_at) == (0, None)


def spellings(token):
    """Yield what a lenient reader of base64url takes for the same token."""
    head, payload, signature = token.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(signature[-1])
    yield from (token + end for end in ("=", "==", "====", "%3D", "A", ".", "\u200b"))
    yield from (f"{head}.{payload}.{signature[:-1]}{alphabet[last + spare]}" for spare in (1, 2, 3))
    yield from (f"{head}={tail}" for tail in (f".{payload}.{signature}",))
    yield f"{head}.{payload}=.{signature}"
    yield f"{head}.{payload}.{signature[:20]}={signature[20:]}"
    for blank in (" ", "\t", "\n", "\r\n", "\x0b", "!"):
        yield f"{head}.{payload}.{signature[:20]}{blank}{signature[20:]}"
        yield f"{token}{blank}"
        yield f"{blank}{token}"


def test_a_token_has_one_spelling(api):
    for generation in range(8):  # enough for signatures with - and _
        session = SessionFactory(generation=generation)
        pair = pair_of(session)
        access, refresh = pair.access, pair.refresh
        for other in (access.replace("-", "+").replace("_", "/"), *spellings(access)):
            if other != access and other.isascii():
                assert_refused(me(api, other))
        for other in (refresh.replace("-", "+").replace("_", "/"), *spellings(refresh)):
            if other != refresh:
                assert_refused(renew(api, other))
        session.refresh_from_db()
        assert (session.generation, session.revoked_at) == (generation, None)
        assert me(api, access).status_code == 200
        assert renew(api, refresh).status_code == 200


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
        "Bearer " + "a" * MAX_BEARER_BYTES,
        "Bearer a.b." + "c" * MAX_BEARER_BYTES,
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
def test_a_session_that_is_over_takes_its_access_tokens_along(api, change):
    session = SessionFactory()
    access = pair_of(session).access
    assert me(api, access).status_code == 200
    Session.objects.filter(pk=session.pk).update(**change)
    assert_refused(me(api, access))


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (28, 200), (32, 401)])
def test_the_end_of_a_token_has_thirty_seconds_of_leeway(api, settings, seconds, status):
    settings.JWT_SIGNING_KEY_FALLBACKS = ("other" * 10,)  # another key prolongs nothing
    ended = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS + seconds)
    session = SessionFactory(created_at=timezone.now() - ended)
    assert me(api, pair_of(session).access).status_code == status


def test_a_signature_is_computed_once_and_the_end_compared_each_time(api, settings, monkeypatch):
    session = SessionFactory()
    access = pair_of(session).access
    computed = []
    decode = KeyRing.decode
    monkeypatch.setattr(
        KeyRing, "decode", lambda *args, **kwargs: computed.append(1) or decode(*args, **kwargs)
    )
    assert [me(api, access).status_code for _ in range(3)] == [200, 200, 200]
    assert len(computed) == 1
    ends = AccessToken.end_of(session).timestamp() + settings.SIMPLE_JWT["LEEWAY"]
    monkeypatch.setattr("users.auth.tokens.time", SimpleNamespace(time=lambda: ends - 1))
    assert me(api, access).status_code == 200
    monkeypatch.setattr("users.auth.tokens.time", SimpleNamespace(time=lambda: ends))
    assert_refused(me(api, access))
    assert len(computed) == 1


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (300, 200), (600, 200), (601, 401)])
def test_a_node_may_be_ten_minutes_behind_the_one_that_made_the_token(
    api, monkeypatch, claim, seconds, status
):
    assert MAX_CLOCK_SKEW_SECONDS == 600
    session = SessionFactory()
    said = int(session.rotated_at.timestamp())
    claims = {"iat": said - 3600, claim: said}

    class Behind(datetime):
        @classmethod
        def now(cls, tz):
            return datetime.fromtimestamp(said - seconds, tz)

    monkeypatch.setattr("jwt.api_jwt.datetime", Behind)
    assert me(api, forged.with_claims(session, **claims)).status_code == status
    renewed = renew(api, forged.with_claims(session, RefreshToken, **claims))
    assert renewed.status_code == status
    session.refresh_from_db()
    assert (session.generation, session.revoked_at) == (int(status == 200), None)


@pytest.mark.parametrize("kind", [AccessToken, RefreshToken])
@pytest.mark.parametrize(
    ("seconds", "is_good"), [(0, True), (29, True), (30, False), (300, False), (601, False)]
)
def test_what_a_node_may_be_behind_prolongs_no_token(monkeypatch, kind, seconds, is_good):
    token = kind.of(SessionFactory())
    clock = SimpleNamespace(time=lambda: token["exp"] + seconds)
    monkeypatch.setattr("users.auth.tokens.time", clock)
    if is_good:
        assert kind.read(str(token)).expires_at == token["exp"]
    else:
        with pytest.raises(InvalidToken):
            kind.read(str(token))


def test_deactivation_password_change_and_removal_revoke_access_at_once(api):
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
