"""Plaza's tables of the sellers' system as SQLAlchemy sees them."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benchmarks.peers.tables import Base, now


class Clock(Base):
    """What gives out row versions."""

    __tablename__ = "stores_clock"
    key: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    epoch: Mapped[uuid.UUID | None]


class Product(Base):
    """A product."""

    __tablename__ = "stores_product"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    gtin: Mapped[str]
    name: Mapped[str]
    brand: Mapped[str]
    category: Mapped[str]
    is_competitor: Mapped[bool]
    state: Mapped[str]
    seq: Mapped[int]


class Portfolio(Base):
    """The must-have list of a typology in a region."""

    __tablename__ = "stores_portfolio"
    id: Mapped[int] = mapped_column(primary_key=True)
    typology_id: Mapped[str]
    region_id: Mapped[str]


class PortfolioVersion(Base):
    """What a portfolio says in a period."""

    __tablename__ = "stores_portfolioversion"
    id: Mapped[int] = mapped_column(primary_key=True)
    portfolio_id: Mapped[int] = mapped_column(ForeignKey("stores_portfolio.id"))
    number: Mapped[int]
    state: Mapped[str]
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]
    product_ids: Mapped[list[int]] = mapped_column(JSONB)
    seq: Mapped[int]
    portfolio: Mapped[Portfolio] = relationship()

    @property
    def typology(self) -> str:
        """Return the typology that it is for."""
        return self.portfolio.typology_id

    @property
    def region(self) -> str:
        """Return the region that it is for."""
        return self.portfolio.region_id


class Department(Base):
    """A department."""

    __tablename__ = "stores_department"
    code: Mapped[str] = mapped_column(primary_key=True)
    region_id: Mapped[str]


class City(Base):
    """A municipality."""

    __tablename__ = "stores_city"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    department_id: Mapped[str] = mapped_column(ForeignKey("stores_department.code"))
    department: Mapped[Department] = relationship()


class Establishment(Base):
    """A point of sale."""

    __tablename__ = "stores_establishment"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    city_id: Mapped[str] = mapped_column(ForeignKey("stores_city.code"))
    typology_id: Mapped[str]
    portfolio_id: Mapped[int | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    geofence_m: Mapped[int]
    state: Mapped[str]
    seq: Mapped[int]
    city: Mapped[City] = relationship()


class Assignment(Base):
    """Who visits an establishment."""

    __tablename__ = "stores_assignment"
    id: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int]
    establishment_id: Mapped[int] = mapped_column(ForeignKey("stores_establishment.id"))
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]
    state: Mapped[str]
    seq: Mapped[int]


class Visit(Base):
    """A visit."""

    __tablename__ = "stores_visit"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seller_id: Mapped[int]
    establishment_id: Mapped[int | None]
    captured_at: Mapped[dt.datetime | None]
    occurred_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=now)
    day: Mapped[dt.date]
    seconds: Mapped[int | None]
    outcome: Mapped[str]
    state: Mapped[str] = mapped_column(default="accepted")
    flags: Mapped[list[str]] = mapped_column(JSONB, default=list)
    portfolio_version_id: Mapped[int | None]
    must_have: Mapped[int | None]
    present: Mapped[int | None]
    compliance: Mapped[Decimal | None]
    seen: Mapped[list[int]] = mapped_column(JSONB)
    missing: Mapped[list[int]] = mapped_column(JSONB)
    photos_missing: Mapped[int]
    city: Mapped[str]
    region: Mapped[str]
    typology: Mapped[str]
    distance_m: Mapped[int | None]
    doc: Mapped[str]
    digest: Mapped[str]
    seq: Mapped[int]

    def document(self, number: int | None) -> dict[str, Any]:
        """Return what a phone gets, given the number of the portfolio's version."""
        return {
            "state": self.state,
            "flags": self.flags,
            "received_at": self.received_at,
            "occurred_at": self.occurred_at.astimezone(dt.UTC),
            "day": self.day,
            "portfolio_version": number,
            "must_have": self.must_have,
            "present": self.present,
            "compliance": None if self.compliance is None else f"{self.compliance:.4f}",
            "missing": self.missing,
            "photos_missing": self.photos_missing,
            "_deleted": False,
        }


class DirtyDay(Base):
    """A day of a seller to count again."""

    __tablename__ = "stores_dirtyday"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date]
    seller_id: Mapped[int]
    marked_at: Mapped[dt.datetime]


class SellerCase(Base):
    """A case as one seller sees it."""

    __tablename__ = "stores_sellercase"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seller_id: Mapped[int]
    seq: Mapped[int]
