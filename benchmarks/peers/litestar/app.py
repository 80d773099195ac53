"""Plaza's measured routes with Litestar, msgspec and asyncpg, without an ORM."""

import asyncio
import uuid
from collections import defaultdict
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, get, patch, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException, NotFoundException
from redis import asyncio as redis

from benchmarks.common import KEEPS_PROMISES, REDIS_URL, SHOWN_STUDIES
from benchmarks.peers import promises, sign
from benchmarks.peers.litestar import around
from benchmarks.peers.litestar.base import (
    DOG,
    JSON,
    Patient,
    Study,
    caller,
    clinician,
    dog_of,
    journal,
    listed,
    make_pool,
    page,
    resource,
    zone,
)
from benchmarks.peers.tables import now
from benchmarks.peers.work import fetch_picture

cache = redis.Redis.from_url(REDIS_URL)
popular_pages: dict[str, bytes] = {}
NEW_DOG = f"""INSERT INTO dogs_dog (name, name_key, search_key, picture, picture_status,
  picture_attempts, picture_due_at, create_date, is_adopted, owner_id)
  VALUES ($1, $2, $2, '', 'pending', 0, $3, $4, $5, $6) RETURNING {DOG}"""
CHANGED_DOG = f"""UPDATE dogs_dog SET name = $2, name_key = $3, search_key = $3, is_adopted = $4,
  owner_id = $5 WHERE id = $1 RETURNING {DOG}"""
RETURNED = """UPDATE dogs_adoption SET ended_at = greatest(coalesce(adopted_at, $2), $2),
  end_reason = 'returned' WHERE dog_id = $1 AND ended_at IS NULL"""
ADOPTED = """INSERT INTO dogs_adoption (dog_id, owner_id, adopted_at, end_reason)
  VALUES ($1, $2, $3, '')"""
STUDIES = f"""SELECT found.* FROM unnest($1::bigint[]) AS keys(key) CROSS JOIN LATERAL (
  SELECT id, patient_id, urgency_level, body_part, description, type, performed_on, status
  FROM clinic_study WHERE patient_id = keys.key AND archived_at IS NULL
  ORDER BY id DESC LIMIT {SHOWN_STUDIES}) AS found"""
COUNTS = """SELECT patient_id, count(*) FROM clinic_study
  WHERE patient_id = ANY($1) AND archived_at IS NULL GROUP BY patient_id"""
PATIENT = """SELECT id, first_name, last_name, birth_date, email FROM clinic_patient
  WHERE archived_at IS NULL"""
FAVORITES = """SELECT f.release_rank, f.rating_rank, f.movie_id, f.created_at, m.details
  FROM movies_favorite AS f JOIN movies_movie AS m ON m.id = f.movie_id
  WHERE f.user_id = $1 AND f.wipe_id IS NULL"""
ATTEMPT = """INSERT INTO users_loginbucket (key, account, known_device, attempts, window_ends_at)
  VALUES ($1, $1, false, 1, $2) ON CONFLICT (key) DO UPDATE SET
  attempts = CASE WHEN users_loginbucket.window_ends_at <= now() THEN 1
    ELSE users_loginbucket.attempts + 1 END,
  window_ends_at = CASE WHEN users_loginbucket.window_ends_at <= now() THEN $2
    ELSE users_loginbucket.window_ends_at END
  RETURNING attempts"""
SESSION = """INSERT INTO users_session (id, user_id, created_at, expires_at, generation, rotated_at,
  revoked_reason, request_id, user_agent) VALUES ($1, $2, $3, $4, 0, $3, '', $5, '')"""


