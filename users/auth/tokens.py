"""The JSON Web Tokens: made from a session's row, so nothing secret is stored.

Access and refresh token carry ``sub`` (user), ``sid`` (session), ``gen`` (how often it was
refreshed) and follow from the row byte by byte: a repeated refresh gets the same answer.
"""

import functools
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import datetime_to_epoch

from users.constants import MAX_BEARER_BYTES, MAX_CLOCK_SKEW_SECONDS
from users.errors import InvalidToken
from users.models import Session

# {"alg":"HS256","typ":"JWT"}: our tokens have this header and no other. Comparing the bytes refuses
# `none`, other algorithms, `kid`, `jku`, `jwk`, `x5u` and `crit` before anything is parsed.
HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
# The signature alone is not signed itself. 32 bytes have one spelling in base64url (RFC 4648, 3.5):
# 43 characters, of which the last has two bits to spare, without padding (RFC 7515, 2).
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]", re.ASCII)
USER_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
LAST_SECOND = 253402300799 - 86400  # the year 9999, with room for a time zone and the leeway
MAX_GENERATION = 2**31 - 2  # the next one still fits the column
MAX_REMEMBERED_TOKENS = 2048  # tokens verified lately, per process: some 2 MB


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    user_id: int
    session_id: UUID
    generation: int
    expires_at: int  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Pair:
    """The two tokens of a session at its present generation."""

    access: str
    refresh: str


class KeyRing(TokenBackend):
    """Signs with the first key and reads with any, so that a key can be replaced under load."""

    def __init__(self, keys: tuple[str, ...], **options: Any) -> None:
        super().__init__("HS256", keys[0], **options)
        self.older = [TokenBackend("HS256", key, **options) for key in keys[1:]]

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - simplejwt's signature
        """Return the payload of a token that one of the keys signed, or raise TokenBackendError."""
        try:
            return super().decode(token, verify=verify)
        except TokenBackendError:
            for backend in self.older:
                with suppress(TokenBackendError):
                    return backend.decode(token, verify=verify)
            raise


@functools.lru_cache(maxsize=4)
def key_ring(keys: tuple[str, ...], audience: str, issuer: str, leeway: int) -> KeyRing:
    """Return the one ring of these settings; preparing keys costs time.

    ``leeway`` is in seconds, of every time that a token names.
    """
    return KeyRing(keys, audience=audience, issuer=issuer, leeway=leeway)


def present_ring() -> KeyRing:
    """Return the ring of the settings as they are now."""
    options = settings.SIMPLE_JWT
    keys = (options["SIGNING_KEY"], *getattr(settings, "JWT_SIGNING_KEY_FALLBACKS", ()))
    # For "from the future" (iat, nbf); SessionToken.read() allows less after the end (exp).
    return key_ring(keys, options["AUDIENCE"], options["ISSUER"], MAX_CLOCK_SKEW_SECONDS)


class SessionToken(Token):
    """What our two kinds of token have in common."""

    lifetime = timedelta()  # simplejwt wants one; ours ends with the session or before

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return the token that follows from the session's row."""
        token = cls()
        token.payload = {
            "token_type": cls.token_type,
            "sub": str(session.user_id),
            "sid": str(session.pk),
            "gen": session.generation,
            "iat": datetime_to_epoch(session.rotated_at),
            "exp": datetime_to_epoch(cls.end_of(session)),
            "jti": f"{cls.token_type}-{session.pk.hex}-{session.generation}",
        }
        return token

    @classmethod
    def end_of(cls, session: Session) -> datetime:
        """Return when the token expires."""
        return session.expires_at

    @classmethod
    def read(cls, text: str) -> Claims:
        """Return the claims of a valid token, or raise InvalidToken, whatever ``text`` is.

        After its end it is good for SIMPLE_JWT's LEEWAY. It may say that it was made up to
        MAX_CLOCK_SKEW_SECONDS from now: then this node's clock is behind, and the signature right.
        """
        if not text.startswith(HEADER) or len(text) > MAX_BEARER_BYTES:
            raise InvalidToken
        if not TOKEN.fullmatch(text):
            raise InvalidToken
        claims = verified(cls, text, present_ring())  # type: ignore[arg-type]  # mypy: a class hashes as its instances
        leeway: int = settings.SIMPLE_JWT["LEEWAY"]  # type: ignore[assignment]  # it is seconds
        if claims.expires_at <= time.time() - leeway:
            raise InvalidToken
        return claims

    def get_token_backend(self) -> KeyRing:
        """Return the keys of the settings as they are now."""
        return present_ring()

    def verify(self) -> None:
        """Check types before simplejwt computes with the values, or raise TokenError."""
        for name in ("exp", "iat"):
            value = self.get(name)
            if type(value) is not int or not 0 <= value <= LAST_SECOND:
                raise TokenError(name)
        if self.get("aud") != settings.SIMPLE_JWT["AUDIENCE"]:
            raise TokenError("aud")
        super().verify()

    def claims(self) -> Claims:
        """Return the typed claims, or raise TokenError (ValueError for what is no UUID)."""
        sub, sid, gen = (self.get(name) for name in ("sub", "sid", "gen"))
        if not isinstance(sub, str) or not USER_ID.fullmatch(sub):
            raise TokenError("sub")
        if type(gen) is not int or not 0 <= gen <= MAX_GENERATION:
            raise TokenError("gen")
        if not isinstance(sid, str) or str(UUID(sid)) != sid:
            raise TokenError("sid")
        if self.get("jti") != f"{self.token_type}-{UUID(sid).hex}-{gen}":
            raise TokenError("jti")
        return Claims(int(sub), UUID(sid), gen, self["exp"])


@functools.lru_cache(maxsize=MAX_REMEMBERED_TOKENS)
def verified(kind: type[SessionToken], text: str, ring: KeyRing) -> Claims:
    """Return what a token says that one of the keys signed, or raise InvalidToken.

    A signature that was right stays right, so a token's is computed once, which is most of what
    its caller's requests cost beside the database; when it ends is compared each time. A refusal
    is not remembered.
    """
    del ring  # a token is remembered under the keys that verified it
    try:
        return kind(text).claims()  # type: ignore[arg-type]  # simplejwt takes the text too
    # A signed payload may hold any JSON: numbers that no clock or integer type can take.
    except (TokenError, ValueError, TypeError, OverflowError) as error:
        raise InvalidToken from error


class AccessToken(SessionToken):
    """Proves who calls, for some minutes."""

    token_type = "access"  # noqa: S105 - the kind, no secret

    @classmethod
    def end_of(cls, session: Session) -> datetime:
        """Return the end of some minutes, or of the session if that comes first."""
        lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
        return min(session.rotated_at + lifetime, session.expires_at)


class RefreshToken(SessionToken):
    """Gets the next pair, once."""

    token_type = "refresh"  # noqa: S105 - the kind, no secret


def pair_of(session: Session) -> Pair:
    """Return the tokens of the session at its present generation."""
    return Pair(access=str(AccessToken.of(session)), refresh=str(RefreshToken.of(session)))
