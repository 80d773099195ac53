"""Sellers' phones: whose they are, what is on them, and the visits that they send."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg2

from benchmarks.scenarios import Caller
from benchmarks.sync.data import FIRST_SELLER, PUSHED, STORES, seen_in
from benchmarks.sync.ring import NEW

PHONES = 16
STORES_OF = """
SELECT e.id, e.lat, e.lon, p.id FROM stores_establishment AS e
JOIN stores_city AS c ON c.code = e.city_id JOIN stores_department AS d ON d.code = c.department_id
JOIN stores_portfolio AS p ON p.typology_id = e.typology_id AND p.region_id = d.region_id
WHERE e.id > %s ORDER BY e.id LIMIT %s
"""


class Store(NamedTuple):
    """An establishment as it is on a phone."""

    id: int
    lat: float
    lon: float
    portfolio: int


@dataclass(frozen=True, slots=True)
class Phone:
    """One seller's phone."""

    number: int
    headers: dict[str, str]
    stores: list[Store]


def phones(plaza: Caller, connection: psycopg2.extensions.connection) -> list[Phone]:
    """Sign sellers in who are far from each other, and return their phones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users_user WHERE role = 'SELLER'")
        sellers = cursor.fetchone()[0]
        found = []
        for number in range(0, sellers, sellers // PHONES):
            cursor.execute(STORES_OF, [number * STORES, STORES])
            headers = {
                "Authorization": f"Bearer {plaza.token(f'seller{number}@bench.invalid')}",
                "Content-Type": "application/json",
                "X-App-Version": "3.2.0",
                "X-Sync-Backlog": "0",
            }
            stores = [Store(*row) for row in cursor.fetchall()]
            found.append(Phone(FIRST_SELLER + number, headers, stores))
    return found[:PHONES]


def visit(store: Store, day: dt.date, key: str) -> dict[str, Any]:
    """Return the document of a visit that sees 60 products and takes a photograph."""
    begun = dt.datetime.combine(day, dt.time(8, 14, 5), dt.timezone(dt.timedelta(hours=-5)))
    seen = seen_in(store.portfolio)
    return {
        "id": key,
        "establishment": str(store.id),
        "captured_at": begun.isoformat(timespec="milliseconds"),
        "ended_at": (begun + dt.timedelta(minutes=12)).isoformat(timespec="milliseconds"),
        "clock_offset_ms": -1830,
        "location": {
            "lat": store.lat,
            "lon": store.lon,
            "accuracy_m": 14,
            "taken_at": begun.isoformat(timespec="milliseconds"),
            "source": "gps",
        },
        "portfolio_version_id": str(store.portfolio),
        "seen": seen,
        "facings": {str(product): 4 for product in seen[:10]},
        "total_facings": 40,
        "unrecognised": [],
        "photos": [
            {
                "id": f"b{key[1:]}",
                "sha256": hashlib.sha256(key.encode()).hexdigest(),
                "bytes": 204_800,
                "type": "image/jpeg",
                "kind": "fridge",
            }
        ],
        "outcome": "done",
        "note": "",
        "app_version": "3.2.0",
        "_deleted": False,
    }


def key_of(stamp: str, place: int) -> str:
    """Return the id of a new visit, whose last digits are still to come; it sorts after all."""
    digest = hashlib.blake2b(stamp.encode(), digest_size=7).hexdigest()
    return f"{PUSHED}{digest[:7]}-{digest[7:11]}-7{digest[11:14]}-8{place % 0x1000:03x}-{NEW}"
