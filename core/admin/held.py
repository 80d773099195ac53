"""Files between preview and confirmation: sealed, for an hour, for one person and one question."""

import hmac
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.models import PREVIEWED_FOR, PreviewedFile

NONCE_BYTES = 12
TOKEN_BYTES = 32
MAX_TOKEN_CHARACTERS = 64


def digest_of(token: str) -> str:
    """Return the key under which the files of a token are kept."""
    return sha256(f"previewed file|{token}".encode()).hexdigest()


def cipher(token: str, about: str) -> AESGCM:
    """Return what seals the files of a token: only server and page together can make it.

    ``about`` says for whom and for what they are held; with another one nothing opens.
    """
    message = f"previewed file|{about}|{token}".encode()
    return AESGCM(hmac.digest(settings.SECRET_KEY.encode(), message, "sha256"))


@transaction.atomic
def hold(files: Mapping[str, bytes], *, about: str) -> str:
    """Keep files by name; return the token that :func:`release` wants."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    key, seals = digest_of(token), cipher(token, about)
    for name, body in files.items():
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + seals.encrypt(nonce, body, name.encode())
        PreviewedFile.objects.create(key=key, name=name, body=sealed)
    return token


def opened(token: str, *, about: str) -> dict[str, bytes]:
    """Return the files of a token by name; none when they are gone, too old, or another's."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        return {}
    since = timezone.now() - PREVIEWED_FOR
    rows = PreviewedFile.objects.filter(key=digest_of(token), created_at__gte=since)
    seals, found = cipher(token, about), {}
    for row in rows.order_by("pk"):
        sealed = bytes(row.body)
        try:
            found[row.name] = seals.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row.name.encode()
            )
        except InvalidTag:
            return {}
    return found


def release(token: str, *, about: str) -> dict[str, bytes]:
    """Return the files of a token and forget them, in the caller's transaction: once only.

    Who comes second waits for the first one's end, and gets none.
    """
    rows = PreviewedFile.objects.select_for_update().filter(key=digest_of(token))
    list(rows.values_list("pk", flat=True))
    found = opened(token, about=about)
    if found:
        PreviewedFile.objects.filter(key=digest_of(token)).delete()
    return found
