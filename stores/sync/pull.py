"""One page of a collection, after the position that a phone has reached (RxDB's pull handler).

A page is full unless the end is reached: a client takes a shorter one for the last. Its checkpoint
is the version of its last document; rows that are committed meanwhile get higher ones, so that
reading them needs no lock and no snapshot.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import QuerySet
from django.utils import timezone

from stores.constants import FIRST_PULL_DAYS
from stores.errors import ResyncRequired
from stores.sync import documents, queries
from stores.sync.pages import pages


@dataclass(frozen=True, slots=True)
class Collection:
    """Where a collection's rows come from, and the document of each.

    ``shared``: every seller gets the same ones. ``lasting``: none ever goes away. ``recent``: what
    a phone that has none begins with, instead of all.
    """

    build: Callable[[], QuerySet[Any]]
    document: Callable[[Mapping[str, Any]], bytes]
    shared: bool = False
    lasting: bool = False
    recent: Callable[[], QuerySet[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a phone is: a version, in one history of the database; at first in none."""

    epoch: UUID | None = None
    seq: int = 0


PULLED: Final = {
    "products": Collection(queries.products, documents.product, shared=True),
    "portfolios": Collection(queries.portfolios, documents.portfolio, shared=True),
    "establishments": Collection(queries.establishments, documents.establishment),
    "visits": Collection(
        queries.visits, documents.visit, lasting=True, recent=queries.recent_visits
    ),
    "cases": Collection(queries.own_cases, documents.case, lasting=True),
}
COLLECTIONS: Final = frozenset(PULLED)


def page(name: str, *, seller_id: int, position: Position, limit: int, schema: int) -> bytes:
    """Return the body of the page of a seller's collection that follows a position.

    Raises:
        ResyncRequired: the position is of another history of the database, or ahead of this one:
            the phone must forget what it has. Of what never goes away it need not; it gets that
            again from the start.
    """
    collection = PULLED[name]
    heads = queries.heads_of(seller_id)
    top = heads.seq
    if collection.lasting:
        top = heads.latest[name]  # its clock is the seller's
        if position.epoch != heads.epoch:
            position = Position()
    since = position_in(heads, position, top=top)
    latest = heads.latest[name]
    if since >= latest:
        return page_of(heads, since, [])

    def build() -> bytes:
        rows = rows_after(collection, limit, seller_id, since)
        seq = rows[-1]["version"] if rows else since
        return page_of(heads, seq, map(collection.document, rows))

    if collection.shared:
        # The latest version was read before the rows are: they are as new as the key says, or newer
        return pages.get((heads.epoch, name, schema, since, limit, latest), build)
    return build()


def position_in(heads: queries.Heads, position: Position, *, top: int) -> int:
    """Return the version after which a phone goes on, or raise ResyncRequired."""
    if position.seq > top or position.epoch not in {None, heads.epoch}:
        raise ResyncRequired(epoch=str(heads.epoch))
    return position.seq


def rows_after(
    collection: Collection, limit: int, seller_id: int, since: int
) -> list[dict[str, Any]]:
    """Return the rows of a page. The visits of a phone that has none begin with recent ones."""
    if collection.recent is not None and not since:
        recent = timezone.now() - timedelta(days=FIRST_PULL_DAYS)
        return queries.rows(collection.recent, limit, seller_id, recent)
    return queries.rows(collection.build, limit, seller_id, since)


def page_of(heads: queries.Heads, seq: int, found: Iterable[bytes]) -> bytes:
    """Return a page of documents as JSON, and the position that a phone has after it."""
    checkpoint = orjson.dumps({"epoch": heads.epoch, "seq": seq})
    return b'{"documents":[%s],"checkpoint":%s}' % (b",".join(found), checkpoint)
