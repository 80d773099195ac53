"""Passwords and tokens, the same for all peers."""

import datetime as dt
import hashlib
import hmac
import unicodedata
import uuid
from typing import NamedTuple

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from benchmarks.common import AUDIENCE, ISSUER, SIGNING_KEY

hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
REFRESH = dt.timedelta(days=30)
LOGIN_ATTEMPTS = 10
LOGIN_WINDOW = dt.timedelta(minutes=15)


class Claims(NamedTuple):
    """What a valid token says."""

    user_id: int
    session_id: uuid.UUID


def fold(name: str) -> str:
    """Return the form in which two spellings of a name are equal."""
    return unicodedata.normalize("NFKC", name.casefold()).strip()


def verify_password(stored: str, password: str) -> bool:
    """Tell whether the password is right."""
    try:
        return hasher.verify(stored.removeprefix("argon2"), password)
    except VerificationError:
        return False


def bucket_key(email: str) -> str:
    """Return the key under which attempts to sign in are counted."""
    return hmac.new(SIGNING_KEY.encode(), email.lower().encode(), hashlib.sha256).hexdigest()


def make_token(user_id: int, session_id: uuid.UUID, kind: str, lifetime: dt.timedelta) -> str:
    """Return a signed token."""
    now = dt.datetime.now(dt.UTC)
    claims = {
        "token_type": kind,
        "sub": str(user_id),
        "sid": str(session_id),
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + lifetime,
        "aud": AUDIENCE,
        "iss": ISSUER,
    }
    return jwt.encode(claims, SIGNING_KEY, algorithm="HS256")


def pair(user_id: int, session_id: uuid.UUID) -> dict[str, str]:
    """Return both tokens."""
    return {
        "access": make_token(user_id, session_id, "access", dt.timedelta(minutes=15)),
        "refresh": make_token(user_id, session_id, "refresh", REFRESH),
    }


def claims_of(token: str) -> Claims:
    """Return who calls by which session, or raise jwt.PyJWTError."""
    claims = jwt.decode(token, SIGNING_KEY, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER)
    return Claims(int(claims["sub"]), uuid.UUID(claims["sid"]))
