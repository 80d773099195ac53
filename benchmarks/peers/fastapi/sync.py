"""The sellers' sync with FastAPI: the head, and pulls by row version."""

import hashlib
import uuid
import zlib
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, HTTPException, Query, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from benchmarks.peers.fastapi import documents
from benchmarks.peers.fastapi.base import Session, UserId
from benchmarks.peers.fastapi.stores import (
    Assignment,
    City,
    Clock,
    Establishment,
    PortfolioVersion,
    Product,
    SellerCase,
    Visit,
)

router = APIRouter(prefix="/api/sync")
CATALOGUE = "catalogue"
UPLOAD_CHUNK_BYTES = 128 * 1024
Limit = Annotated[int, Query(ge=1, le=500)]


async def reading(db: AsyncSession, user_id: int) -> tuple[uuid.UUID, dict[str, int]]:
    """Return the catalogue's epoch and the latest version of each of a seller's collections."""
    row_version = func.greatest(Assignment.seq, Establishment.seq)
    mine = (
        select(func.max(row_version))
        .join(Establishment, Establishment.id == Assignment.establishment_id)
        .where(Assignment.seller_id == user_id)
    )
    published = select(func.max(PortfolioVersion.seq)).where(PortfolioVersion.state != "draft")
    query = select(
        Clock.epoch,
        select(func.max(Product.seq)).scalar_subquery(),
        published.scalar_subquery(),
        mine.scalar_subquery(),
        *(
            select(func.max(table.seq)).where(table.seller_id == user_id).scalar_subquery()
            for table in (Visit, SellerCase)
        ),
    ).where(Clock.key == CATALOGUE)
    epoch, *found = (await db.execute(query)).one()
    names = ("products", "portfolios", "establishments", "visits", "cases")
    return epoch, {name: top or 0 for name, top in zip(names, found, strict=True)}


@router.get("")
async def head(
    db: Session, user_id: UserId, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Say how far each collection has come."""
    epoch, heads = await reading(db, user_id)
    found = {
        "epoch": str(epoch),
        "heads": heads,
        "poll_after": 240 + zlib.crc32(b"%d" % user_id) % 121,
        "schema": 1,
        "schemas": [1],
        "upload_chunk": UPLOAD_CHUNK_BYTES,
    }
    body = orjson.dumps(found)
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if if_none_match == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


def page(epoch: uuid.UUID, since: int, rows: list[Any], versions: list[int]) -> dict[str, Any]:
    """Return a page and the position after it."""
    return {"documents": rows, "checkpoint": {"epoch": epoch, "seq": max([since, *versions])}}


async def epoch_for(db: AsyncSession, epoch: uuid.UUID | None) -> uuid.UUID:
    """Return the catalogue's epoch, or refuse a phone of another one."""
    known = await db.scalar(select(Clock.epoch).where(Clock.key == CATALOGUE))
    if epoch not in {None, known}:
        raise HTTPException(409)
    return known


@router.get("/products", response_model=documents.Page[documents.Product])
async def products(
    db: Session, _: UserId, limit: Limit = 100, seq: int = 0, epoch: uuid.UUID | None = None
):
    """List products after a version."""
    known = await epoch_for(db, epoch)
    query = select(Product).where(Product.seq > seq).order_by(Product.seq).limit(limit)
    rows = (await db.scalars(query)).all()
    return page(known, seq, rows, [row.seq for row in rows])


@router.get("/portfolios", response_model=documents.Page[documents.Portfolio])
async def portfolios(
    db: Session, _: UserId, limit: Limit = 100, seq: int = 0, epoch: uuid.UUID | None = None
):
    """List published portfolios after a version."""
    known = await epoch_for(db, epoch)
    query = (
        select(PortfolioVersion)
        .where(PortfolioVersion.seq > seq, PortfolioVersion.state != "draft")
        .options(joinedload(PortfolioVersion.portfolio))
        .order_by(PortfolioVersion.seq)
        .limit(limit)
    )
    rows = (await db.scalars(query)).all()
    return page(known, seq, rows, [row.seq for row in rows])


@router.get("/establishments", response_model=documents.Page[documents.Establishment])
async def establishments(
    db: Session, user_id: UserId, limit: Limit = 100, seq: int = 0, epoch: uuid.UUID | None = None
):
    """List the seller's establishments after a version."""
    known = await epoch_for(db, epoch)
    active = Assignment.state == "active"
    version = func.greatest(Establishment.seq, func.max(Assignment.seq))
    query = (
        select(
            Establishment,
            version,
            func.max(Assignment.valid_from).filter(active),
            func.max(Assignment.valid_until).filter(active),
        )
        .join(Assignment, Assignment.establishment_id == Establishment.id)
        .where(Assignment.seller_id == user_id)
        .group_by(Establishment.id)
        .having(version > seq)
        .order_by(version)
        .limit(limit)
    )
    rows = (await db.execute(query)).all()
    cities = {
        city.code: city
        for city in await db.scalars(
            select(City)
            .where(City.code.in_({row[0].city_id for row in rows}))
            .options(joinedload(City.department))
        )
    }
    found = [
        documents.Establishment.of(row[0], cities[row[0].city_id], since=row[2], until=row[3])
        for row in rows
    ]
    return page(known, seq, found, [row[1] for row in rows])
