"""The question that a phone asks most: whether there is anything new."""

import zlib
from typing import Any

from core import cases
from stores.constants import POLL_SECONDS, POLL_SPREAD_SECONDS, SCHEMA, SCHEMAS, UPLOAD_CHUNK_BYTES
from stores.sync import queries


def head(seller_id: int) -> dict[str, Any]:
    """Return the latest version of each of a seller's collections, and when to ask again.

    Nothing in it depends on the time, so that its entity tag lasts until something changes.
    """
    heads = queries.heads_of(seller_id)
    latest = heads.latest
    if cases.keeper() is None:  # nothing is to be heard of them
        latest = {name: seq for name, seq in latest.items() if name != "cases"}
    return {
        "epoch": heads.epoch,
        "heads": latest,
        "poll_after": poll_after(seller_id),
        "schema": SCHEMA,
        "schemas": SCHEMAS,
        "upload_chunk": UPLOAD_CHUNK_BYTES,
    }


def poll_after(seller_id: int) -> int:
    """Return the seconds between two questions of a phone.

    Always the same for a seller and spread over all of them: what began at 8:00 does not go on in
    step.
    """
    spread = zlib.crc32(b"%d" % seller_id) % (2 * POLL_SPREAD_SECONDS + 1)
    return POLL_SECONDS - POLL_SPREAD_SECONDS + spread
