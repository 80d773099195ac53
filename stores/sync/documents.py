"""What phones get: the documents of schema 1, as bytes of JSON.

A document is made here only, so that the answer of a push and a later pull say the same.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson

UTC_Z = orjson.OPT_UTC_Z


class VisitRow(NamedTuple):
    """The columns of a visit that its document shows; a ``Visit`` has them too."""

    id: UUID
    doc: str
    state: str
    flags: list[str]
    received_at: dt.datetime
    occurred_at: dt.datetime
    day: dt.date
    must_have: int | None
    present: int | None
    compliance: Decimal | None
    missing: list[int]
    photos_missing: int


def visit_document(visit: Any, version_number: int | None) -> bytes:
    """Return a visit's document: what the phone sent, to the byte, and what was made of it.

    ``visit`` is a ``Visit`` or a :class:`VisitRow`, ``version_number`` the number of its
    portfolio's version. ``doc`` must be a JSON object that has none of
    ``stores.constants.SERVER_FIELDS``: they follow after its last field.
    """
    compliance = visit.compliance
    server = {
        "state": visit.state,
        "flags": visit.flags,
        "received_at": visit.received_at.astimezone(dt.UTC),
        "occurred_at": visit.occurred_at.astimezone(dt.UTC),
        "day": visit.day,
        "portfolio_version": version_number,
        "must_have": visit.must_have,
        "present": visit.present,
        "compliance": None if compliance is None else f"{compliance:.4f}",
        "missing": visit.missing,
        "photos_missing": visit.photos_missing,
        "_deleted": False,
    }
    sent = visit.doc.encode()
    return sent[: sent.rindex(b"}")] + b"," + orjson.dumps(server, option=UTC_Z)[1:]
