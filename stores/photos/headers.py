"""The headers of tus 1.0, read strictly; every fault is a 400 that names the header.

https://tus.io/protocols/resumable-upload
"""

import base64
import binascii
import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from core.api.query import refusal
from core.values import parse_uuid
from stores.constants import (
    MAX_METADATA_CHARACTERS,
    MAX_PHOTO_BYTES,
    TUS_VERSION,
    UPLOAD_TYPE,
    PhotoType,
)
from stores.photos.errors import PhotoTooLarge, TusVersionUnknown, UploadHeader

NUMBER = re.compile(r"[0-9]{1,18}")
KEY = re.compile(r"[!-+\--~]+")  # visible ASCII without comma
KIND = re.compile(r"[a-z0-9_-]{0,20}")
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
ALGORITHMS = ("sha256", "sha1")  # the second one is the least that the extension asks for
MAX_DIGEST_CHARACTERS = 64


class Announcement(NamedTuple):
    """What a phone says of a photo before it sends it."""

    id: uuid.UUID
    visit_id: uuid.UUID | None
    sha256: str
    bytes: int
    type: str
    kind: str


class Checksum(NamedTuple):
    """What the bytes of one request must come to."""

    algorithm: str
    digest: bytes

    def fits(self, file: Any) -> bool:
        """Tell whether the bytes of a file, from its start, come to it."""
        file.seek(0)
        return hashlib.file_digest(file, self.algorithm).digest() == self.digest


def wrong(header: str) -> UploadHeader:
    """Return the 400 of a header."""
    return UploadHeader(_("The header %(header)s is missing or wrong.") % {"header": header})


def check_version(meta: Mapping[str, Any]) -> None:
    """Refuse a client that does not speak the protocol's one version.

    Raises:
        TusVersionUnknown: it does not.
    """
    if meta.get("HTTP_TUS_RESUMABLE") != TUS_VERSION:
        raise TusVersionUnknown


def offset_of(meta: Mapping[str, Any]) -> int:
    """Return where the bytes of a request begin."""
    text = meta.get("HTTP_UPLOAD_OFFSET", "")
    if not NUMBER.fullmatch(text):
        raise wrong("Upload-Offset")
    return int(text)


def is_upload(content_type: str | None) -> bool:
    """Tell whether a body is bytes of a photo; a media type has no case (RFC 9110, 8.3.1)."""
    return (content_type or "").lower() == UPLOAD_TYPE


def checksum_of(meta: Mapping[str, Any]) -> Checksum | None:
    """Return what the bytes of a request must come to, if it says that."""
    text = meta.get("HTTP_UPLOAD_CHECKSUM")
    if text is None:
        return None
    algorithm, _blank, encoded = text.partition(" ")
    if algorithm not in ALGORITHMS or len(encoded) > MAX_DIGEST_CHARACTERS:
        raise wrong("Upload-Checksum")
    digest = decoded(encoded, "Upload-Checksum")
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise wrong("Upload-Checksum")
    return Checksum(algorithm, digest)


def announcement_of(meta: Mapping[str, Any]) -> Announcement:
    """Return what a creation says of its photo.

    Raises:
        UploadHeader: a header cannot be read, or is of an extension that is not offered.
        PhotoTooLarge: the photo has more bytes than are taken.
        ValidationError: the metadata lacks something, or says something impossible.
    """
    for name in ("Upload-Defer-Length", "Upload-Concat"):
        if f"HTTP_{name.upper().replace('-', '_')}" in meta:
            raise wrong(name)
    length = length_of(meta)
    said = metadata_of(meta.get("HTTP_UPLOAD_METADATA", ""))
    key = key_in(said, "id")
    if key is None:
        raise refusal("id", _("The metadata must say this."), "required")
    digest, kind = said.get("sha256", ""), said.get("kind", "")
    if not SHA256.fullmatch(digest):
        raise refusal("sha256", _("A SHA-256 in 64 hexadecimal digits."), "invalid")
    if said.get("type", "") not in PhotoType.values:
        raise refusal("type", _("One of image/jpeg, image/png, image/webp."), "invalid_choice")
    if not KIND.fullmatch(kind):
        raise refusal("kind", _("At most 20 small letters, digits, _ and -."), "invalid")
    visit_id = key_in(said, "visit")
    return Announcement(key, visit_id, digest.lower(), length, said["type"], kind)


def length_of(meta: Mapping[str, Any]) -> int:
    """Return how many bytes a photo is going to have."""
    text = meta.get("HTTP_UPLOAD_LENGTH", "")
    if not NUMBER.fullmatch(text) or not int(text):
        raise wrong("Upload-Length")
    if int(text) > MAX_PHOTO_BYTES:
        raise PhotoTooLarge
    return int(text)


def key_in(said: Mapping[str, str], name: str) -> uuid.UUID | None:
    """Return the UUID that the metadata has under a name, if it has one."""
    if not said.get(name):
        return None
    try:
        key = parse_uuid(said[name])
    except ValueError:
        raise refusal(name, _("A UUID."), "invalid") from None
    if not key.int:
        raise refusal(name, _("A UUID."), "invalid")
    return key


def metadata_of(header: str) -> dict[str, str]:
    """Return the pairs of ``Upload-Metadata``; what nobody here asks for is left alone.

    Raises:
        UploadHeader: it is too long, malformed, or says a thing twice.
    """
    if len(header) > MAX_METADATA_CHARACTERS:
        raise wrong("Upload-Metadata")
    said: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _blank, encoded = pair.strip(" ").partition(" ")
        if not KEY.fullmatch(key) or key in said:
            raise wrong("Upload-Metadata")
        try:
            said[key] = decoded(encoded, "Upload-Metadata").decode()
        except UnicodeDecodeError:
            raise wrong("Upload-Metadata") from None
    return said


def decoded(text: str, header: str) -> bytes:
    """Return the bytes that a text spells in Base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong(header) from None
