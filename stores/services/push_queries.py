"""The reads of a push, each one statement that is compiled once: phones push all day.

Keys and days come as lists of JSON: one parameter, whatever their number, on every database.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection
from django.db.models import (
    BooleanField,
    DateField,
    F,
    Field,
    FilteredRelation,
    Func,
    Q,
    QuerySet,
)
from django.db.models.expressions import RawSQL

from core.api.statements import Mark, statement
from stores.constants import VersionState, VisitState
from stores.models import Assignment, Establishment, PortfolioVersion, Product, ProductAlias, Visit

DAY: Final = DateField()


class StoredVisit(NamedTuple):
    """The columns of a stored visit that its document shows, and by what a copy of it is known."""

    id: uuid.UUID
    seller_id: int
    digest: str
    version_number: int | None
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


class ListField(Field):
    """A list of keys or days as one parameter: an array, or text of JSON."""

    def get_db_prep_value(
        self,
        value: Any,
        connection: Any,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Return what the driver is given."""
        del prepared
        return list(value) if connection.vendor == "postgresql" else orjson.dumps([*value]).decode()


def among(name: str, index: int, kind: str) -> Func:
    """Return the condition that a column is one of the list that is parameter number ``index``."""
    if connection.vendor == "postgresql":
        joiner, sql = " = ANY", f"%s::{kind}[]"
    else:
        joiner, sql = " IN ", "SELECT value FROM json_each(%s)"
    values = RawSQL(sql, [Mark(index, ListField())])  # noqa: S611 - text of ours, one parameter
    return Func(
        *(F(name), values),
        template="%(expressions)s",
        arg_joiner=joiner,
        output_field=BooleanField(),
    )


def stored_visits(keys: Collection[uuid.UUID]) -> list[StoredVisit]:
    """Return the stored visits of these ids, whoever's they are."""
    prepare = Visit._meta.pk.get_db_prep_value
    ids = [prepare(key, connection) for key in keys]
    return [StoredVisit(*row) for row in statement("stores.push.visits", visits_query).rows([ids])]


def visits_query() -> QuerySet[Any, Any]:
    """Return the query of :func:`stored_visits`."""
    _id, _seller, _digest, _number, *shown = StoredVisit._fields
    return Visit.objects.filter(among("id", 0, "uuid")).values_list(
        "id", "seller_id", "digest", "portfolio_version__number", *shown
    )


def places_query() -> QuerySet[Any, Any]:
    """Return the query of establishments (0) with the periods in which they are a seller's (1)."""
    seller = Mark(1, Assignment._meta.get_field("seller"))
    theirs = FilteredRelation("assignments", condition=Q(assignments__seller=seller))
    found = Establishment.objects.filter(among("id", 0, "bigint")).annotate(theirs=theirs)
    return found.values_list(
        *("id", "lat", "lon", "geofence_m", "portfolio_id", "typology_id", "city_id"),
        "city__department__region_id",
        *("theirs__valid_from", "theirs__valid_until", "theirs__released_on"),
    )


def places(keys: Collection[int], seller_id: int) -> list[tuple[Any, ...]]:
    """Return a row for each establishment and period of a seller's, at least one of each."""
    return statement("stores.push.places", places_query).rows([keys, seller_id])


def versions_query() -> QuerySet[Any, Any]:
    """Return the query of versions: of portfolios (0), or of typologies (1) in regions (2).

    Those that hold on any day from one (3) to another (4).
    """
    theirs = Q(among("portfolio", 0, "bigint")) | Q(
        among("portfolio__typology", 1, "text"), among("portfolio__region", 2, "text")
    )
    lasts = Q(valid_until__isnull=True) | Q(valid_until__gte=Mark(3, DAY))
    found = PortfolioVersion.objects.exclude(state=VersionState.DRAFT)
    return (
        found.filter(theirs, lasts, valid_from__lte=Mark(4, DAY))
        .order_by("-number")
        .values_list(
            *("id", "number", "portfolio_id", "portfolio__typology_id", "portfolio__region_id"),
            *("valid_from", "valid_until", "product_ids"),
        )
    )


def versions(
    portfolios: Collection[int],
    typologies: Collection[str],
    regions: Collection[str],
    days: Collection[dt.date],
) -> list[tuple[Any, ...]]:
    """Return the versions of any of these that hold on any of the days, and on those between."""
    values = [portfolios, typologies, regions, min(days), max(days)]
    return statement("stores.push.versions", versions_query).rows(values)


def products_query() -> QuerySet[Any, Any]:
    """Return the query of products (0), and since when they are inactive."""
    return Product.objects.filter(among("id", 0, "bigint")).values_list("id", "inactive_on")


def products(keys: Iterable[int]) -> dict[int, dt.date | None]:
    """Return since when each product that is there is inactive."""
    return dict(statement("stores.push.products", products_query).rows([keys]))


def others_query() -> QuerySet[Any, Any]:
    """Return the query of the visits of establishments (0) on days (1) that are not void."""
    found = Visit.objects.filter(among("establishment", 0, "bigint"), among("day", 1, "date"))
    return found.exclude(state=VisitState.VOID).values_list(
        "establishment_id", "day", "id", "seller_id", "received_at", "flags"
    )


def others(keys: Collection[int], days: Collection[dt.date]) -> list[tuple[Any, ...]]:
    """Return the visits of any of the establishments on any of the days that are not void."""
    return statement("stores.push.others", others_query).rows([keys, days])


def aliases_query() -> QuerySet[Any, Any]:
    """Return the query of names (0) that support taught, and their products."""
    found = ProductAlias.objects.filter(among("value", 0, "text"))
    return found.values_list("kind", "value", "product_id")


def aliases(values: Collection[str]) -> list[tuple[Any, ...]]:
    """Return kind, value and product of each alias that has one of the values."""
    return statement("stores.push.aliases", aliases_query).rows([values])


def gtins_query() -> QuerySet[Any, Any]:
    """Return the query of products by their GTINs of 14 digits (0)."""
    return Product.objects.filter(among("gtin_key", 0, "text")).values_list("gtin_key", "id")


def gtins(values: Collection[str]) -> list[tuple[Any, ...]]:
    """Return GTIN and key of each product that has one of these GTINs."""
    return statement("stores.push.gtins", gtins_query).rows([values])
