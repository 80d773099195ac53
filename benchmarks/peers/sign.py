"""Passwords and tokens, the same for FastAPI and Flask."""

import datetime as dt
import uuid

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from benchmarks.common import AUDIENCE, ISSUER, SIGNING_KEY

hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
REFRESH = dt.timedelta(days=30)


def verify_password(stored: str, password: str) -> bool:
    """Tell whether the password is right."""
    try:
        return hasher.verify(stored.removeprefix("argon2"), password)
    except VerificationError:
        return False


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


def user_id_of(token: str) -> int:
    """Return who calls, or raise jwt.PyJWTError."""
    claims = jwt.decode(token, SIGNING_KEY, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER)
    return int(claims["sub"])
