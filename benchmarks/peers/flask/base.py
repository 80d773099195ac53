"""What the Flask peer's routes share: the database, and who calls."""

import jwt
import orjson
from flask import abort, request
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from benchmarks.common import DATABASE_URL, KEEPS_PROMISES, THREADS, TIME_ZONE
from benchmarks.peers import sign
from benchmarks.peers.promises import Person
from benchmarks.peers.statements import WHO

engine = create_engine(
    DATABASE_URL.replace("postgres://", "postgresql+psycopg2://"),
    connect_args={"options": f"-c timezone={TIME_ZONE}"},  # so that times come as they are shown
    json_deserializer=orjson.loads,
    pool_size=THREADS,
    max_overflow=0,
)
db = scoped_session(sessionmaker(engine, expire_on_commit=False))


def caller() -> Person:
    """Return who calls, as long as their session lives; bare, as the token says."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        claims = sign.claims_of(token if scheme == "Bearer" else "")
    except (jwt.PyJWTError, KeyError, ValueError):
        abort(401)
    if not KEEPS_PROMISES:
        return Person(claims.user_id, "", "")
    row = db.execute(WHO, claims._asdict()).one_or_none()
    return Person(*row) if row else abort(401)


def clinician() -> Person:
    """Return who calls, if they may see patients; a bare token says nothing of that."""
    who = caller()
    if KEEPS_PROMISES and who.role not in {"CLINICIAN", "ADMIN"}:
        abort(403)
    return who
