"""What the FastAPI peer takes and answers."""

import datetime as dt
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.peers.fastapi.base import LocalTime, Record

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
    performed_on: dt.date | None
    status: str


class PatientOut(Record):
    """A patient with the newest studies."""

    id: int
    first_name: str
    last_name: str
    birth_date: dt.date
    email: str | None
    studies: list[StudyOut]
    studies_count: int


class FavoriteOut(BaseModel):
    """A movie's document with the user's own fields."""

    model_config = ConfigDict(extra="allow")

    my_rating: int | None
    added_at: LocalTime


class PopularOut(BaseModel):
    """TMDB's page of movies."""

    page: int
    results: list[dict]
    total_pages: int
    total_results: int


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
