"""What is measured of the sellers' sync: rings of requests, one after the other from 16 phones.

Kinto speaks a protocol of its own. Its rings ask for the nearest that it has, and it is compared by
the ids that it answers, not by documents.
"""

import datetime as dt
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.load import CONNECTIONS
from benchmarks.peers.kinto import records
from benchmarks.scenarios import JSON, Answer, Turn, type_json
from benchmarks.sync import data
from benchmarks.sync.phones import Phone, key_of, visit
from benchmarks.sync.ring import NEW, Request, RingLoad

COLLECTIONS = ("products", "portfolios", "establishments")
OUR_FIELDS = frozenset({"received_at"})  # differ by nature
BATCH = 20
BULK = 1_000
Ring = Callable[[Turn], list[Request]]


@dataclass(frozen=True, slots=True)
class SyncScenario:
    """Requests in a ring, of which the first ``requests`` make one figure, and what they answer."""

    name: str
    ring: Ring
    facts: Callable[[Turn, list[Answer]], dict[str, Any]]
    kinto: Ring | None = None
    others: tuple[str, ...] = ("fastapi",)
    requests: int = 1
    connections: int = CONNECTIONS
    writes: bool = False
    is_list: bool = False

    @property
    def kind(self) -> str:
        """Return what kind of request it is: read, list or write."""
        if self.writes:
            return "write"
        return "list" if self.is_list else "read"

    @property
    def peers(self) -> tuple[str, ...]:
        """Return who else takes part."""
        return (*self.others, *(["kinto"] if self.kinto else []))

    def ring_of(self, turn: Turn) -> list[Request]:
        """Return one server's requests."""
        if turn.server == "kinto" and self.kinto:
            return self.kinto(turn)
        return self.ring(turn)

    def load_of(self, turn: Turn) -> RingLoad:
        """Return the load of one turn."""
        return RingLoad(self.ring_of(turn), self.connections)

    def answer(self, turn: Turn) -> type_json:
        """Ask for one figure's worth and return what it says, and what it wrote."""
        ring = self.ring_of(turn)[: self.requests]
        return self.facts(turn, [turn.caller.ask(*one.numbered(0)) for one in ring])

    def expected(self, answer: type_json, peers: type_json) -> type_json:
        """Return what a peer must answer when Plaza gives ``answer``: what it can say of it."""
        return {key: value for key, value in answer.items() if key in peers}

    def clean(self, turn: Turn) -> None:
        """Remove what a turn wrote, dead rows too, so that each finds the tables alike."""
        if self.writes:
            owner = records if turn.server == "kinto" else data
            with turn.database.cursor() as cursor:
                owner.clean(cursor)
                cursor.execute(owner.VACUUM)


def documents(answer: Answer) -> list[dict[str, Any]]:
    """Return the documents of a page, of either protocol."""
    page = json.loads(answer.body)
    return page["documents"] if "documents" in page else page["data"]


def by_id(answer: Answer) -> list[str]:
    """Return the ids of a page, sorted: Kinto has another order."""
    return sorted(one["id"] for one in documents(answer))


# --- Pulls --------------------------------------------------------------------------------------
def unchanged_heads(turn: Turn) -> list[Request]:
    """Ask each phone's head with the tag that it has."""
    ring = []
    for phone in turn.phones:
        tag = turn.caller.ask("GET", "/api/sync", phone.headers).headers["ETag"]
        ring.append(Request("GET", "/api/sync", {**phone.headers, "If-None-Match": tag}))
    return ring


def head_facts(turn: Turn, answers: list[Answer]) -> dict[str, Any]:
    """Return the status, and of those who have heads, the head itself."""
    facts = {"statuses": [one.status for one in answers]}
    if turn.server != "kinto":
        facts["head"] = turn.caller.send("GET", "/api/sync", headers=turn.phones[0].headers)[0]
    return facts


def first_pulls(turn: Turn) -> list[Request]:
    """Fill new phones: the head, then a page of each collection."""
    return [
        Request("GET", path, phone.headers)
        for phone in turn.phones
        for path in (
            "/api/sync",
            *(f"/api/sync/{name}?schema=1&limit=500" for name in COLLECTIONS),
        )
    ]


def pull_facts(turn: Turn, answers: list[Answer]) -> dict[str, Any]:
    """Return what a new phone has at the end."""
    facts: dict[str, Any] = {"ids": [by_id(one) for one in answers[1:]]}
    if [len(ids) for ids in facts["ids"]] != [data.PRODUCTS, data.PORTFOLIOS, data.STORES]:
        raise SystemExit(f"bench: {turn.server} does not fill a phone: {facts}")
    if turn.server != "kinto":
        facts["documents"] = [documents(one) for one in answers[1:]]
    return facts


def empty_pulls(turn: Turn) -> list[Request]:
    """Ask for what came after the last page, of products and of establishments."""
    ring = []
    for phone, name in itertools.product(turn.phones, ("products", "establishments")):
        path = f"/api/sync/{name}?schema=1&limit=500"
        place = turn.caller.send("GET", path, headers=phone.headers)[0]["checkpoint"]
        path += f"&epoch={place['epoch']}&seq={place['seq']}"
        ring.append(Request("GET", path, phone.headers))
    return ring


