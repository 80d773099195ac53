"""Plaza's measured reads with django-bolt: Django's ORM below a server in Rust. Bare only."""

import datetime as dt
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jwt
import msgspec
from django.db.models import Prefetch, QuerySet
from django_bolt import BoltAPI
from django_bolt.exceptions import HTTPException
from django_bolt.param_functions import Header

from benchmarks.common import PAGE_ROWS, SHOWN_STUDIES, TIME_ZONE
from benchmarks.peers import sign
from benchmarks.peers.drf.models import CachedAnswer, Dog, Favorite, Patient, Study

api = BoltAPI()
zone = ZoneInfo(TIME_ZONE)
popular_pages: dict[int, Any] = {}
Token = Annotated[str, Header(alias="authorization")]


class DogOut(msgspec.Struct):
    """A dog."""

    id: int
    name: str
    picture: str
    picture_status: str
    create_date: dt.datetime
    is_adopted: bool
    id_user: int | None


class StudyOut(msgspec.Struct):
    """A study."""

    id: int
    patient: int
    urgency_level: str
    body_part: str
    description: str
    type: str
    performed_on: dt.date | None
    status: str


class PatientOut(msgspec.Struct):
    """A patient with the newest studies."""

    id: int
    first_name: str
    last_name: str
    birth_date: dt.date
    email: str | None
    studies: list[StudyOut]
    studies_count: int


def caller(token: str) -> int:
    """Return who calls, as the token says."""
    try:
        return sign.claims_of(token.removeprefix("Bearer ")).user_id
    except (jwt.PyJWTError, KeyError, ValueError):
        raise HTTPException(status_code=401) from None


def dog_of(dog: Dog) -> DogOut:
    """Return a dog, its time in the zone that is shown."""
    return DogOut(
        dog.pk, dog.name, dog.picture, dog.picture_status, dog.create_date.astimezone(zone),
        dog.is_adopted, dog.owner_id,
    )  # fmt: skip


def study_of(study: Study) -> StudyOut:
    """Return a study."""
    return StudyOut(
        study.pk, study.patient_id, study.urgency_level, study.body_part, study.description,
        study.type, study.performed_on, study.status,
    )  # fmt: skip


async def patient_of(patient: Patient) -> PatientOut:
    """Return a patient with the newest studies, which are prefetched."""
    count = len(patient.newest_studies)
    if count == SHOWN_STUDIES:
        count = await Study.objects.filter(patient=patient, archived_at__isnull=True).acount()
    return PatientOut(
        patient.pk, patient.first_name, patient.last_name, patient.birth_date, patient.email,
        [study_of(study) for study in reversed(patient.newest_studies)], count,
    )  # fmt: skip


async def page_of(query: QuerySet[Any], path: str, page: int) -> tuple[list[Any], dict[str, Any]]:
    """Return the rows of a page by its number, and its links."""
    first = (page - 1) * PAGE_ROWS
    rows = [row async for row in query[first : first + PAGE_ROWS + 1]]
    return rows[:PAGE_ROWS], {
        "next": f"{path}?page={page + 1}" if len(rows) > PAGE_ROWS else None,
        "previous": f"{path}?page={page - 1}" if page > 1 else None,
    }


PATIENTS = Patient.objects.filter(archived_at__isnull=True).prefetch_related(
    Prefetch(
        "studies",
        Study.objects.filter(archived_at__isnull=True).order_by("-id")[:SHOWN_STUDIES],
        to_attr="newest_studies",
    )
)


@api.get("/api/dogs")
async def list_dogs(page: int = 1):
    """List dogs."""
    rows, links = await page_of(Dog.objects.all(), "/api/dogs", page)
    return {**links, "results": [dog_of(row) for row in rows]}


@api.get("/api/dogs/{name}")
async def get_dog(name: str):
    """Show one dog."""
    dog = await Dog.objects.filter(name_key=sign.fold(name)).afirst()
    if dog is None:
        raise HTTPException(status_code=404)
    return dog_of(dog)


@api.get("/api/patients")
async def list_patients(authorization: Token, page: int = 1):
    """List patients with their studies."""
    caller(authorization)
    rows, links = await page_of(PATIENTS.all(), "/api/patients", page)
    return {**links, "results": [await patient_of(row) for row in rows]}


@api.get("/api/patients/{key}")
async def get_patient(key: int, authorization: Token):
    """Show one patient."""
    caller(authorization)
    patient = await PATIENTS.filter(pk=key).afirst()
    if patient is None:
        raise HTTPException(status_code=404)
    return await patient_of(patient)


@api.get("/api/movies/popular")
async def popular(authorization: Token, page: int = 1):
    """List popular movies, from this process's memory once they were read."""
    caller(authorization)
    if page not in popular_pages:
        answer = await CachedAnswer.objects.aget(pk=f"popular:{page}::")
        popular_pages[page] = msgspec.json.decode(answer.body)
    return popular_pages[page]


@api.get("/api/movies/favorites")
async def favorites(authorization: Token, page: int = 1):
    """List the caller's favourites."""
    query = Favorite.objects.filter(user_id=caller(authorization), wipe_id__isnull=True)
    query = query.select_related("movie")
    rows, links = await page_of(query, "/api/movies/favorites", page)
    results = [
        {
            **row.movie.details,
            "my_rating": None if row.rating_rank == 6 else 5 - row.rating_rank,
            "added_at": row.created_at.astimezone(zone),
        }
        for row in rows
    ]
    return {**links, "results": results}
