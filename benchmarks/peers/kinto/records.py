"""What phones would ask of Kinto: its own records API, with the documents that Plaza gives."""

import base64
import datetime as dt
import json

import psycopg2

from benchmarks.common import HOST, PORTS
from benchmarks.scenarios import Caller, Turn
from benchmarks.sync.data import STORES
from benchmarks.sync.phones import Phone, key_of, visit
from benchmarks.sync.ring import Request

BUCKET = "/v1/buckets/sync"
BATCH = 25  # as many as Kinto takes at once
# Of two writes at once to one collection Kinto refuses some, so each seller has several for visits.
VISITS = 4
VACUUM = "VACUUM objects, timestamps"
CLEAN = "DELETE FROM objects WHERE parent_id LIKE '/buckets/sync/collections/visits-%'"


def headers_of(phone: Phone) -> dict[str, str]:
    """Return what names a seller to Kinto."""
    name = base64.b64encode(f"seller{phone.number}:x".encode()).decode()
    return {**phone.headers, "Authorization": f"Basic {name}"}


def collections_of(phone: Phone) -> list[str]:
    """Return the collections that fill a seller's phone."""
    return ["products", "portfolios", f"establishments-{phone.number}"]


def records_of(collection: str) -> str:
    """Return where the records of a collection are."""
    return f"{BUCKET}/collections/{collection}/records"


def fill(phones: list[Phone]) -> None:
    """Give Kinto the documents that Plaza has for each phone."""
    plaza, kinto = (Caller(f"http://{HOST}:{PORTS[name]}") for name in ("plaza", "kinto"))
    headers = headers_of(phones[0])
    everybody = {"permissions": {"write": ["system.Authenticated"]}}
    kinto.ask("PUT", BUCKET, headers, json.dumps(everybody))
    for phone in phones:
        for place in range(VISITS):
            kinto.ask("PUT", f"{BUCKET}/collections/visits-{phone.number}-{place}", headers)
    owners = {name: phone for phone in phones for name in collections_of(phone)}
    for name, owner in owners.items():
        kinto.ask("PUT", f"{BUCKET}/collections/{name}", headers)
        path = f"/api/sync/{name.partition('-')[0]}?schema=1&limit=500"
        documents = plaza.send("GET", path, headers=owner.headers)[0]["documents"]
        puts = [
            {
                "method": "PUT",
                "path": f"{records_of(name)}/{one['id']}",
                "body": {"data": {key: one[key] for key in one if key != "_deleted"}},
            }
            for one in documents
        ]
        for first in range(0, len(puts), BATCH):
            body = json.dumps({"requests": puts[first : first + BATCH]})
            kinto.ask("POST", "/v1/batch", headers, body)


def tag_of(turn: Turn, phone: Phone, collection: str) -> str:
    """Return a collection's tag: the time of its latest change."""
    answer = turn.caller.ask("HEAD", records_of(collection), headers_of(phone))
    return answer.headers["ETag"]


def unchanged(turn: Turn) -> list[Request]:
    """Ask for the products with the tag that the phone has."""
    return [
        Request("GET", records_of("products"), {**headers_of(phone), "If-None-Match": tag})
        for phone in turn.phones
        for tag in [tag_of(turn, phone, "products")]
    ]


def first_pulls(turn: Turn) -> list[Request]:
    """Fill new phones: whether there is anything, then each collection."""
    return [
        request
        for phone in turn.phones
        for request in (
            Request("HEAD", records_of("products"), headers_of(phone)),
            *(
                Request("GET", records_of(name), headers_of(phone))
                for name in collections_of(phone)
            ),
        )
    ]


def empty_pulls(turn: Turn) -> list[Request]:
    """Ask for what came after the last page, of products and of establishments."""
    return [
        Request("GET", f"{records_of(name)}?_since={tag}", headers_of(phone))
        for phone in turn.phones
        for name in ("products", f"establishments-{phone.number}")
        for tag in [tag_of(turn, phone, name).strip('"')]
    ]


def pushes(turn: Turn) -> list[Request]:
    """Put one new visit at a time."""
    ring = []
    for place in range(STORES):
        for number, phone in enumerate(turn.phones):
            store = phone.stores[place]
            key = key_of(turn.stamp, number * STORES + place)
            document = visit(store, dt.date.today(), key)
            del document["_deleted"]
            body = json.dumps({"data": document}, separators=(",", ":"))
            path = f"{records_of(f'visits-{phone.number}-{place % VISITS}')}/{key}"
            ring.append(Request("PUT", path, headers_of(phone), body))
    return ring


def clean(cursor: psycopg2.extensions.cursor) -> None:
    """Remove the visits."""
    cursor.execute(CLEAN)