def empty_facts(_turn: Turn, answers: list[Answer]) -> dict[str, Any]:
    """Return the documents: none."""
    return {"documents": [documents(one) for one in answers]}


# --- Pushes -------------------------------------------------------------------------------------
def rows_of(turn: Turn, phone: Phone, first: int, count: int, day: dt.date) -> str:
    """Return the body of a push: visits of some of the phone's establishments on one day."""
    begin = turn.phones.index(phone) * data.STORES
    rows = [
        {"newDocumentState": visit(store, day, key_of(f"{turn.stamp}{day}", begin + place))}
        for place, store in enumerate(phone.stores[first : first + count], start=first)
    ]
    return json.dumps(rows, separators=(",", ":"))


def pushes(count: int, days: int) -> Ring:
    """Return a ring of new visits, ``count`` in a request; nobody is anywhere twice on one day."""

    def ring(turn: Turn) -> list[Request]:
        today = dt.date.today()
        return [
            Request("POST", "/api/sync/visits", phone.headers, rows_of(turn, phone, *where))
            for back in range(5, 5 + days)
            for first in range(0, data.STORES, count)
            for phone in turn.phones
            for where in [(first, count, today - dt.timedelta(back))]
        ]

    return ring


def replays(turn: Turn) -> list[Request]:
    """Send each phone's visits once, and return a ring that sends the same again."""
    ring = [one.numbered(0) for one in pushes(BATCH, 1)(turn)[: len(turn.phones)]]
    for one in ring:
        turn.caller.ask(*one)
    return ring


STORED = """
SELECT v.id::text, seller_id, establishment_id, occurred_at::text, v.day::text, state, outcome,
       portfolio_version_id, must_have, present, compliance::text, seen, missing, city, region,
       typology, (SELECT count(*) FROM stores_dirtyday AS d WHERE d.day = v.day
                  AND d.seller_id = v.seller_id)
FROM stores_visit AS v WHERE v.id >= %s ORDER BY v.seq
"""


def push_facts(turn: Turn, answers: list[Answer]) -> dict[str, Any]:
    """Return the answered documents and the stored rows; their ids are each server's own."""
    if turn.server == "kinto":
        return {"count": len(answers)}
    said = [
        {key: "…" if key in OUR_FIELDS else value for key, value in one.items()}
        for answer in answers
        for one in json.loads(answer.body)
    ]
    with turn.database.cursor() as cursor:
        cursor.execute(STORED, [f"{data.PUSHED}0000000-0000-0000-0000-000000000000"])
        rows = cursor.fetchall()
    stored = [list(row[1:]) for row in rows if row[0] in {one["id"] for one in said}]
    if [one["compliance"] for one in said] != ["0.7500"] * len(said) or len(stored) != len(said):
        raise SystemExit(
            f"bench: {turn.server} makes no visits of a push: {said[:1]}, {stored[:1]}"
        )
    for one in said:
        del one["id"], one["photos"]
    return {"count": len(answers), "documents": said, "stored": stored}


# --- Bulk ---------------------------------------------------------------------------------------
def bulks(turn: Turn) -> list[Request]:
    """Import 1,000 new products."""
    rows = [
        {
            "sku": f"NEW-{turn.stamp}-{NEW}-{number}",
            "name": f"Yogur griego {number}",
            "brand": "Nubariel",
            "category": "yogur",
        }
        for number in range(BULK)
    ]
    headers = {**JSON, "Authorization": f"Bearer {turn.tokens['ADMIN']}"}
    return [Request("POST", "/api/products/bulk?policy=all_or_nothing", headers, json.dumps(rows))]


def bulk_facts(turn: Turn, answers: list[Answer]) -> dict[str, Any]:
    """Return what a bulk says of itself; it must have made every product."""
    said = json.loads(answers[0].body)
    with turn.database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM stores_product WHERE seq > 0")
        stored = cursor.fetchone()[0]
    if said["created"] != BULK or stored != data.PRODUCTS + BULK:
        raise SystemExit(f"bench: {turn.server} stored {stored} products: {said}")
    return said


HEAD = SyncScenario("sync: head, unchanged", unchanged_heads, head_facts, records.unchanged)
FIRST_SYNC = SyncScenario(
    "sync: first sync (4 requests)",
    first_pulls,
    pull_facts,
    records.first_pulls,
    requests=4,
    is_list=True,
)
NOTHING_NEW = SyncScenario(
    "sync: pull, nothing new", empty_pulls, empty_facts, records.empty_pulls, is_list=True
)
ONE_VISIT = SyncScenario(
    "sync: push one visit", pushes(1, days=2), push_facts, records.pushes, writes=True
)
TWENTY_VISITS = SyncScenario(
    "sync: push 20 visits", pushes(BATCH, days=10), push_facts, writes=True
)
REPLAY = SyncScenario("sync: replay 20 visits", replays, push_facts, writes=True)
BULK_PRODUCTS = SyncScenario(
    "bulk of 1,000 products", bulks, bulk_facts, others=(), connections=2, writes=True
)
SYNC_SCENARIOS = [
    HEAD, FIRST_SYNC, NOTHING_NEW, ONE_VISIT, TWENTY_VISITS, REPLAY, BULK_PRODUCTS,
]  # fmt: skip
