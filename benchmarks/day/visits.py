"""The document of a visit, as a phone sends it."""

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from typing import Any

from benchmarks.sync.data import seen_in


def visit_of(dice: random.Random, stores: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the document of a visit to one of some stores that ends now."""
    store, lat, lon, portfolio = dice.choice(stores)
    ended = dt.datetime.now(dt.UTC)
    begun = ended - dt.timedelta(minutes=12)
    stamp = int(ended.timestamp() * 1000)
    key = uuid.UUID(int=stamp << 80 | 7 << 76 | dice.getrandbits(12) << 64
                    | 2 << 62 | uuid.uuid4().int & (1 << 62) - 1)  # fmt: skip
    seen = seen_in(portfolio)
    return {
        "id": str(key),
        "establishment": str(store),
        "captured_at": begun.isoformat(timespec="milliseconds"),
        "ended_at": ended.isoformat(timespec="milliseconds"),
        "clock_offset_ms": 0,
        "location": {
            "lat": lat,
            "lon": lon,
            "accuracy_m": 14,
            "taken_at": begun.isoformat(timespec="milliseconds"),
            "source": "gps",
        },
        "portfolio_version_id": str(portfolio),
        "seen": seen,
        "facings": {str(product): 4 for product in seen[:10]},
        "total_facings": 40,
        "unrecognised": [],
        "photos": [],
        "outcome": "done",
        "note": "",
        "app_version": "3.2.0",
        "_deleted": False,
    }
