"""Credentials at rest: AES-256-GCM envelopes, and the ring of keys that opens them.

Each credential has a random 256-bit data key. It seals the user name and the password; the ring's
current key seals (wraps) the data key. Rotation re-wraps the data key alone, so the texts are never
opened for it.

A sealed value is ``01 | nonce (12 bytes) | ciphertext | tag (16 bytes)``; 01 is this format. The
associated data names what the value is, each part with its length before it (four bytes, big
endian), so that no two lists of parts look alike::

    "plaza.allies.credential.1", ally id, version, field [, key id for field "data_key"]

A ciphertext that was moved to another ally, version or field, or is named after another key, does
not open. Whatever does not open raises KeyMissing or SealBroken; garbage is never returned.

``CREDENTIALS_KEYS`` is ``id:base64,id2:base64``: 32 random bytes each, the first one is current. To
rotate, put a new key in front, restart, run ``manage.py rotate_credentials``, then take the old one
out once nothing is left of it.

Only ``allies.services`` opens values; a test holds that.
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from allies.errors import CredentialsKeysInvalid, KeyMissing, SealBroken

PURPOSE = "plaza.allies.credential.1"
FINGERPRINT = "plaza.allies.key.1"
FORMAT = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
DATA_KEY, USER, PASSWORD = "data_key", "user", "password"


@dataclass(frozen=True, slots=True)
class WrappingKeys:
    """The keys that wrap data keys, by id; the first one wraps new ones."""

    current: str
    keys: Mapping[str, AESGCM] = field(repr=False)
    fingerprints: Mapping[str, str] = field(repr=False)

    def key(self, key_id: str) -> AESGCM:
        """Return the key of that id.

        Raises:
            KeyMissing: the ring has none.
        """
        try:
            return self.keys[key_id]
        except KeyError:
            raise KeyMissing(key_id) from None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored of one credential."""

    key_id: str
    data_key: bytes
    user: bytes
    password: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A user name and a password in the clear; neither shows in a repr or a log line."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def fingerprint_of(key_id: str, key: bytes) -> str:
    """Return what tells one key of an id from another and says nothing else: an HMAC by the key."""
    return hmac.digest(key, f"{FINGERPRINT}\0{key_id}".encode(), "sha256").hex()


def read_ring(entries: tuple[str, ...]) -> WrappingKeys:
    """Return the ring that ``CREDENTIALS_KEYS`` spells; the message never holds a key.

    Raises:
        CredentialsKeysInvalid: nothing there, a malformed entry, or an id twice.
    """
    keys: dict[str, AESGCM] = {}
    fingerprints: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        key_id, colon, text = entry.partition(":")
        if not colon or not KEY_ID.fullmatch(key_id) or key_id in keys:
            message = f"CREDENTIALS_KEYS: entry {number} needs an id of its own: id:base64."
            raise CredentialsKeysInvalid(message)
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            message = f"CREDENTIALS_KEYS: key {key_id!r} is not base64 of {KEY_BYTES} bytes."
            raise CredentialsKeysInvalid(message)
        keys[key_id] = AESGCM(key)
        fingerprints[key_id] = fingerprint_of(key_id, key)
    if not keys:
        raise CredentialsKeysInvalid(
            "CREDENTIALS_KEYS is empty: set id:base64, the current key first."
        )
    return WrappingKeys(next(iter(keys)), keys, fingerprints)


_ring = lru_cache(maxsize=4)(read_ring)


def ring() -> WrappingKeys:
    """Return the ring of the settings, or raise CredentialsKeysInvalid."""
    return _ring(tuple(settings.CREDENTIALS_KEYS))


def bound_to(ally_id: str, version: int, *more: str) -> bytes:
    """Return the associated data that ties a value to its place."""
    parts = [part.encode() for part in (PURPOSE, ally_id, str(version), *more)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def seal(key: AESGCM, plain: bytes, place: bytes) -> bytes:
    """Return ``plain`` sealed for its place."""
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + key.encrypt(nonce, plain, place)


def unseal(key: AESGCM, sealed: bytes, place: bytes) -> bytes:
    """Return what was sealed for this place.

    Raises:
        SealBroken: wrong key, damaged bytes or another place.
    """
    if sealed[:1] != FORMAT or len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
        raise SealBroken("A sealed value has an unknown format.")
    start = 1 + NONCE_BYTES
    try:
        return key.decrypt(sealed[1:start], sealed[start:], place)
    except InvalidTag:
        raise SealBroken("A sealed value does not open: wrong key, damaged or moved.") from None


def seal_credentials(*, ally_id: str, version: int, user: str, password: str) -> Sealed:
    """Return a user name and a password sealed for one version of one ally.

    Raises:
        CredentialsKeysInvalid: there is no key to seal them with.
    """
    keys = ring()
    raw = os.urandom(KEY_BYTES)
    data_key = AESGCM(raw)
    return Sealed(
        key_id=keys.current,
        data_key=seal(
            keys.key(keys.current), raw, bound_to(ally_id, version, DATA_KEY, keys.current)
        ),
        user=seal(data_key, user.encode(), bound_to(ally_id, version, USER)),
        password=seal(data_key, password.encode(), bound_to(ally_id, version, PASSWORD)),
    )


def unwrap(*, ally_id: str, version: int, key_id: str, data_key: bytes) -> bytes:
    """Return a credential's data key, or raise KeyMissing or SealBroken."""
    place = bound_to(ally_id, version, DATA_KEY, key_id)
    return unseal(ring().key(key_id), data_key, place)


def is_wrapped_by(*, ally_id: str, version: int, key_id: str, data_key: bytes) -> bool:
    """Tell whether the ring's key of this id wraps a data key; what is inside goes nowhere."""
    try:
        unwrap(ally_id=ally_id, version=version, key_id=key_id, data_key=data_key)
    except SealBroken:
        return False
    return True


def rewrap(*, ally_id: str, version: int, key_id: str, data_key: bytes) -> bytes:
    """Return a data key wrapped by the current key instead of the one named.

    Raises:
        KeyMissing, SealBroken: it cannot be opened with the keys at hand.
    """
    keys = ring()
    raw = unwrap(ally_id=ally_id, version=version, key_id=key_id, data_key=data_key)
    place = bound_to(ally_id, version, DATA_KEY, keys.current)
    return seal(keys.key(keys.current), raw, place)


def open_sealed(*, ally_id: str, version: int, sealed: Sealed) -> Opened:
    """Return the user name and the password; for ``allies.services`` only.

    Raises:
        KeyMissing, SealBroken: they cannot be opened with the keys at hand.
    """
    raw = unwrap(ally_id=ally_id, version=version, key_id=sealed.key_id, data_key=sealed.data_key)
    data_key = AESGCM(raw)
    user = unseal(data_key, sealed.user, bound_to(ally_id, version, USER))
    password = unseal(data_key, sealed.password, bound_to(ally_id, version, PASSWORD))
    return Opened(user.decode(), password.decode())
