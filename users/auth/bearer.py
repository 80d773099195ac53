"""Who calls: a Bearer token, either a session's access token or a stored API token."""

import re

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from core import context
from users.auth import api_tokens, sessions
from users.constants import MAX_BEARER_BYTES, MIN_API_TOKEN_CHARACTERS
from users.errors import REALM, InvalidToken, TokenReadOnly
from users.models import ApiToken, Session, User

# One scheme, one token, visible ASCII (RFC 6750, 2.1 without its rarer spellings).
BEARER = re.compile(r"(?i:bearer) ([\x21-\x2b\x2d-\x7e]+)")


def bearer_of(header: str) -> str:
    """Return the token of an ``Authorization`` header, or raise InvalidToken."""
    match = BEARER.fullmatch(header) if len(header) <= MAX_BEARER_BYTES else None
    if match is None or len(match[1]) < MIN_API_TOKEN_CHARACTERS:
        raise InvalidToken
    return match[1]


def credential_of(token: str) -> Session | ApiToken:
    """Return what the token stands for, with its user, in one query.

    That one query is what revocation, deactivation and a changed role need to count at once.

    Raises:
        InvalidToken: nobody's, or no longer.
    """
    if token.count(".") == 2:  # noqa: PLR2004 - header.payload.signature
        return sessions.find_session(access=token)
    return api_tokens.find_api_token(token)


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer …`` and nothing else."""

    write_refusals = (TokenReadOnly.default_code,)  # for the contract

    def authenticate(self, request: Request) -> tuple[User, Session | ApiToken] | None:
        """Return the user and the credential, or None without a header.

        Raises:
            InvalidToken: the header holds nobody's token, or one that is over.
            TokenReadOnly: the token may only look, and the method may change something.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        credential = credential_of(bearer_of(header))
        if request.method not in SAFE_METHODS and getattr(credential, "read_only", False):
            raise TokenReadOnly
        context.actor.set(sessions.actor_of(credential.user))
        return credential.user, credential

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of an answer to a call without a token."""
        return REALM
