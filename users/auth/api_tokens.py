"""API tokens: made, recognised and revoked. Only a keyed digest is stored."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core.audit import journal
from core.db import if_writable
from users.constants import (
    API_TOKEN_DAYS,
    API_TOKEN_PREFIX,
    API_TOKEN_SEEN_EVERY_SECONDS,
    MAX_API_TOKENS,
    MIN_API_TOKEN_CHARACTERS,
)
from users.errors import InvalidToken, TooManyTokens
from users.models import ApiToken, Session, User


def digest_of(plaintext: str, secret: str | bytes | None = None) -> str:
    """Return what is stored of a token."""
    return salted_hmac("users.api_tokens", plaintext, secret=secret, algorithm="sha256").hexdigest()


def digests_of(plaintext: str) -> list[str]:
    """Return the digests under the present key and under the ones that it replaced."""
    fallbacks = [digest_of(plaintext, secret) for secret in settings.SECRET_KEY_FALLBACKS]
    return [digest_of(plaintext), *fallbacks]


@transaction.atomic
def create_api_token(
    *, user: User, name: str, expires_at: datetime | None = None, read_only: bool = False
) -> tuple[ApiToken, str]:
    """Make a token; the second value is the only time that anybody sees it."""
    plaintext = API_TOKEN_PREFIX + secrets.token_urlsafe(32)
    hint = plaintext[: len(API_TOKEN_PREFIX) + 4]
    token = store(
        user=user,
        name=name,
        plaintext=plaintext,
        hint=hint,
        expires_at=expires_at,
        read_only=read_only,
    )
    return token, plaintext


@transaction.atomic
def create_own_api_token(
    *, session: Session, name: str, expires_at: datetime | None = None, read_only: bool = False
) -> tuple[ApiToken, str]:
    """Make a token for the user of ``session``, by default for ``API_TOKEN_DAYS``.

    The user's row is locked: of two that are made at once, the second one counts the first; and
    what ends the user's access ends the token with it, or came before and is seen here.

    Raises:
        TooManyTokens: the user has ``MAX_API_TOKENS`` good ones.
        InvalidToken: the session was ended meanwhile.
    """
    now = timezone.now()
    user = User.objects.select_for_update(no_key=True).get(pk=session.user_id)
    if not Session.objects.alive(now).filter(pk=session.pk).exists():
        raise InvalidToken
    if ApiToken.objects.alive(now).filter(user=user).count() >= MAX_API_TOKENS:
        raise TooManyTokens(MAX_API_TOKENS)
    ends = expires_at or now + timedelta(days=API_TOKEN_DAYS)
    return create_api_token(user=user, name=name, expires_at=ends, read_only=read_only)


@transaction.atomic
def import_api_token(*, user: User, name: str, plaintext: str) -> ApiToken:
    """Store a token that somebody else chose: for demo data, where tokens are written down.

    Raises:
        ValueError: the text is too short for a token.
    """
    if len(plaintext) < MIN_API_TOKEN_CHARACTERS:
        raise ValueError("too short for a token")
    known = ApiToken.objects.filter(digest=digest_of(plaintext)).first()
    return known or store(user=user, name=name, plaintext=plaintext)


def store(*, plaintext: str, **fields: Any) -> ApiToken:
    """Store a token's digest and journal it."""
    token = ApiToken.objects.create(digest=digest_of(plaintext), **fields)
    journal.record(journal.Action.CREATE, token, changes=journal.initial(token))
    return token


def find_api_token(plaintext: str) -> ApiToken:
    """Return the live token with its user, in one query, or raise InvalidToken."""
    now = timezone.now()
    token = ApiToken.objects.select_related("user").filter(digest__in=digests_of(plaintext)).first()
    if token is None or not token.is_alive(now) or not token.user.is_active:
        raise InvalidToken
    note_use(token, now)
    return token


@if_writable
def note_use(token: ApiToken, now: datetime) -> None:
    """Store that the token is in use, at most once a minute: not a write per request."""
    before = now - timedelta(seconds=API_TOKEN_SEEN_EVERY_SECONDS)
    if token.last_used_at is not None and token.last_used_at > before:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


@transaction.atomic
def revoke_api_tokens(*, tokens: list[ApiToken], reason: str) -> int:
    """Revoke those of ``tokens`` that are not revoked yet, and journal each; return how many."""
    now = timezone.now()
    revoked = []
    for token in tokens:
        if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
            token.revoked_at = now
            revoked.append(token)
    journal.record_many(
        journal.entry(
            journal.Action.CHANGE,
            token,
            changes={"revoked_at": [None, now.isoformat()]},
            reason=reason,
        )
        for token in revoked
    )
    return len(revoked)


def revoke_api_tokens_of(*, user: User, reason: str) -> int:
    """Revoke every live API token of ``user``; return how many."""
    live = list(ApiToken.objects.filter(user=user, revoked_at__isnull=True))
    return revoke_api_tokens(tokens=live, reason=reason)
