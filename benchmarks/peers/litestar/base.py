"""What the Litestar peer's routes share: the database, who calls, pages, documents, the journal."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import jwt
import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    NotAuthorizedException,
    PermissionDeniedException,
)

from benchmarks.common import (
    DATABASE_URL,
    KEEPS_PROMISES,
    MAX_PAGE_ROWS,
    PAGE_ROWS,
    POOL_SIZE,
    TIME_ZONE,
)
from benchmarks.peers import promises, sign
from benchmarks.peers.promises import Person

zone = ZoneInfo(TIME_ZONE)
JSON = "application/json"
WHO = """SELECT u.id, u.email, u.role FROM users_session AS s JOIN users_user AS u
  ON u.id = s.user_id WHERE s.id = $1 AND u.id = $2 AND u.is_active AND s.revoked_at IS NULL
  AND s.expires_at > now()"""
JOURNAL = """INSERT INTO core_journalentry (at, actor_kind, actor_id, actor_label, request_id,
  action, model, object_id, object_label, changes, reason, count)
  SELECT now(), 'user', $1, $2, $3, $4, $5, object_id, $7, $8, $9, $10
  FROM unnest($6::text[]) AS object_id"""


class Dog(msgspec.Struct):
    """A dog."""

    id: int
    name: str
    picture: str
    picture_status: str
    create_date: dt.datetime
    is_adopted: bool
    id_user: int | None


class Study(msgspec.Struct):
    """A study."""

    id: int
    patient: int
    urgency_level: str
    body_part: str
    description: str
    type: str
    performed_on: dt.date | None
    status: str


class Patient(msgspec.Struct):
    """A patient with the newest studies."""

    id: int
    first_name: str
    last_name: str
    birth_date: dt.date
    email: str | None
    studies: list[Study] = []
    studies_count: int = 0


DOG = "id, name, picture, picture_status, create_date, is_adopted, owner_id"


def dog_of(row: asyncpg.Record) -> Dog:
    """Return the dog of a row of DOG, its time in the zone that is shown."""
    dog = Dog(*row)
    dog.create_date = dog.create_date.astimezone(zone)
    return dog


async def make_pool() -> asyncpg.Pool:
    """Return a process's connections."""
    return await asyncpg.create_pool(DATABASE_URL, min_size=1, max_size=POOL_SIZE)


async def caller(request: Request, db: asyncpg.Connection) -> Person:
    """Return who calls, as long as their session lives; bare, as the token says."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = sign.claims_of(token if scheme == "Bearer" else "")
    except (jwt.PyJWTError, KeyError, ValueError):
        raise NotAuthorizedException from None
    if not KEEPS_PROMISES:
        return Person(claims.user_id, "", "")
    row = await db.fetchrow(WHO, claims.session_id, claims.user_id)
    if row is None:
        raise NotAuthorizedException
    return Person(*row)


async def clinician(request: Request, db: asyncpg.Connection) -> Person:
    """Return who calls, if they may see patients; a bare token says nothing of that."""
    who = await caller(request, db)
    if KEEPS_PROMISES and who.role not in {"CLINICIAN", "ADMIN"}:
        raise PermissionDeniedException
    return who


async def journal(
    db: asyncpg.Connection,
    who: Person,
    action: str,
    about: tuple[str, Sequence[object], str],
    *,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    count: int | None = None,
) -> None:
    """Leave a line about each of some objects: their model, keys, and label."""
    model, keys, label = about
    await db.execute(
        JOURNAL, who.id, who.email, promises.request_id.get(), action, model, [*map(str, keys)],
        label, msgspec.json.encode(changes or {}).decode(), reason, count,
    )  # fmt: skip


def resource(request: Request, shown: msgspec.Struct, status: int = 200) -> Response:
    """Return a resource; with its entity tag, or 304 to whoever has it, where that is promised."""
    body = msgspec.json.encode(shown)
    if not KEEPS_PROMISES:
        return Response(body, media_type=JSON, status_code=status)
    headers = {"ETag": promises.etag_of(body)}
    unchanged = promises.is_unchanged(request.headers.get("if-none-match"), headers["ETag"])
    if request.method == "GET" and unchanged:
        return Response(None, status_code=304, headers=headers)
    return Response(body, media_type=JSON, status_code=status, headers=headers)


async def page(
    request: Request,
    db: asyncpg.Connection,
    sql: str,
    columns: Sequence[str],
    arguments: Sequence[object] = (),
) -> tuple[list[asyncpg.Record], dict[str, Any]]:
    """Return one page of a list in the order of some columns, and its links.

    ``sql`` ends with its conditions; ``columns`` are in what it selects.
    """
    query, arguments = request.query_params, [*arguments]
    try:
        limit, number = int(query.get("limit", PAGE_ROWS)), int(query.get("page", 1))
        given = query.get("cursor", "")
        cursor = promises.cursor_of(given) if KEEPS_PROMISES and given else None
    except ValueError:
        raise ClientException("This is no page of ours.") from None
    if not 1 <= limit <= MAX_PAGE_ROWS:
        raise ClientException("limit")
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        first = len(arguments) + 1
        marks = ", ".join(f"${first + place}" for place in range(len(columns)))
        sql += f" AND ({', '.join(columns)}) {'<' if backwards else '>'} ({marks})"
        arguments += cursor.keys
    order = ", ".join(f"{column} DESC" if backwards else column for column in columns)
    sql += f" ORDER BY {order} LIMIT {limit + 1}"
    if not KEEPS_PROMISES:
        sql += f" OFFSET {(number - 1) * limit}"
    found = await db.fetch(sql, *arguments)
    rows, more = found[:limit], len(found) > limit
    base = f"{request.base_url}{request.url.path.removeprefix('/')}"
    if not KEEPS_PROMISES:
        return rows, {
            "next": f"{base}?page={number + 1}" if more else None,
            "previous": f"{base}?page={number - 1}" if number > 1 else None,
        }
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None)
    names = [column.rpartition(".")[2] for column in columns]

    def link(row: asyncpg.Record, *, before: bool) -> str:
        place = promises.Cursor([row[name] for name in names], before)
        return f"{base}?limit={limit}&cursor={place.signed()}"

    return rows, {
        "next": link(rows[-1], before=False) if rows and has_next else None,
        "previous": link(rows[0], before=True) if rows and has_previous else None,
    }


def listed(links: dict[str, Any], results: list[Any]) -> Response:
    """Return a page's answer."""
    return Response(msgspec.json.encode({**links, "results": results}), media_type=JSON)
