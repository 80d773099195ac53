"""Plaza's measured routes with FastAPI, SQLAlchemy 2 (async), asyncpg and pydantic 2."""

import datetime as dt
import hashlib
import unicodedata
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import BackgroundTasks, FastAPI, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.common import PAGE_ROWS
from benchmarks.peers import sign, tables
from benchmarks.peers.fastapi import sync, visits
from benchmarks.peers.fastapi.base import LocalTime, Record, Session, UserId
from benchmarks.peers.work import fetch_picture

app = FastAPI()
app.include_router(sync.router)
app.include_router(visits.router)
Item = TypeVar("Item")


class DogOut(Record):
    """A dog."""

    id: int
    name: str
    picture: str
    picture_status: str
    create_date: LocalTime
    is_adopted: bool
    id_user: int | None = Field(validation_alias="owner_id")


class DogIn(BaseModel):
    """What may be said about a dog."""

    name: str | None = Field(None, max_length=100)
    is_adopted: bool | None = None
    id_user: int | None = None


class StudyOut(Record):
    """A study."""

    id: int
    patient: int = Field(validation_alias="patient_id")
    urgency_level: str
    body_part: str
    description: str
    type: str


class PatientOut(Record):
    """A patient with studies."""

    id: int
    first_name: str
    last_name: str
    birth_date: dt.date
    email: str
    studies: list[StudyOut]


class FavoriteOut(BaseModel):
    """A movie's document with the user's own fields."""

    model_config = ConfigDict(extra="allow")

    my_rating: int | None
    added_at: LocalTime


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    next: str | None
    previous: str | None
    results: list[Item]


class SignIn(BaseModel):
    """Who signs in."""

    email: str
    password: str


class Tokens(BaseModel):
    """The two tokens."""

    access: str
    refresh: str


def fold(name: str) -> str:
    """Return the form in which two spellings of a name are equal."""
    return unicodedata.normalize("NFKC", name.casefold()).strip()


def etag_of(dog: tables.Dog) -> str:
    """Return the entity tag of a dog."""
    body = DogOut.model_validate(dog).model_dump_json().encode()
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def links(request: Request, page: int, *, more: bool) -> dict[str, str | None]:
    """Return the addresses of the neighbouring pages."""
    url = request.url
    return {
        "next": str(url.include_query_params(page=page + 1)) if more else None,
        "previous": str(url.include_query_params(page=page - 1)) if page > 1 else None,
    }


async def page_of(request: Request, db: AsyncSession, query, page: int) -> dict:
    """Return one page of a list; whether there is another one, the row after it shows."""
    rows = (await db.scalars(query.offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1))).all()
    return {**links(request, page, more=len(rows) > PAGE_ROWS), "results": rows[:PAGE_ROWS]}


@app.get("/api/dogs", response_model=Page[DogOut])
async def list_dogs(request: Request, db: Session, page: int = 1):
    """List dogs."""
    return await page_of(request, db, select(tables.Dog).order_by(tables.Dog.id), page)


@app.get("/api/dogs/{name}", response_model=DogOut)
async def get_dog(name: str, db: Session, response: Response):
    """Show one dog."""
    dog = await db.scalar(select(tables.Dog).where(tables.Dog.name_key == fold(name)))
    if dog is None:
        raise HTTPException(404)
    return dog


@app.post("/api/dogs/{name}", response_model=DogOut, status_code=201)
async def create_dog(name: str, body: DogIn, db: Session, user_id: UserId, tasks: BackgroundTasks):
    """Take a dog in; its picture follows."""
    dog = tables.Dog(
        name=name, name_key=fold(name), is_adopted=body.is_adopted or False, owner_id=body.id_user
    )
    db.add(dog)
    try:
        await db.flush()
    except IntegrityError:
        raise HTTPException(409) from None
    changes = {"name": [None, dog.name], "create_date": [None, dog.create_date.isoformat()]}
    db.add(
        tables.JournalEntry(
            actor_id=user_id, action="create", model="dogs.Dog", object_id=str(dog.id),
            object_label=dog.name, changes=changes,
        )
    )  # fmt: skip
    await db.commit()
    tasks.add_task(fetch_picture, dog.id)
    return dog


