"""What visits are judged by: read for a whole batch, in as many queries as for one visit."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

import orjson
from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from core.values import INT64_MAX
from stores.constants import Flag, VersionState, VisitState
from stores.models import Assignment, Establishment, PortfolioVersion, Product, Visit

# A list of keys as one parameter: a batch may name more products than SQLite takes parameters.
KEYS = {
    "postgresql": "SELECT value::bigint FROM json_array_elements_text(%s::json)",
    "sqlite": "SELECT value FROM json_each(%s)",
}


class Place(NamedTuple):
    """An establishment as it is now."""

    id: int
    lat: float | None
    lon: float | None
    geofence_m: int
    portfolio: int | None
    typology: str
    city: str
    region: str


class Period(NamedTuple):
    """When an establishment is a seller's, as :meth:`AssignmentQuerySet.covering` says."""

    establishment: int
    valid_from: dt.date
    valid_until: dt.date | None
    released_on: dt.date | None

    def covers(self, day: dt.date) -> bool:
        """Tell whether a visit on ``day`` is the seller's."""
        if self.released_on is not None and self.released_on < self.valid_from:
            return False
        lasts = self.valid_until is None or self.valid_until >= day or self.released_on == day
        return self.valid_from <= day and lasts


class Version(NamedTuple):
    """A portfolio's version."""

    id: int
    number: int
    portfolio: int
    typology: str
    region: str
    valid_from: dt.date
    valid_until: dt.date | None
    product_ids: list[int]

    def holds(self, place: Place, day: dt.date) -> bool:
        """Tell whether an establishment must have this list on ``day``."""
        if place.portfolio is not None:
            is_its = self.portfolio == place.portfolio
        else:
            is_its = (self.typology, self.region) == (place.typology, place.region)
        return (
            is_its
            and self.valid_from <= day
            and (self.valid_until is None or self.valid_until >= day)
        )


class Other(NamedTuple):
    """A visit that counts, at the same establishment on the same day."""

    id: uuid.UUID
    seller: int
    received_at: dt.datetime


class Question(NamedTuple):
    """What a visit is judged by."""

    establishment: int | None
    day: dt.date
    seen: Collection[int] = ()


class Facts:
    """The facts about visits of one seller."""

    def __init__(self, seller_id: int, questions: Iterable[Question]) -> None:
        asked = list(questions)
        self.places = places_of(
            {one.establishment for one in asked if one.establishment is not None}
        )
        known = [one for one in asked if one.establishment in self.places]
        days = {one.day for one in known}
        self.periods = periods_of(seller_id, self.places)
        self.versions = versions_of(self.places.values(), days)
        products = {key for one in asked for key in one.seen}
        products.update(key for one in self.versions for key in one.product_ids)
        self.inactive_on = products_of(products)
        self.others = others_of(self.places, days)

    def is_assigned(self, establishment: int, day: dt.date) -> bool:
        """Tell whether the establishment is the seller's on that day."""
        return any(one.covers(day) for one in self.periods[establishment])

    def version(self, place: Place, day: dt.date) -> Version | None:
        """Return the list that the establishment must have on that day."""
        return next((one for one in self.versions if one.holds(place, day)), None)

    def is_active(self, product: int, day: dt.date) -> bool:
        """Tell whether a product that is there was in use on that day."""
        since = self.inactive_on[product]
        return since is None or since > day


def places_of(keys: Collection[int]) -> dict[int, Place]:
    """Return the establishments that are there, by key."""
    if not keys:
        return {}
    found = Establishment.objects.filter(pk__in=keys).values_list(
        *("id", "lat", "lon", "geofence_m", "portfolio_id", "typology_id", "city_id"),
        "city__department__region_id",
    )
    return {row[0]: Place(*row) for row in found}


def periods_of(seller_id: int, keys: Collection[int]) -> dict[int, list[Period]]:
    """Return when each establishment is the seller's."""
    periods: dict[int, list[Period]] = defaultdict(list)
    if keys:
        found = Assignment.objects.filter(seller_id=seller_id, establishment_id__in=keys)
        rows = found.values_list("establishment_id", "valid_from", "valid_until", "released_on")
        for row in rows:
            periods[row[0]].append(Period(*row))
    return periods


def versions_of(places: Collection[Place], days: Collection[dt.date]) -> list[Version]:
    """Return the versions that hold for any of the establishments on any of the days."""
    if not places or not days:
        return []
    own = {place.portfolio for place in places if place.portfolio is not None}
    derived = [place for place in places if place.portfolio is None]
    theirs = Q(portfolio__in=own) | Q(
        portfolio__typology__in={place.typology for place in derived},
        portfolio__region__in={place.region for place in derived},
    )
    lasts = Q(valid_until__isnull=True) | Q(valid_until__gte=min(days))
    found = PortfolioVersion.objects.exclude(state=VersionState.DRAFT).filter(
        theirs, lasts, valid_from__lte=max(days)
    )
    columns = ("id", "number", "portfolio_id", "portfolio__typology_id", "portfolio__region_id")
    rows = found.values_list(*columns, "valid_from", "valid_until", "product_ids")
    return [Version(*row) for row in rows.order_by("-number")]


def products_of(keys: Collection[int]) -> dict[int, dt.date | None]:
    """Return since when each product that is there is inactive."""
    possible = [key for key in keys if 0 < key <= INT64_MAX]
    if not possible:
        return {}
    listed = RawSQL(KEYS[connection.vendor], [orjson.dumps(possible).decode()])  # noqa: S611 - constant text, one parameter
    return dict(Product.objects.filter(pk__in=listed).values_list("id", "inactive_on"))


def others_of(
    keys: Collection[int], days: Collection[dt.date]
) -> dict[tuple[int, dt.date], list[Other]]:
    """Return the stored visits that count, by establishment and day.

    Void ones do not, nor those of which the day is not known.
    """
    others: dict[tuple[int, dt.date], list[Other]] = defaultdict(list)
    if not keys or not days:
        return others
    found = Visit.objects.filter(establishment__in=keys, day__in=days)
    rows = found.exclude(state=VisitState.VOID).values_list(
        "establishment_id", "day", "id", "seller_id", "received_at", "flags"
    )
    for establishment, day, *other, flags in rows:
        if Flag.CLOCK not in flags:
            others[establishment, day].append(Other(*other))
    return others
