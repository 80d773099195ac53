"""What phones get of the catalogue."""

import datetime as dt
import uuid
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from benchmarks.peers.fastapi import stores
from benchmarks.peers.fastapi.base import Record

Document = TypeVar("Document")
Key = Annotated[str, BeforeValidator(str)]


class Checkpoint(BaseModel):
    """How far a phone is."""

    epoch: uuid.UUID
    seq: int


class Page(BaseModel, Generic[Document]):
    """A page of a collection."""

    documents: list[Document]
    checkpoint: Checkpoint


class Product(Record):
    """A product."""

    id: Key
    sku: str
    gtin: Annotated[str | None, BeforeValidator(lambda value: value or None)]
    name: str
    brand: str
    category: str
    is_competitor: bool
    deleted: bool = Field(False, serialization_alias="_deleted")


class Portfolio(Record):
    """A published version of a portfolio."""

    id: Key
    portfolio_id: Key
    typology: str
    region: str
    version: int = Field(validation_alias="number")
    valid_from: dt.date
    valid_until: dt.date | None
    product_ids: list[int]
    deleted: bool = Field(False, serialization_alias="_deleted")


class City(Record):
    """A city."""

    code: str
    name: str


class Location(BaseModel):
    """Where something is."""

    lat: float
    lon: float


class Establishment(BaseModel):
    """A point of sale."""

    id: str
    code: str
    name: str
    address: str
    city: City
    region: str
    typology: str
    portfolio_id: str | None
    location: Location | None
    geofence_m: int
    assigned_from: dt.date
    assigned_until: dt.date | None
    deleted: bool = Field(False, serialization_alias="_deleted")

    @classmethod
    def of(
        cls, row: stores.Establishment, city: stores.City, *, since: Any, until: Any
    ) -> "Establishment":
        """Return the document of an establishment that is assigned."""
        return cls(
            id=str(row.id),
            code=row.code,
            name=row.name,
            address=row.address,
            city=City.model_validate(city),
            region=city.department.region_id,
            typology=row.typology_id,
            portfolio_id=None if row.portfolio_id is None else str(row.portfolio_id),
            location=None if row.lat is None else Location(lat=row.lat, lon=row.lon),
            geofence_m=row.geofence_m,
            assigned_from=since,
            assigned_until=until,
        )
