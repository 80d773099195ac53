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

from benchmarks.common import DATABASE_URL, TIME_ZONE
from benchmarks.peers import sign

engine = create_async_engine(
    DATABASE_URL.replace("postgres://", "postgresql+asyncpg://"), pool_size=16
)
Database = async_sessionmaker(engine, expire_on_commit=False)
bearer = HTTPBearer()
zone = ZoneInfo(TIME_ZONE)

LocalTime = Annotated[
    dt.datetime, PlainSerializer(lambda value: value.astimezone(zone).isoformat())
]


async def get_db() -> AsyncIterator[AsyncSession]:
    """Give a request its database session."""
    async with Database() as db:
        yield db


def get_user_id(token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> int:
    """Return who calls."""
    try:
        return sign.user_id_of(token.credentials)
    except jwt.PyJWTError:
        raise HTTPException(401) from None


Session = Annotated[AsyncSession, Depends(get_db)]
UserId = Annotated[int, Depends(get_user_id)]


class Record(BaseModel):
    """Base: read from rows."""

    model_config = ConfigDict(from_attributes=True)