class DogIn(msgspec.Struct):
    """What may be said about a dog."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    is_adopted: bool | msgspec.UnsetType = msgspec.UNSET
    id_user: int | msgspec.UnsetType | None = msgspec.UNSET


class SignIn(msgspec.Struct):
    """Who signs in."""

    email: str
    password: str


@get("/api/dogs")
async def list_dogs(request: Request, state: State) -> Response:
    """List dogs."""
    rows, links = await page(request, state.pool, f"SELECT {DOG} FROM dogs_dog WHERE true", ["id"])
    return listed(links, [dog_of(row) for row in rows])


@get("/api/dogs/{name:str}")
async def get_dog(request: Request, state: State, name: str) -> Response:
    """Show one dog."""
    sql = f"SELECT {DOG} FROM dogs_dog WHERE name_key = $1"
    row = await state.pool.fetchrow(sql, sign.fold(name))
    if row is None:
        raise NotFoundException
    return resource(request, dog_of(row))


@post("/api/dogs/{name:str}")
async def create_dog(request: Request, state: State, name: str, data: DogIn) -> Response:
    """Take a dog in; its picture follows."""
    moment, owner = now(), data.id_user or None
    adopted = data.is_adopted is True
    async with state.pool.acquire() as db, db.transaction():
        who = await caller(request, db)
        try:
            row = await db.fetchrow(NEW_DOG, name, sign.fold(name), moment, moment, adopted, owner)
        except asyncpg.UniqueViolationError:
            raise HTTPException(status_code=409) from None
        fields = {
            "id": row["id"],
            "name": name,
            "picture_status": "pending",
            "picture_attempts": 0,
            "picture_due_at": moment,
            "create_date": moment,
            "is_adopted": adopted,
            "owner": owner,
        }
        changes = {key: [None, value] for key, value in fields.items() if value is not None}
        await journal(db, who, "create", ("dogs.Dog", [row["id"]], name), changes=changes)
    fetch_picture(row["id"])
    response = resource(request, dog_of(row), 201)
    response.headers["Location"] = f"/api/dogs/{name}"
    return response


@patch("/api/dogs/{name:str}")
async def patch_dog(request: Request, state: State, name: str, data: DogIn) -> Response:
    """Change a dog, unless somebody else did meanwhile; its home stays in step."""
    async with state.pool.acquire() as db, db.transaction():
        who = await caller(request, db)
        sql = f"SELECT {DOG} FROM dogs_dog WHERE name_key = $1 FOR UPDATE"
        row = await db.fetchrow(sql, sign.fold(name))
        if row is None:
            raise NotFoundException
        wanted = request.headers.get("if-match")
        if wanted is not None and wanted != promises.etag_of(msgspec.json.encode(dog_of(row))):
            raise HTTPException(status_code=412)
        said = {"name": data.name, "is_adopted": data.is_adopted, "owner": data.id_user}
        fields = {key: value for key, value in said.items() if value is not msgspec.UNSET}
        if fields.get("is_adopted") is False:
            fields["owner"] = None
        elif fields.get("owner") is not None:
            fields["is_adopted"] = True
        before = {"name": row["name"], "is_adopted": row["is_adopted"], "owner": row["owner_id"]}
        after = before | fields
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if changes:
            name, adopted, owner = after.values()
            row = await db.fetchrow(CHANGED_DOG, row["id"], name, sign.fold(name), adopted, owner)
            await journal(db, who, "change", ("dogs.Dog", [row["id"]], name), changes=changes)
            if KEEPS_PROMISES and "is_adopted" in changes:
                if adopted:
                    await db.execute(ADOPTED, row["id"], owner, now())
                else:
                    await db.execute(RETURNED, row["id"], now())
    response = resource(request, dog_of(row))
    response.headers["ETag"] = promises.etag_of(response.content)
    return response


async def with_studies(db: asyncpg.Connection, rows: list[asyncpg.Record]) -> list[Patient]:
    """Return the patients of some rows with their newest studies, and how many there are."""
    patients = [Patient(*row) for row in rows]
    by_patient: dict[int, list[Study]] = defaultdict(list)
    for row in await db.fetch(STUDIES, [patient.id for patient in patients]):
        by_patient[row["patient_id"]].append(Study(*row))
    full = []
    for patient in patients:
        patient.studies = by_patient[patient.id][::-1]
        patient.studies_count = len(patient.studies)
        if patient.studies_count == SHOWN_STUDIES:
            full.append(patient.id)
    if full:
        counts = dict(await db.fetch(COUNTS, full))
        for patient in patients:
            patient.studies_count = counts.get(patient.id, patient.studies_count)
    return patients


@get("/api/patients")
async def list_patients(request: Request, state: State) -> Response:
    """List patients with their studies; who was shown is in the journal."""
    async with state.pool.acquire() as db, db.transaction():
        who = await clinician(request, db)
        rows, links = await page(request, db, PATIENT, ["id"])
        patients = await with_studies(db, rows)
        if KEEPS_PROMISES:
            keys = ["", *(patient.id for patient in patients)]
            await journal(
                db, who, "read", ("clinic.Patient", keys, ""),
                reason=f"GET {request.url.path}", count=len(patients),
            )  # fmt: skip
    return listed(links, patients)


@get("/api/patients/{key:int}")
async def get_patient(request: Request, state: State, key: int) -> Response:
    """Show one patient; who looked is in the journal."""
    async with state.pool.acquire() as db, db.transaction():
        who = await clinician(request, db)
        row = await db.fetchrow(f"{PATIENT} AND id = $1", key)
        if row is None:
            raise NotFoundException
        (patient,) = await with_studies(db, [row])
        if KEEPS_PROMISES:
            await journal(
                db, who, "read", ("clinic.Patient", [key], ""), reason=f"GET {request.url.path}"
            )
    return resource(request, patient)


@get("/api/movies/popular")
async def popular(request: Request, state: State) -> Response:
    """List popular movies: from Redis as they are, or bare from this process's memory."""
    await caller(request, state.pool)
    key = f"popular:{request.query_params.get('page', '1')}::"
    sql = "SELECT body FROM movies_cachedanswer WHERE key = $1"
    body = await cache.get(f"litestar:{key}") if KEEPS_PROMISES else popular_pages.get(key)
    if body is None:
        body = (await state.pool.fetchval(sql, key)).encode()
        popular_pages[key] = body
        if KEEPS_PROMISES:
            await cache.set(f"litestar:{key}", body, ex=promises.POPULAR_SECONDS)
    return Response(body, media_type=JSON)


