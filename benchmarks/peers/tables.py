"""Plaza's tables as SQLAlchemy sees them: what FastAPI and Flask share."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {dt.datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class User(Base):
    """An account."""

    __tablename__ = "users_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    role: Mapped[str]
    password: Mapped[str]
    is_active: Mapped[bool]
    last_login: Mapped[dt.datetime | None]


class Session(Base):
    """A refresh family: what makes a refresh token revocable."""

    __tablename__ = "users_session"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users_user.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    expires_at: Mapped[dt.datetime]
    generation: Mapped[int] = mapped_column(default=0)
    rotated_at: Mapped[dt.datetime] = mapped_column(default=now)
    revoked_at: Mapped[dt.datetime | None]
    revoked_reason: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")


class LoginBucket(Base):
    """How often somebody tried to sign in."""

    __tablename__ = "users_loginbucket"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    account: Mapped[str]
    known_device: Mapped[bool]
    attempts: Mapped[int]
    window_ends_at: Mapped[dt.datetime]


class Dog(Base):
    """A dog."""

    __tablename__ = "dogs_dog"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str]
    search_key: Mapped[str] = mapped_column(default="")
    picture: Mapped[str] = mapped_column(default="")
    picture_status: Mapped[str] = mapped_column(default="pending")
    picture_attempts: Mapped[int] = mapped_column(default=0)
    picture_due_at: Mapped[dt.datetime] = mapped_column(default=now)
    create_date: Mapped[dt.datetime] = mapped_column(default=now)
    is_adopted: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users_user.id"))


class Adoption(Base):
    """A dog's stay with somebody: at most one is open."""

    __tablename__ = "dogs_adoption"
    id: Mapped[int] = mapped_column(primary_key=True)
    dog_id: Mapped[int] = mapped_column(ForeignKey("dogs_dog.id"))
    owner_id: Mapped[int | None]
    adopted_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")


class Patient(Base):
    """A patient. ``studies`` and ``studies_count`` are set by whoever shows them."""

    __tablename__ = "clinic_patient"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    birth_date: Mapped[dt.date]
    email: Mapped[str | None]
    archived_at: Mapped[dt.datetime | None]


class Study(Base):
    """A study."""

    __tablename__ = "clinic_study"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("clinic_patient.id"))
    urgency_level: Mapped[str]
    body_part: Mapped[str]
    description: Mapped[str]
    type: Mapped[str]
    performed_on: Mapped[dt.date | None]
    status: Mapped[str]
    archived_at: Mapped[dt.datetime | None]


class Movie(Base):
    """A movie."""

    __tablename__ = "movies_movie"
    id: Mapped[int] = mapped_column(primary_key=True)
    details: Mapped[dict[str, Any]]


class Favorite(Base):
    """A movie on somebody's list."""

    __tablename__ = "movies_favorite"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    movie_id: Mapped[int] = mapped_column(ForeignKey("movies_movie.id"))
    created_at: Mapped[dt.datetime]
    release_rank: Mapped[int]
    rating_rank: Mapped[int]
    wipe_id: Mapped[int | None]
    movie: Mapped[Movie] = relationship()


class CachedAnswer(Base):
    """A stored answer of TMDB."""

    __tablename__ = "movies_cachedanswer"
    key: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]


class JournalEntry(Base):
    """A line of the audit trail."""

    __tablename__ = "core_journalentry"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=now)
    actor_kind: Mapped[str] = mapped_column(default="user")
    actor_id: Mapped[int]
    actor_label: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str] = mapped_column(default="")
    action: Mapped[str]
    model: Mapped[str]
    object_id: Mapped[str]
    object_label: Mapped[str] = mapped_column(default="")
    changes: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(default="")
    count: Mapped[int | None]
