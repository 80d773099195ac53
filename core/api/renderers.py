"""JSON out, by orjson, and the entity tags of what goes out (RFC 9110, section 8.8.3).

A tag is a digest of the answer's bytes, so it changes exactly when the answer does, whoever
changed the rows and however: no version column that a bulk update could forget.
"""

from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

ENCODER = JSONEncoder()


def plain(value: Any) -> Any:
    """Return what orjson does not know (lazy texts, decimals) as something that it does."""
    if isinstance(value, Promise):
        return force_str(value)
    if isinstance(value, Decimal):
        return str(value)
    return ENCODER.default(value)


def dumps(data: Any) -> bytes:
    """Return ``data`` as UTF-8 JSON."""
    return orjson.dumps(data, default=plain, option=orjson.OPT_NON_STR_KEYS)


def local_time(value: Any) -> str:
    """Return a time as JSON has it, in the zone at hand."""
    return clock(value, timezone.get_current_timezone())


def clock(value: Any, zone: Any) -> str:
    """Return a time as DRF writes it; whoever writes many asks for the zone once."""
    text: str = value.astimezone(zone).isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


class JSONRenderer(BaseRenderer):
    """The only renderer: compact UTF-8 JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Return the body; no data is no body."""
        return b"" if data is None else dumps(data)


class CSVRenderer(JSONRenderer):
    """Lets a caller ask for CSV where a view answers with a file; errors are JSON, as ever."""

    media_type = "text/csv"
    format = "csv"


def etag_of(body: bytes) -> str:
    """Return the strong entity tag of a body."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'
