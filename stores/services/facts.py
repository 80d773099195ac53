"""What visits are judged by: read for a whole batch, in as many queries as for one visit."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from core.values import INT64_MAX
from stores.constants import Flag
from stores.services import push_queries
from stores.services.names import Name, products_named


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
    names: Collection[Name] = ()


class Facts:
    """The facts about visits of one seller."""

    def __init__(self, seller_id: int, questions: Iterable[Question]) -> None:
        asked = list(questions)
        wanted = {one.establishment for one in asked if one.establishment is not None}
        self.places, self.periods = places_of(wanted, seller_id)
        days = {one.day for one in asked if one.establishment in self.places}
        self.versions = versions_of(self.places.values(), days)
        products = {key for one in asked for key in one.seen}
        products.update(key for one in self.versions for key in one.product_ids)
        self.inactive_on = products_of(products)
        self.others = others_of(self.places, days)
        self.named = products_named(name for one in asked for name in one.names)

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


def places_of(
    keys: Collection[int], seller_id: int
) -> tuple[dict[int, Place], dict[int, list[Period]]]:
    """Return the establishments that are there, and when each is the seller's, by key."""
    places: dict[int, Place] = {}
    periods: dict[int, list[Period]] = defaultdict(list)
    for row in push_queries.places(keys, seller_id) if keys else ():
        place, (since, until, released) = Place(*row[:-3]), row[-3:]
        places[place.id] = place
        if since is not None:
            periods[place.id].append(Period(since, until, released))
    return places, periods


def versions_of(places: Collection[Place], days: Collection[dt.date]) -> list[Version]:
    """Return the versions that hold for any of the establishments on any of the days."""
    if not days:
        return []
    own = {place.portfolio for place in places if place.portfolio is not None}
    derived = [place for place in places if place.portfolio is None]
    typologies = {place.typology for place in derived}
    regions = {place.region for place in derived}
    return [Version(*row) for row in push_queries.versions(own, typologies, regions, days)]


def products_of(keys: Collection[int]) -> dict[int, dt.date | None]:
    """Return since when each product that is there is inactive."""
    possible = [key for key in keys if 0 < key <= INT64_MAX]
    return push_queries.products(possible) if possible else {}


def others_of(
    keys: Collection[int], days: Collection[dt.date]
) -> dict[tuple[int, dt.date], list[Other]]:
    """Return the stored visits that count, by establishment and day.

    Void ones do not, nor those of which the day is not known.
    """
    others: dict[tuple[int, dt.date], list[Other]] = defaultdict(list)
    for establishment, day, *other, flags in push_queries.others(keys, days) if days else ():
        if Flag.CLOCK not in flags:
            others[establishment, day].append(Other(*other))
    return others
