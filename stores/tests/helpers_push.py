"""A phone that pushes visits, and what the database has of them."""

import datetime as dt
import uuid
from typing import Any

import orjson
from django.utils import timezone

from stores.models import DirtyDay, RejectedUpload, Visit, VisitRevision

FIX = {"lat": 6.2442, "lon": -75.5812, "accuracy_m": 14, "source": "gps"}
PUSH = "/api/sync/visits"


def moment(ago: dt.timedelta = dt.timedelta(seconds=1)) -> str:
    """Return a time as a phone writes it, so long ago."""
    return (timezone.localtime() - ago).isoformat(timespec="milliseconds")


def visit(store: Any, **fields: Any) -> dict[str, Any]:
    """Return a document of a visit with nothing odd in it."""
    return {
        "id": str(uuid.uuid4()),
        "establishment": str(getattr(store, "pk", store)),
        "captured_at": moment(),
        "location": FIX,
        "seen": [],
        "outcome": "done",
        "_deleted": False,
        **fields,
    }


def rows(*documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the body of a push."""
    return [{"newDocumentState": document} for document in documents]


def push(client, *documents: dict[str, Any]):
    """Send documents; return the answer."""
    return client.post(PUSH, rows(*documents))


def push_raw(client, body: bytes | str, content_type: str = "application/json", **extra: Any):
    """Send a body as it is; return the answer."""
    return client.generic("POST", PUSH, body, content_type=content_type, **extra)


def pushed(client, *documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Send documents that are taken; return those of the answer."""
    answer = push(client, *documents)
    assert answer.status_code == 200, answer.content
    return answer.json()


def counts() -> dict[str, int]:
    """Return how many rows a push may have added."""
    return {
        "visits": Visit.objects.count(),
        "revisions": VisitRevision.objects.count(),
        "rejected": RejectedUpload.objects.count(),
        "dirty": DirtyDay.objects.count(),
    }


def as_text(document: dict[str, Any]) -> str:
    """Return the body of a push of one document."""
    return orjson.dumps(rows(document)).decode()
