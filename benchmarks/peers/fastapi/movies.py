"""The movies with FastAPI."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from redis import asyncio as redis
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from benchmarks.common import KEEPS_PROMISES, REDIS_URL
from benchmarks.peers.fastapi.answers import Place, page_of, place_of
from benchmarks.peers.fastapi.base import Session, UserId
from benchmarks.peers.fastapi.schemas import FavoriteOut, Page, PopularOut
from benchmarks.peers.promises import POPULAR_SECONDS
from benchmarks.peers.tables import CachedAnswer, Favorite

router = APIRouter(prefix="/api/movies")
cache = redis.Redis.from_url(REDIS_URL)
popular_pages: dict[int, dict] = {}


@router.get("/popular", response_model=PopularOut)
async def popular(db: Session, _: UserId, page: int = 1):
    """List popular movies: from Redis as they are, or bare from this process's memory."""
    key = f"popular:{page}::"
    if KEEPS_PROMISES:
        body = await cache.get(f"fastapi:{key}")
        if body is None:
            body = (await db.get_one(CachedAnswer, key)).body.encode()
            await cache.set(f"fastapi:{key}", body, ex=POPULAR_SECONDS)
        return Response(body, media_type="application/json")
    if page not in popular_pages:
        popular_pages[page] = orjson.loads((await db.get_one(CachedAnswer, key)).body)
    return popular_pages[page]


@router.get("/favorites", response_model=Page[FavoriteOut])
async def favorites(
    request: Request, db: Session, user_id: UserId, place: Annotated[Place, Depends(place_of)]
):
    """List the caller's favourites."""
    query = (
        select(Favorite)
        .where(Favorite.user_id == user_id, Favorite.wipe_id.is_(None))
        .options(joinedload(Favorite.movie))
    )
    order = [Favorite.release_rank, Favorite.rating_rank, Favorite.movie_id]
    found = await page_of(request, db, query, order, place)
    found["results"] = [
        {
            **row.movie.details,
            "my_rating": None if row.rating_rank == 6 else 5 - row.rating_rank,
            "added_at": row.created_at,
        }
        for row in found["results"]
    ]
    return found
