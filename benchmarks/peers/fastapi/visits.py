"""The push of the sellers' sync with FastAPI: visits, and how much of what must be there is.

It makes no flags: no periods of assignments, distances, other sellers of the day or repaired texts.
It knows no revisions and no rejected uploads.
"""

import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from typing import Any

import orjson
from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from benchmarks.peers import tables
from benchmarks.peers.fastapi.base import Session, UserId, zone
from benchmarks.peers.fastapi.stores import (
    City,
    Clock,
    DirtyDay,
    Establishment,
    Portfolio,
    PortfolioVersion,
    Visit,
)

router = APIRouter(prefix="/api/sync")
MAX_ROWS = 100


class VisitIn(BaseModel):
    """What a visit must say; the rest is kept as it is."""

    model_config = ConfigDict(extra="allow")

    id: uuid.UUID
    establishment: int
    captured_at: dt.datetime
    ended_at: dt.datetime
    clock_offset_ms: int = 0
    seen: list[int]
    photos: list[dict[str, Any]] = []
    outcome: str = "done"

    @property
    def occurred_at(self) -> dt.datetime:
        """Return when it began, by our clock."""
        return self.captured_at + dt.timedelta(milliseconds=self.clock_offset_ms)

    @property
    def day(self) -> dt.date:
        """Return the day on which it began."""
        return self.occurred_at.astimezone(zone).date()


class Row(BaseModel):
    """A row of a push."""

    newDocumentState: dict[str, Any]  # noqa: N815 - RxDB's name


async def versions_of(db: AsyncSession, visits: list[VisitIn]) -> dict[uuid.UUID, tuple[Any, Any]]:
    """Return the establishment of each visit, and the portfolio's version of its day."""
    query = (
        select(Establishment)
        .where(Establishment.id.in_({visit.establishment for visit in visits}))
        .options(joinedload(Establishment.city).joinedload(City.department))
    )
    stores = {store.id: store for store in await db.scalars(query)}
    pairs = {(one.typology_id, one.city.department.region_id) for one in stores.values()}
    own = {one.portfolio_id for one in stores.values()} - {None}
    query = (
        select(PortfolioVersion)
        .join(PortfolioVersion.portfolio)
        .where(
            PortfolioVersion.state != "draft",
            or_(
                Portfolio.id.in_(own),
                tuple_(Portfolio.typology_id, Portfolio.region_id).in_(pairs),
            ),
        )
        .options(joinedload(PortfolioVersion.portfolio))
    )
    lists = (await db.scalars(query)).all()
    found = {}
    for visit in visits:
        store = stores[visit.establishment]
        pair = (store.typology_id, store.city.department.region_id)
        found[visit.id] = (
            store,
            next(
                (
                    one
                    for one in lists
                    if store.portfolio_id in {None, one.portfolio_id}
                    and (
                        store.portfolio_id
                        or pair == (one.portfolio.typology_id, one.portfolio.region_id)
                    )
                    and one.valid_from <= visit.day
                    and (one.valid_until is None or visit.day <= one.valid_until)
                ),
                None,
            ),
        )
    return found


def visit_of(visit: VisitIn, doc: bytes, user_id: int, store: Any, version: Any) -> Visit:
    """Return a visit as it is stored, with its counts."""
    seen = set(visit.seen)
    listed = version.product_ids if version else None
    missing = [product for product in listed or [] if product not in seen]
    present = None if listed is None else len(listed) - len(missing)
    return Visit(
        id=visit.id,
        seller_id=user_id,
        establishment_id=store.id,
        captured_at=visit.captured_at,
        occurred_at=visit.occurred_at,
        day=visit.day,
        seconds=int((visit.ended_at - visit.captured_at).total_seconds()),
        outcome=visit.outcome,
        portfolio_version_id=version.id if version else None,
        must_have=None if listed is None else len(listed),
        present=present,
        compliance=round(Decimal(present) / len(listed), 4) if listed else None,
        seen=visit.seen,
        missing=missing,
        photos_missing=len(visit.photos),
        city=store.city_id,
        region=store.city.department.region_id,
        typology=store.typology_id,
        doc=doc.decode(),
        digest=hashlib.sha256(doc).hexdigest(),
    )


async def known(db: AsyncSession, keys: list[uuid.UUID]) -> dict[uuid.UUID, tuple[Visit, int]]:
    """Return the stored visits among some, with the numbers of their portfolios' versions."""
    query = (
        select(Visit, PortfolioVersion.number)
        .outerjoin(PortfolioVersion, PortfolioVersion.id == Visit.portfolio_version_id)
        .where(Visit.id.in_(keys))
    )
    return {visit.id: (visit, number) for visit, number in await db.execute(query)}


async def advance(db: AsyncSession, user_id: int, count: int) -> int:
    """Move the seller's clock, lock it until the commit, and return what it shows."""
    added = insert(Clock).values(key=f"seller:{user_id}", seq=count)
    moved = added.on_conflict_do_update(
        index_elements=[Clock.key], set_={"seq": Clock.seq + added.excluded.seq}
    )
    return await db.scalar(moved.returning(Clock.seq))


async def store(
    db: AsyncSession, user_id: int, new: list[VisitIn], docs: dict[uuid.UUID, bytes]
) -> dict[uuid.UUID, tuple[Visit, int | None]]:
    """Store new visits, mark their days, and leave a line in the journal."""
    last = await advance(db, user_id, len(new))
    places = await versions_of(db, new)
    made = {}
    for place, visit in enumerate(new, start=last - len(new) + 1):
        store, version = places[visit.id]
        row = visit_of(visit, docs[visit.id], user_id, store, version)
        row.seq = place
        db.add(row)
        made[visit.id] = row, version.number if version else None
    marked = insert(DirtyDay).values(
        [
            {"day": day, "seller_id": user_id, "marked_at": tables.now()}
            for day in sorted({visit.day for visit in new})
        ]
    )
    await db.execute(
        marked.on_conflict_do_update(
            index_elements=[DirtyDay.seller_id, DirtyDay.day],
            set_={"marked_at": marked.excluded.marked_at},
        )
    )
    db.add(
        tables.JournalEntry(
            actor_id=user_id, action="create", model="stores.Visit", object_id=str(new[0].id),
            changes={"count": [None, len(new)]},
        )
    )  # fmt: skip
    await db.flush()
    return made


@router.post("/visits")
async def push(rows: list[Row], db: Session, user_id: UserId) -> Response:
    """Keep the visits that are new, and say what each one's document is."""
    if len(rows) > MAX_ROWS:
        raise HTTPException(413)
    sent = [row.newDocumentState for row in rows]
    visits = [VisitIn.model_validate(document) for document in sent]
    docs = {visit.id: orjson.dumps(document) for visit, document in zip(visits, sent, strict=True)}
    found = await known(db, list(docs))
    new = [visit for visit in visits if visit.id not in found]
    if new:
        found |= await store(db, user_id, new, docs)
        await db.commit()
    answer = [
        {**document, **found[visit.id][0].document(found[visit.id][1])}
        for visit, document in zip(visits, sent, strict=True)
    ]
    return Response(orjson.dumps(answer, option=orjson.OPT_UTC_Z), media_type="application/json")
