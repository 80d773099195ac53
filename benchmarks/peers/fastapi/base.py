"""What the FastAPI peer's routes share: the database, who calls, times as Plaza writes them."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated
from zoneinfo import ZoneInfo

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, PlainSerializer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.common import DATABASE_URL, KEEPS_PROMISES, POOL_SIZE, TIME_ZONE
from benchmarks.peers import sign
from benchmarks.peers.promises import Person
from benchmarks.peers.statements import WHO

engine = create_async_engine(
    DATABASE_URL.replace("postgres://", "postgresql+asyncpg://"),
    pool_size=POOL_SIZE,
    max_overflow=0,
)
Database = async_sessionmaker(engine, expire_on_commit=False)
bearer = HTTPBearer()
zone = ZoneInfo(TIME_ZONE)

LocalTime = Annotated[
    dt.datetime, PlainSerializer(lambda value: value.astimezone(zone).isoformat())
]
Token = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]


async def get_db() -> AsyncIterator[AsyncSession]:
    """Give a request its database session."""
    async with Database() as db:
        yield db


Session = Annotated[AsyncSession, Depends(get_db)]


def claims_of(token: Token) -> sign.Claims:
    """Return what a token says whose signature is right."""
    try:
        return sign.claims_of(token.credentials)
    except (jwt.PyJWTError, KeyError, ValueError):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None


async def person_of_session(claims: Annotated[sign.Claims, Depends(claims_of)], db: Session):
    """Return who calls, as long as their session lives."""
    row = (await db.execute(WHO, claims._asdict())).one_or_none()
    if row is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return Person(*row)


def person_of_token(claims: Annotated[sign.Claims, Depends(claims_of)]) -> Person:
    """Return who calls, as the token says."""
    return Person(claims.user_id, "", "")


Who = Annotated[Person, Depends(person_of_session if KEEPS_PROMISES else person_of_token)]


def user_id_of(who: Who) -> int:
    """Return the id of who calls."""
    return who.id


def clinician_of(who: Who) -> Person:
    """Return who calls, if they may see patients; a bare token says nothing of that."""
    if KEEPS_PROMISES and who.role not in {"CLINICIAN", "ADMIN"}:
        raise HTTPException(403)
    return who


UserId = Annotated[int, Depends(user_id_of)]
Clinician = Annotated[Person, Depends(clinician_of)]


class Record(BaseModel):
    """Base: read from rows."""

    model_config = ConfigDict(from_attributes=True)
