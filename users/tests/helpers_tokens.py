"""Makes tokens as an attacker, or a defect of ours, might."""

import base64
import hmac
import json
import time

from django.conf import settings

from users.auth.tokens import AccessToken

MISSING = object()


def b64(data) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(session, kind=AccessToken) -> dict:
    return {**kind.of(session).payload, "aud": "plaza", "iss": "plaza"}


def sign(header, payload, key=None, digest="sha256") -> str:
    """Return a token whose signature is right, whatever it says."""
    body = f"{b64(header)}.{b64(payload)}"
    mac = hmac.digest((key or settings.JWT_SIGNING_KEY).encode(), body.encode(), digest)
    return f"{body}.{b64(mac)}"


# As PyJWT writes it: ours are recognised by these bytes.
HEADER = b'{"alg":"HS256","typ":"JWT"}'


def with_claims(session, kind=AccessToken, **changes) -> str:
    claims = {**claims_of(session, kind), **changes}
    return sign(HEADER, {name: value for name, value in claims.items() if value is not MISSING})


NOW = int(time.time())
WRONG_CLAIMS = [
    *[("sub", value) for value in ("zz", "\x00", {}, [], None, 1, True, "-1", "0", "01", " 1")],
    *[("sub", value) for value in ("1.0", "\uff11", "9" * 30, "999999", MISSING)],
    *[("sid", value) for value in (MISSING, None, "zz", 7, "\x00", {}, [], "0" * 32)],
    ("sid", "00000000-0000-4000-8000-000000000000"),
    ("sid", "{00000000-0000-4000-8000-000000000000}"),
    *[("gen", value) for value in (MISSING, None, "0", True, -1, 1.5, 10**20, [], {})],
    *[("exp", value) for value in (MISSING, None, "soon", str(NOW + 900), [], {}, True)],
    *[("exp", value) for value in (10**20, -1, 0, NOW - 3600, float("nan"), float("inf"))],
    *[("iat", value) for value in (MISSING, None, "then", [], NOW + 3600, 10**20, -1)],
    *[("nbf", value) for value in (NOW + 3600, "later", [], 10**20)],
    *[("aud", value) for value in (MISSING, None, "other", ["plaza"], ["plaza", "x"], {})],
    *[("iss", value) for value in (MISSING, None, "other", [])],
    *[("token_type", value) for value in (MISSING, None, "Access", "sliding", [], {})],
    *[("jti", value) for value in (MISSING, None, "\x00", 7, {}, "access-0-0")],
]
WRONG_HEADERS = [
    *[{"alg": alg, "typ": "JWT"} for alg in ("none", "None", "NONE", "nOnE", "", None)],
    *[{"alg": alg, "typ": "JWT"} for alg in ("HS384", "HS512", "RS256", "ES256", "hs256")],
    *[
        {"alg": "HS256", "typ": "JWT", "kid": kid}
        for kid in ("../../dev/null", "' OR 1=1 --", "\x00", {}, 1)
    ],
    {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": "AAAA"}},
    {"alg": "HS256", "typ": "JWT", "jku": "https://evil.example/keys"},
    {"alg": "HS256", "typ": "JWT", "x5u": "https://evil.example/cert"},
    {"alg": "HS256", "typ": "JWT", "crit": ["exp"]},
    {"alg": "HS256", "typ": "at+jwt"},
    {"alg": "HS256"},
    {},
    [],
]


def malformed(good: str) -> dict[str, str]:
    """Return texts that are nearly the token ``good``."""
    head, body, mac = good.split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=="))
    return {
        "empty signature": f"{head}.{body}.",
        "stripped signature": f"{head}.{body}",
        "cut signature": good[:-4],
        "tampered payload": f"{head}.{b64({**payload, 'exp': payload['exp'] + 1})}.{mac}",
        "another key": sign(HEADER, payload, key="k" * 40),
        "empty key": sign(HEADER, payload, key=" "),
        "sha384 under HS256": sign(HEADER, payload, digest="sha384"),
        "a segment more": f"{good}.{mac}",
        "only dots": "........",
        "two dots": "aaaa.bbbb.cccc",
        "payload a list": sign(HEADER, [payload]),
        "payload a number": sign(HEADER, 7),
        "payload no JSON": sign(HEADER, b"{"),
        "payload no UTF-8": sign(HEADER, b"\xff\xfe"),
        "payload too deep": sign(HEADER, b"[" * 2000),
        "header too deep": f"{b64(b'[' * 2500)}.{body}.{mac}",
        "header no JSON": f"{b64(b'{')}.{body}.{mac}",
        "not base64": f"{head}.{body[:-1]}*.{mac}",
    }
