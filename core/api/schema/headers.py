"""The headers of requests and answers, described once; answers refer to them by name."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

TEXT = {"type": "string"}
SECONDS = {"type": "integer", "minimum": 0}
ADDRESS = {"type": "string", "format": "uri-reference"}


def _answer(
    description: str, schema: dict[str, Any], example: Any, *, always: bool = True
) -> dict[str, Any]:
    return {
        "description": description,
        "required": always,
        "schema": schema,
        "example": example,
    }


# ``required`` means: in each answer that names it; a test of every answer compares.
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": _answer(
        "The request's own id, or the one that it got. Quote it to support.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
        "4182b012a91448a698f7f3f3a0912c42",
    ),
    "ETag": _answer(
        "Changes exactly when the bytes of the answer do (RFC 9110, 8.8.3).",
        TEXT,
        '"060548b491e13cb246aba7e7"',
    ),
    "Location": _answer("Where the new resource is.", ADDRESS, "/api/dogs/Rocky"),
    "Link": _answer(
        'The neighbouring pages as `rel="next"` and `rel="prev"` (RFC 8288), as in the body; left '
        "out where there is none, and where the addresses are very long.",
        TEXT,
        '<http://127.0.0.1:9050/api/dogs?limit=2>; rel="prev"',
        always=False,
    ),
    "Retry-After": _answer("After how many seconds to try again.", SECONDS, 2),
    "Retry-After-Perhaps": _answer(
        "After how many seconds to try again, where waiting helps.", SECONDS, 2, always=False
    ),
    "Idempotency-Replayed": _answer(
        "`true` where this is the stored answer of an earlier request with the same key.",
        {"type": "string", "enum": ["true"]},
        "true",
        always=False,
    ),
    "WWW-Authenticate": _answer("How to authenticate (RFC 6750).", TEXT, 'Bearer realm="plaza"'),
    "Age": _answer("Seconds since the catalogue said so (RFC 9111).", SECONDS, 12, always=False),
    "Cache-Status": _answer(
        "Whether the answer is a copy, and why (RFC 9211).",
        TEXT,
        "plaza; hit; ttl=18",
        always=False,
    ),
    "Server-Time": _answer(
        "The server's time, with which a phone compares its own.",
        {"type": "string", "format": "date-time"},
        "2026-01-31T14:05:09.123Z",
    ),
    "Tus-Resumable": _answer(
        "The version of the protocol of uploads (tus 1.0).",
        {"type": "string", "enum": ["1.0.0"]},
        "1.0.0",
    ),
    "Upload-Offset": _answer("How many bytes of the upload have arrived.", SECONDS, 131072),
    "Upload-Expires": _answer(
        "Until when an unfinished upload is kept (RFC 9110, 5.6.7).",
        TEXT,
        "Sat, 31 Jan 2026 14:05:09 GMT",
        always=False,
    ),
}


def reference(name: str) -> tuple[str, dict[str, str]]:
    """Return a header's name in the answer, and the reference to its description."""
    return name.removesuffix("-Perhaps"), {"$ref": f"#/components/headers/{name}"}


def asked(name: str, description: object, **schema: Any) -> OpenApiParameter:
    """Describe one header of requests."""
    return OpenApiParameter(
        name,
        {"type": "string", **schema} if schema else OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=str(description),
    )


def idempotency_key() -> OpenApiParameter:
    """Describe the header of every POST whose answer is kept."""
    text = _("Repeat safely: the first answer comes again, 7 days.")
    return asked("Idempotency-Key", text, pattern="^[\\x21-\\x7e]{1,255}$")


def if_none_match() -> OpenApiParameter:
    """Describe the header of a read that may be answered 304."""
    return asked("If-None-Match", _("304 when the entity tag still fits."))


def if_match() -> OpenApiParameter:
    """Describe the header of a write that is refused when the resource has changed."""
    return asked("If-Match", _("412 unless the entity tag still fits."))
