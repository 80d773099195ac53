"""A phone of a seller, after RxDB's replication: what it has, how far it read, what is unsent.

Each method is one step after which the phone may be switched off; what the object holds is what it
then finds on its disk. The network is the caller's: it decides which answers arrive.
"""

import json
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
Row = dict[str, Any]

CATALOGUE = ("products", "portfolios", "establishments")
COLLECTIONS = (*CATALOGUE, "visits")
# What a phone itself says in a visit; the rest of a visit's document is the server's.
SAID = (
    "id",
    "establishment",
    "captured_at",
    "clock_offset_ms",
    "location",
    "seen",
    "outcome",
    "note",
)


def said(visit: Document) -> str:
    """Return what the phone said in a visit, in one spelling."""
    return json.dumps({name: visit[name] for name in SAID if name in visit}, sort_keys=True)


@dataclass
class Kept:
    """A visit on the phone: as it is here, and as the phone believes that the server has it."""

    here: Document
    there: Document | None = None
    is_told: bool = True  # False: taken from the server's answer, which RxDB sends back once

    @property
    def is_changed(self) -> bool:
        """Whether the phone says something that the server has not confirmed."""
        return self.here != self.there


@dataclass
class Phone:
    """What is on the disk."""

    copies: dict[str, dict[str, Document]] = field(
        default_factory=lambda: {name: {} for name in CATALOGUE}
    )
    visits: dict[str, Kept] = field(default_factory=dict)
    positions: dict[str, Document] = field(default_factory=dict)
    epoch: str = ""

    def begin_anew(self, epoch: str = "") -> None:
        """Do what an app does in a new epoch: pull everything again, and send what it has again."""
        self.epoch = epoch
        self.positions = {}
        self.copies = {name: {} for name in CATALOGUE}
        for kept in self.visits.values():
            kept.there = None

    def record(self, visit: Document) -> None:
        """Write a visit down, a new one or in other words."""
        kept = self.visits.get(visit["id"])
        if kept is None:
            self.visits[visit["id"]] = Kept(visit)
        else:
            kept.here = visit

    def unsent(self, limit: int) -> list[Row]:
        """Return the rows of the next push."""
        kept = [one for one in self.visits.values() if one.is_changed or not one.is_told]
        return [
            {"newDocumentState": one.here}
            | ({"assumedMasterState": one.there} if one.there is not None else {})
            for one in kept[:limit]
        ]

    def sent(self, rows: list[Row], answer: list[Document]) -> None:
        """Take a push's answer: what it names is as it says, the rest is as it was sent."""
        masters = {document["id"]: document for document in answer}
        for row in rows:
            document = row["newDocumentState"]
            kept = self.visits[document["id"]]
            master = masters.get(document["id"])
            kept.there = document if master is None else master
            kept.is_told = master is None
            if master is not None:
                kept.here = master

    def pulled(self, name: str, page: Document, *, is_position_saved: bool) -> None:
        """Take a page; without its position when the phone was switched off in between."""
        for document in page["documents"]:
            if name == "visits":
                self._pulled_visit(document)
            elif document["_deleted"]:
                self.copies[name].pop(document["id"], None)
            else:
                self.copies[name][document["id"]] = document
        if is_position_saved and page["documents"]:  # RxDB keeps no position of an empty page
            self.positions[name] = page["checkpoint"]

    def _pulled_visit(self, document: Document) -> None:
        kept = self.visits.get(document["id"])
        if kept is None:
            self.visits[document["id"]] = Kept(document, document)
        elif not kept.is_changed:  # what is unsent is settled by its push, never by a pull
            kept.here = kept.there = document
