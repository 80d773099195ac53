"""Where a phone's collections come from: which rows, and what a position is compared with.

The ``version`` of a row is the number of its clock. Each query is one statement, compiled once.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from core.api.statements import Mark, statement
from stores import clock
from stores.constants import HEADS_MEMORY_BYTES, AssignmentState, VersionState
from stores.models import (
    Assignment,
    Clock,
    Establishment,
    PortfolioVersion,
    Product,
    SellerCase,
    Visit,
)
from stores.sync.pages import Pages

SELLER: Final = Mark(0, Assignment._meta.get_field("seller"))
SINCE: Final = Mark(1, Product._meta.get_field("seq"))
RECEIVED: Final = Mark(1, Visit._meta.get_field("received_at"))

PUBLISHED: Final = PortfolioVersion.objects.exclude(state=VersionState.DRAFT)
ACTIVE: Final = Q(assignments__state=AssignmentState.ACTIVE)
OF_THE_ASSIGNMENT: Final = Establishment.objects.filter(pk=OuterRef("establishment"))
# The highest version that a seller can get of each collection.
LATEST: Final[dict[str, QuerySet[Any]]] = {
    "products": Product.objects.order_by("-seq").values("seq")[:1],
    "portfolios": PUBLISHED.order_by("-seq").values("seq")[:1],
    # Looked up one by one: a join would read every establishment there is for a seller's forty.
    "establishments": Assignment.objects.filter(seller=SELLER)
    .annotate(version=Greatest("seq", Subquery(OF_THE_ASSIGNMENT.values("seq"))))
    .order_by("-version")
    .values("version")[:1],
    # Not what the seller's clock shows: visits and cases share it.
    "visits": Visit.objects.filter(seller=SELLER).order_by("-seq").values("seq")[:1],
    "cases": SellerCase.objects.filter(seller=SELLER).order_by("-seq").values("seq")[:1],
}


OF_THE_CATALOGUE: Final = ("products", "portfolios", "establishments")
OF_THE_SELLER: Final = ("visits", "cases")
memory: Final = Pages(HEADS_MEMORY_BYTES)


class Heads(NamedTuple):
    """What the catalogue's clock shows, and the latest version of each collection."""

    epoch: UUID
    seq: int
    latest: dict[str, int]


def heads_of(seller_id: int) -> Heads:
    """Return where the catalogue's clock and a seller's collections stand.

    While that clock stands still, so do all collections but the seller's own: where they stand is
    kept in memory, under what it shows. They are read after it, so they are as new as that, or
    newer.
    """
    epoch, seq, *own = latest_of(seller_id, *OF_THE_SELLER)
    kept = memory.get(
        (epoch, seq, seller_id),
        lambda: orjson.dumps(latest_of(seller_id, *OF_THE_CATALOGUE)[2:]),
    )
    latest = dict(zip(OF_THE_CATALOGUE, orjson.loads(kept), strict=True))
    return Heads(epoch, seq, {**latest, **dict(zip(OF_THE_SELLER, own, strict=True))})


def latest_of(seller_id: int, *collections: str) -> tuple[Any, ...]:
    """Return the clock's epoch and number, and the latest version of each collection named."""

    def build() -> QuerySet[Any]:
        latest = {f"latest_{name}": Subquery(LATEST[name]) for name in collections}
        return Clock.objects.filter(key=clock.CATALOGUE).values("epoch", "seq", **latest)

    found = statement(("stores.sync.latest", collections), build).rows([seller_id])
    if not found:  # nothing was ever stamped
        clock.reading()
        return latest_of(seller_id, *collections)
    epoch, seq, *latest = found[0]
    return (epoch, seq, *[top or 0 for top in latest])


def products() -> QuerySet[Any]:
    """Return all products after a position."""
    return Product.objects.filter(seq__gt=SINCE).values(
        "id", "sku", "gtin", "name", "brand", "category", "is_competitor", "state", version=F("seq")
    )


def portfolios() -> QuerySet[Any]:
    """Return the portfolio versions after a position that are or were published."""
    return PUBLISHED.filter(seq__gt=SINCE).values(
        "id",
        "portfolio_id",
        "portfolio__typology_id",
        "portfolio__region_id",
        "number",
        "valid_from",
        "valid_until",
        "product_ids",
        "state",
        version=F("seq"),
    )


def establishments() -> QuerySet[Any]:
    """Return the establishments of a seller after a position, those of before included.

    One row per establishment, whatever assignments there were: it moves when the establishment
    does or any of them. ``since`` is null when none is active.
    """
    return (
        Establishment.objects.filter(assignments__seller=SELLER)
        .annotate(
            version=Greatest("seq", Max("assignments__seq")),
            since=Max("assignments__valid_from", filter=ACTIVE),
            until=Max("assignments__valid_until", filter=ACTIVE),
        )
        .filter(version__gt=SINCE)
        .values(
            "id",
            "code",
            "name",
            "address",
            "city_id",
            "city__name",
            "city__department__region_id",
            "typology_id",
            "portfolio_id",
            "lat",
            "lon",
            "geofence_m",
            "state",
            "since",
            "until",
            "version",
        )
    )


def visits() -> QuerySet[Any]:
    """Return the visits of a seller after a position."""
    return mine().filter(seq__gt=SINCE)


def recent_visits() -> QuerySet[Any]:
    """Return the visits of a seller from the first one on that was received since a time."""
    received = Visit.objects.filter(seller=SELLER, received_at__gte=RECEIVED)
    return mine().filter(seq__gte=Subquery(received.order_by("seq").values("seq")[:1]))


def own_cases() -> QuerySet[Any]:
    """Return the cases of a seller after a position."""
    return SellerCase.objects.filter(seller=SELLER, seq__gt=SINCE).values(
        "id",
        "kind",
        "state",
        "number",
        "subject",
        "details",
        "answer",
        "visit_id",
        "request_id",
        "updated_at",
        version=F("seq"),
    )


def mine() -> QuerySet[Any]:
    """Return the visits of a seller as their documents need them."""
    return Visit.objects.filter(seller=SELLER).values(
        "id",
        "doc",
        "state",
        "flags",
        "received_at",
        "occurred_at",
        "day",
        "must_have",
        "present",
        "compliance",
        "missing",
        "photos_missing",
        "portfolio_version__number",
        version=F("seq"),
    )


def rows(
    build: Callable[[], QuerySet[Any]], limit: int, seller_id: int, since: Any
) -> list[dict[str, Any]]:
    """Return at most ``limit`` rows of a query of this module, in the order of their versions."""
    found = statement(("stores.sync.rows", build), lambda: build().order_by("version"))
    return found.dicts([seller_id, since], limit=limit)
