"""Figures of the stores with FastAPI: sums by groups from the table of areas, and their ratios."""

import datetime as dt
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Mapped, mapped_column

from benchmarks.common import KEEPS_PROMISES
from benchmarks.peers.fastapi.base import Session, Who
from benchmarks.peers.fastapi.stores import DirtyDay
from benchmarks.peers.promises import Person
from benchmarks.peers.tables import Base

MAX_ROWS = 20_000
SUMS = (
    "visits", "done", "flagged", "audited", "must_have", "present", "compliance_sum", "seen",
    "unrecognised", "timed", "seconds", "prompt",
)  # fmt: skip
GROUPS = ("day", "region", "typology", "department")
router = APIRouter(prefix="/api/stores")


class AreaDay(Base):
    """Sums over the visits of a day in a department, region and typology."""

    __tablename__ = "stores_areaday"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date]
    region: Mapped[str]
    typology: Mapped[str]
    department: Mapped[str]
    visits: Mapped[int]
    done: Mapped[int]
    flagged: Mapped[int]
    audited: Mapped[int]
    must_have: Mapped[int]
    present: Mapped[int]
    compliance_sum: Mapped[int]
    seen: Mapped[int]
    unrecognised: Mapped[int]
    timed: Mapped[int]
    seconds: Mapped[int]
    prompt: Mapped[int]


class FigureMark(Base):
    """Something that is still to be added up again."""

    __tablename__ = "stores_figuremark"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date]
    marked_at: Mapped[dt.datetime]


def analyst_of(who: Who) -> Person:
    """Return who calls, if they may see figures; a bare token says nothing of that."""
    if KEEPS_PROMISES and who.role not in {"ANALYST", "ADMIN"}:
        raise HTTPException(403)
    return who


def groups_of(group_by: Annotated[str, Query()] = "") -> list[str]:
    """Return what is grouped by."""
    names = group_by.split(",") if group_by else []
    if not set(names) <= set(GROUPS) or len(set(names)) < len(names):
        raise HTTPException(400, f"group_by: each once, of {', '.join(GROUPS)}.")
    return names


def ratio(part: int, whole: int) -> float | None:
    """Return a share with four decimals; None of nothing."""
    return round(part / whole, 4) if whole else None


def shown(groups: list[str], row: Any) -> dict[str, Any]:
    """Return one row of the answer: a group's sums, and ratios of them."""
    one = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    known = one["seen"] + one["unrecognised"]
    return {
        **{name: one[name] for name in groups},
        "visits": one["visits"],
        "done": one["done"],
        "flagged": one["flagged"],
        "audited": one["audited"],
        "must_have": one["must_have"],
        "present": one["present"],
        "seen": one["seen"],
        "unrecognised": one["unrecognised"],
        "effectiveness": ratio(one["done"], one["visits"]),
        "compliance": ratio(one["present"], one["must_have"]),
        "compliance_mean": ratio(one["compliance_sum"], 10_000 * one["audited"]),
        "out_of_stock": ratio(one["must_have"] - one["present"], one["must_have"]),
        "recognition": ratio(one["seen"], known),
        "seconds_mean": ratio(one["seconds"], one["timed"]),
        "prompt": ratio(one["prompt"], one["visits"]),
    }


@router.get("/figures")
async def figures(
    db: Session,
    _: Annotated[Person, Depends(analyst_of)],
    first: Annotated[dt.date, Query(alias="from")],
    last: Annotated[dt.date, Query(alias="to")],
    groups: Annotated[list[str], Depends(groups_of)],
    region: str | None = None,
    typology: str | None = None,
    department: str | None = None,
) -> Response:
    """Return the figures of a period."""
    keys = [getattr(AreaDay, name) for name in groups]
    sums = [
        cast(func.coalesce(func.sum(getattr(AreaDay, name)), 0), BigInteger).label(name)
        for name in SUMS
    ]
    query = select(*keys, *sums).where(AreaDay.day.between(first, last))
    places = {"region": region, "typology": typology, "department": department}
    for name, value in places.items():
        if value is not None:
            query = query.where(getattr(AreaDay, name) == value)
    found = (await db.execute(query.group_by(*keys).order_by(*keys).limit(MAX_ROWS + 1))).all()
    if len(found) > MAX_ROWS:
        raise HTTPException(400, f"More than {MAX_ROWS} rows; ask for less.")
    dirty = DirtyDay.day.between(first, last)
    marked = FigureMark.day.between(first.replace(day=1), last)
    waiting, *moments = (
        await db.execute(
            select(
                select(func.count()).where(dirty).scalar_subquery(),
                select(func.min(DirtyDay.marked_at)).where(dirty).scalar_subquery(),
                select(func.min(FigureMark.marked_at)).where(marked).scalar_subquery(),
            )
        )
    ).one()
    as_of = min((one for one in moments if one), default=dt.datetime.now(dt.UTC))
    rows = [shown(groups, row) for row in found]
    body = orjson.dumps({"as_of": as_of, "dirty_days": waiting, "rows": rows})
    return Response(body, media_type="application/json")
