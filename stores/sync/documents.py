"""What phones get: the documents of schema 1, as bytes of JSON.

A document is made here only, so that the answer of a push and a later pull say the same. Ids are
texts; what lists of products hold are numbers. A tombstone says which document is gone, no more.
"""

import datetime as dt
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import orjson

from stores.constants import State, VersionState

UTC_Z = orjson.OPT_UTC_Z


def tombstone(key: object) -> bytes:
    """Return the document of a row that left the phone."""
    return b'{"id":"%s","_deleted":true}' % str(key).encode()


def id_text(key: object) -> str | None:
    """Return a row's key as documents have it."""
    return None if key is None else str(key)


def product(row: Mapping[str, Any]) -> bytes:
    """Return a product's document; an inactive one is gone."""
    if row["state"] != State.ACTIVE:
        return tombstone(row["id"])
    return orjson.dumps(
        {
            "id": str(row["id"]),
            "sku": row["sku"],
            "gtin": row["gtin"] or None,
            "name": row["name"],
            "brand": row["brand"],
            "category": row["category"],
            "is_competitor": row["is_competitor"],
            "_deleted": False,
        }
    )


def portfolio(row: Mapping[str, Any]) -> bytes:
    """Return the document of a portfolio's version; a retired one is gone."""
    if row["state"] != VersionState.PUBLISHED:
        return tombstone(row["id"])
    return orjson.dumps(
        {
            "id": str(row["id"]),
            "portfolio_id": str(row["portfolio_id"]),
            "typology": row["portfolio__typology_id"],
            "region": row["portfolio__region_id"],
            "version": row["number"],
            "valid_from": row["valid_from"],
            "valid_until": row["valid_until"],
            "product_ids": row["product_ids"],
            "_deleted": False,
        }
    )


def establishment(row: Mapping[str, Any]) -> bytes:
    """Return an establishment's document; one that is inactive or somebody else's now is gone."""
    if row["state"] != State.ACTIVE or row["since"] is None:
        return tombstone(row["id"])
    located = row["lat"] is not None
    return orjson.dumps(
        {
            "id": str(row["id"]),
            "code": row["code"],
            "name": row["name"],
            "address": row["address"],
            "city": {"code": row["city_id"], "name": row["city__name"]},
            "region": row["city__department__region_id"],
            "typology": row["typology_id"],
            "portfolio_id": id_text(row["portfolio_id"]),
            "location": {"lat": row["lat"], "lon": row["lon"]} if located else None,
            "geofence_m": row["geofence_m"],
            "assigned_from": row["since"],
            "assigned_until": row["until"],
            "_deleted": False,
        }
    )


def visit(row: Mapping[str, Any]) -> bytes:
    """Return the document of one of the seller's visits."""
    return visit_document(SimpleNamespace(**row), row["portfolio_version__number"])


def visit_document(visit: Any, version_number: int | None) -> bytes:
    """Return a visit's document: what the phone sent, to the byte, and what was made of it.

    ``visit`` is a ``Visit``, or has the columns of one that are shown here; ``version_number`` is
    the number of its portfolio's version. ``doc`` must be a JSON object that has none of
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


def case(row: Mapping[str, Any]) -> bytes:
    """Return the document of one of the seller's cases."""
    return case_document(SimpleNamespace(**row))


def case_document(case: Any) -> bytes:
    """Return a case's document; ``case`` is a ``SellerCase``, or has its columns."""
    return orjson.dumps(
        {
            "id": str(case.id),
            "kind": case.kind,
            "state": case.state,
            "number": case.number,
            "subject": case.subject,
            "details": case.details,
            "answer": case.answer,
            "visit_id": id_text(case.visit_id),
            "request_id": case.request_id or None,
            "updated_at": case.updated_at.astimezone(dt.UTC),
            "_deleted": False,
        },
        option=UTC_Z,
    )