@get("/api/movies/favorites")
async def favorites(request: Request, state: State) -> Response:
    """List the caller's favourites."""
    who = await caller(request, state.pool)
    order = ["f.release_rank", "f.rating_rank", "f.movie_id"]
    rows, links = await page(request, state.pool, FAVORITES, order, [who.id])
    results = [
        {
            **msgspec.json.decode(row["details"]),
            "my_rating": None if row["rating_rank"] == 6 else 5 - row["rating_rank"],
            "added_at": row["created_at"].astimezone(zone),
        }
        for row in rows
    ]
    return listed(links, results)


@post("/api/auth/token", status_code=200)
async def sign_in(state: State, data: SignIn) -> dict[str, str]:
    """Exchange e-mail and password for tokens; attempts count before the password is looked at."""
    key, moment = sign.bucket_key(data.email), now()
    if KEEPS_PROMISES:
        attempts = await state.pool.fetchval(ATTEMPT, key, moment + sign.LOGIN_WINDOW)
        if attempts > sign.LOGIN_ATTEMPTS:
            raise HTTPException(status_code=429)
    sql = "SELECT id, email, role, password, is_active FROM users_user WHERE email = $1"
    user = await state.pool.fetchrow(sql, data.email.lower())
    good = user is not None and await asyncio.to_thread(
        sign.verify_password, user["password"], data.password
    )
    if not good or not user["is_active"]:
        raise NotAuthorizedException
    session, request_id = uuid.uuid4(), promises.request_id.get()
    who = promises.Person(user["id"], user["email"], user["role"])
    async with state.pool.acquire() as db, db.transaction():
        await db.execute(SESSION, session, who.id, moment, moment + sign.REFRESH, request_id)
        await db.execute("UPDATE users_user SET last_login = $2 WHERE id = $1", who.id, moment)
        if KEEPS_PROMISES:
            about = ("users.Session", [session], str(session))
            await journal(db, who, "create", about, changes={"user": [None, who.id]})
            await db.execute("DELETE FROM users_loginbucket WHERE key = $1", key)
    return sign.pair(who.id, session)


async def start(app: Litestar) -> None:
    """Connect."""
    app.state.pool = await make_pool()


options: dict[str, Any] = around.OPTIONS if KEEPS_PROMISES else {}
routes = [
    list_dogs, get_dog, create_dog, patch_dog, list_patients, get_patient, popular, favorites,
    sign_in, *([around.metrics] if KEEPS_PROMISES else []),
]  # fmt: skip
app = Litestar(routes, on_startup=[start], openapi_config=None, **options)
