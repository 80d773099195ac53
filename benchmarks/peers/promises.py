"""What Plaza promises beside its answers, for peers of any framework: the parts that need none.

A peer keeps them unless ``BENCH_PROMISES=0``: a token is worth nothing once its session is revoked,
every request has an id and leaves a line in JSON and in the metrics, resources have entity tags and
answer 304, refusals are problem documents, pages go by keys, looks at patients are in the journal
in the transaction that read them, popular movies come from Redis. Libraries are the usual ones.
"""

import base64
import binascii
import hashlib
import hmac
import logging
import re
import sys
import uuid
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from pythonjsonlogger.orjson import OrjsonFormatter

from benchmarks.common import SIGNING_KEY

PROBLEM = "application/problem+json"
METRICS = CONTENT_TYPE_LATEST
POPULAR_SECONDS = 3600
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
request_id: ContextVar[str] = ContextVar("request_id", default="")

REQUESTS = Counter("peer_http_requests", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "peer_http_request_seconds",
    "Seconds until the answer.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
logger = logging.getLogger("peer.access")
logger.setLevel(logging.INFO)
logger.propagate = False
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(OrjsonFormatter("{message}{levelname}{name}", style="{", timestamp=True))
logger.addHandler(handler)


class Person(NamedTuple):
    """Who calls, as the journal names them."""

    id: int
    email: str
    role: str


def begin_request(given: str | None) -> str:
    """Return the caller's id of the request, if it is usable, or a new one; remember it."""
    chosen = given if given and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    request_id.set(chosen)
    return chosen


def end_request(
    method: str, path: str, route: str, status: int, seconds: float, client: str
) -> None:
    """Count a request, and leave its line."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)
    logger.info(
        "request",
        extra={
            "request_id": request_id.get(),
            "method": method,
            "path": path,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "client": client,
        },
    )


def exposition() -> bytes:
    """Return the page that Prometheus reads, of all processes."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)


def problem(status: int, path: str, detail: str = "", **extra: Any) -> bytes:
    """Return a problem document (RFC 9457)."""
    name = HTTPStatus(status)
    return orjson.dumps(
        {
            "type": "about:blank",
            "title": name.phrase,
            "status": status,
            "detail": detail,
            "instance": path,
            "code": name.name.lower(),
            "request_id": request_id.get(),
            **extra,
        }
    )


def etag_of(body: bytes) -> str:
    """Return the entity tag of a resource."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Tell whether the caller has this representation."""
    if not if_none_match:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


class Cursor(NamedTuple):
    """Where a page begins: after a row with these keys, or before it."""

    keys: list[Any]
    backwards: bool = False

    def signed(self) -> str:
        """Return it as a text that nobody else can make."""
        said = orjson.dumps([self.keys, self.backwards])
        return base64.urlsafe_b64encode(signature_of(said) + said).decode().rstrip("=")


def cursor_of(text: str) -> Cursor:
    """Return the cursor that we signed, or raise ValueError."""
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError from error
    if not hmac.compare_digest(found[:16], signature_of(found[16:])):
        raise ValueError
    return Cursor(*orjson.loads(found[16:]))


def signature_of(said: bytes) -> bytes:
    """Return what proves that a cursor is ours."""
    return hmac.digest(SIGNING_KEY.encode(), said, "sha256")[:16]