@app.patch("/api/dogs/{name}", response_model=DogOut)
async def patch_dog(
    name: str,
    body: DogIn,
    db: Session,
    user_id: UserId,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
):
    """Change a dog, unless somebody else did meanwhile."""
    query = select(tables.Dog).where(tables.Dog.name_key == fold(name)).with_for_update()
    dog = await db.scalar(query)
    if dog is None:
        raise HTTPException(404)
    if if_match is not None and if_match != etag_of(dog):
        raise HTTPException(412)
    changes = {}
    for field, value in body.model_dump(exclude_unset=True).items():
        attribute = "owner_id" if field == "id_user" else field
        changes[attribute] = [getattr(dog, attribute), value]
        setattr(dog, attribute, value)
    dog.name_key = fold(dog.name)
    db.add(
        tables.JournalEntry(
            actor_id=user_id, action="change", model="dogs.Dog", object_id=str(dog.id),
            object_label=dog.name, changes=changes,
        )
    )  # fmt: skip
    await db.commit()
    response.headers["ETag"] = etag_of(dog)
    return dog


@app.get("/api/patients", response_model=Page[PatientOut])
async def list_patients(request: Request, db: Session, user_id: UserId, page: int = 1):
    """List patients with their studies."""
    query = (
        select(tables.Patient)
        .where(tables.Patient.archived_at.is_(None))
        .options(selectinload(tables.Patient.studies))
        .order_by(tables.Patient.id)
    )
    return await page_of(request, db, query, page)


@app.get("/api/patients/{key}", response_model=PatientOut)
async def get_patient(key: int, db: Session, user_id: UserId):
    """Show one patient."""
    query = (
        select(tables.Patient)
        .where(tables.Patient.id == key, tables.Patient.archived_at.is_(None))
        .options(selectinload(tables.Patient.studies))
    )
    patient = await db.scalar(query)
    if patient is None:
        raise HTTPException(404)
    return patient


popular_pages: dict[int, dict] = {}


class PopularOut(BaseModel):
    """TMDB's page of movies."""

    page: int
    results: list[dict]
    total_pages: int
    total_results: int


@app.get("/api/movies/popular", response_model=PopularOut)
async def popular(db: Session, user_id: UserId, page: int = 1):
    """List popular movies, from this process's memory once they were read."""
    if page not in popular_pages:
        answer = await db.get_one(tables.CachedAnswer, f"popular:{page}::")
        popular_pages[page] = orjson.loads(answer.body)
    return popular_pages[page]


@app.get("/api/movies/favorites", response_model=Page[FavoriteOut])
async def favorites(request: Request, db: Session, user_id: UserId, page: int = 1):
    """List the caller's favourites."""
    table = tables.Favorite
    query = (
        select(table)
        .where(table.user_id == user_id, table.wipe_id.is_(None))
        .options(joinedload(table.movie))
        .order_by(table.release_rank, table.rating_rank, table.movie_id)
    )
    found = await page_of(request, db, query, page)
    found["results"] = [
        {
            **row.movie.details,
            "my_rating": None if row.rating_rank == 6 else 5 - row.rating_rank,
            "added_at": row.created_at,
        }
        for row in found["results"]
    ]
    return found


@app.post("/api/auth/token", response_model=Tokens)
async def sign_in(body: SignIn, db: Session):
    """Exchange e-mail and password for tokens."""
    user = await db.scalar(select(tables.User).where(tables.User.email == body.email.lower()))
    good = user is not None and await run_in_threadpool(
        sign.verify_password, user.password, body.password
    )
    if not good or not user.is_active:
        raise HTTPException(401)
    session = tables.Session(user_id=user.id, expires_at=tables.now() + sign.REFRESH)
    user.last_login = tables.now()
    db.add(session)
    await db.commit()
    return sign.pair(user.id, session.id)
