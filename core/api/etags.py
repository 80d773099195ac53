"""Entity tags of single resources (RFC 9110, section 8.8.3).

The tag is a digest of the answer's bytes, so it changes exactly when the answer does, whoever
changed the rows and however: no version column that a bulk update could forget.
"""

from hashlib import blake2b

from django.utils.http import parse_etags

from core.errors import PreconditionFailed


def etag_of(body: bytes) -> str:
    """Return the strong entity tag of a body."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def unchanged(header: str, etag: str) -> bool:
    """Tell whether ``If-None-Match: header`` names ``etag`` (weak comparison)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return "*" in tags or etag in tags


def require_match(header: str, etag: str) -> None:
    """Refuse with 412 unless ``If-Match: header`` names ``etag`` (strong comparison)."""
    tags = parse_etags(header)
    if "*" not in tags and etag not in tags:
        raise PreconditionFailed(current=etag)
