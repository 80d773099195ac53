"""``Content-Encoding`` of a request (RFC 9110, 8.4): gzip of a JSON body, and nothing else.

Phones on bad networks send their visits compressed. The limit on a body holds for what comes out,
too, and no more than that is ever unpacked.
"""

import zlib
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from core.errors import ApplicationError, BadRequest, PayloadTooLarge

JSON = "application/json"
GZIP = {"gzip", "x-gzip"}  # RFC 9110, 8.4.1.3: one and the same
ONE_MEMBER = 16 + zlib.MAX_WBITS  # zlib reads a header and a trailer of gzip, RFC 1952


class UnsupportedCoding(ApplicationError):
    """The body is in a coding, or several, that the route does not take (RFC 9110, 15.5.16)."""

    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_coding"
    default_detail = _("Of content codings only gzip is taken, once, and of a JSON body.")

    def __init__(self) -> None:
        super().__init__(headers={"Accept-Encoding": "gzip"})


class GzipMalformed(BadRequest):
    """The body is no gzip, is cut off, damaged, or goes on after its end."""

    default_code = "gzip_malformed"
    default_detail = _("The body is not one complete gzip stream.")


def has_body(request: Request) -> bool:
    """Tell whether a request brings something that may be encoded; a DELETE need not."""
    if request.method in SAFE_METHODS:
        return False
    return request.method != "DELETE" or request.META.get("CONTENT_LENGTH") not in {None, "", "0"}


def decode_body(request: Request) -> None:
    """Let the parsers of a request read its body as it was before it was encoded.

    Raises:
        UnsupportedCoding: it is encoded in another way than by gzip, or is no JSON.
        GzipMalformed: it is not one complete gzip stream.
        PayloadTooLarge: more than ``MAX_BODY_BYTES`` come out of it.
    """
    codings = codings_of(request.META["HTTP_CONTENT_ENCODING"])
    if not codings or not has_body(request):
        return
    http: Any = request._request  # noqa: SLF001 - Django's own request
    if len(codings) > 1 or codings[0] not in GZIP or http.content_type != JSON:
        raise UnsupportedCoding
    http._body = unpacked(http.body)  # noqa: SLF001 - what ``body`` is, and DRF's parsers read


def codings_of(header: str) -> list[str]:
    """Return the codings of a header in the order in which they were applied.

    ``identity`` alone is none (12.5.3); as one of several it says something that is not so.
    """
    names = [name.strip(" \t").lower() for name in header.split(",")]
    codings = [name for name in names if name]
    return [] if codings == ["identity"] else codings


def unpacked(body: bytes) -> bytes:
    """Return what is in one member of gzip.

    Raises:
        GzipMalformed: it is none, or there is less or more.
        PayloadTooLarge: it is more than ``MAX_BODY_BYTES``.
    """
    limit = settings.MAX_BODY_BYTES
    reader = zlib.decompressobj(ONE_MEMBER)
    try:
        data = reader.decompress(body, limit + 1)
    except zlib.error:
        raise GzipMalformed from None
    if len(data) > limit:
        raise PayloadTooLarge(_("The body may have at most %(limit)d bytes.") % {"limit": limit})
    if not reader.eof or reader.unused_data:
        raise GzipMalformed
    return data
