"""How the FastAPI peer answers: pages, resources with their entity tags."""

from typing import Annotated

from fastapi import HTTPException, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.common import KEEPS_PROMISES, MAX_PAGE_ROWS, PAGE_ROWS
from benchmarks.peers import promises, statements

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)]


class Place(BaseModel):
    """Which page is asked for: by its number (bare), or by a cursor."""

    limit: int
    page: int
    cursor: promises.Cursor | None


def place_of(limit: Limit = PAGE_ROWS, page: int = 1, cursor: str = "") -> Place:
    """Return which page is asked for."""
    try:
        return Place(limit=limit, page=page, cursor=promises.cursor_of(cursor) if cursor else None)
    except ValueError:
        raise HTTPException(400, "This is no cursor of ours.") from None


async def page_of(request: Request, db: AsyncSession, query, columns, place: Place) -> dict:
    """Return one page of a list in the order of some columns."""
    if not KEEPS_PROMISES:
        return await numbered_page(request, db, query.order_by(*columns), place.page)
    wanted = statements.page_query(query, columns, place.cursor, place.limit)
    found = (await db.scalars(wanted)).all()
    page = statements.page_of(found, columns, place.cursor, place.limit)

    def link(cursor: promises.Cursor | None) -> str | None:
        return cursor and str(request.url.include_query_params(cursor=cursor.signed()))

    return {"next": link(page.next), "previous": link(page.previous), "results": page.rows}


async def numbered_page(request: Request, db: AsyncSession, query, page: int) -> dict:
    """Return a page by its number; whether there is another one, the row after it shows."""
    rows = (await db.scalars(query.offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1))).all()
    url = request.url
    return {
        "next": str(url.include_query_params(page=page + 1)) if len(rows) > PAGE_ROWS else None,
        "previous": str(url.include_query_params(page=page - 1)) if page > 1 else None,
        "results": rows[:PAGE_ROWS],
    }


def resource(request: Request, shown: BaseModel) -> Response:
    """Return a resource with its entity tag, or 304 to whoever has it."""
    body = shown.model_dump_json().encode()
    etag = promises.etag_of(body)
    if promises.is_unchanged(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


def etag_of(shown: BaseModel) -> str:
    """Return the entity tag of a resource."""
    return promises.etag_of(shown.model_dump_json().encode())
