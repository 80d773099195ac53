"""Plaza's measured routes with Flask, SQLAlchemy 2 and psycopg2."""

import hashlib
import unicodedata
from typing import Any

import jwt
import orjson
from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, scoped_session, selectinload, sessionmaker

from benchmarks.common import DATABASE_URL, PAGE_ROWS, TIME_ZONE
from benchmarks.peers import sign, tables
from benchmarks.peers.work import fetch_picture

engine = create_engine(
    DATABASE_URL.replace("postgres://", "postgresql+psycopg2://"),
    connect_args={"options": f"-c timezone={TIME_ZONE}"},  # so that times come as they are shown
    json_deserializer=orjson.loads,
    pool_size=16,
)
db = scoped_session(sessionmaker(engine, expire_on_commit=False))
app = Flask(__name__)
app.json.sort_keys = False
app.json.ensure_ascii = False


@app.teardown_appcontext
def close(_error: object) -> None:
    """Give the connection back."""
    db.remove()


def caller() -> int:
    """Return who calls."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        return sign.user_id_of(token if scheme == "Bearer" else "")
    except jwt.PyJWTError:
        abort(401)


def fold(name: str) -> str:
    """Return the form in which two spellings of a name are equal."""
    return unicodedata.normalize("NFKC", name.casefold()).strip()


def dog_json(dog: tables.Dog) -> dict[str, Any]:
    """Return a dog as JSON."""
    return {
        "id": dog.id,
        "name": dog.name,
        "picture": dog.picture,
        "picture_status": dog.picture_status,
        "create_date": dog.create_date.isoformat(),
        "is_adopted": dog.is_adopted,
        "id_user": dog.owner_id,
    }


def study_json(study: tables.Study) -> dict[str, Any]:
    """Return a study as JSON."""
    return {
        "id": study.id,
        "patient": study.patient_id,
        "urgency_level": study.urgency_level,
        "body_part": study.body_part,
        "description": study.description,
        "type": study.type,
    }


def patient_json(patient: tables.Patient) -> dict[str, Any]:
    """Return a patient as JSON."""
    return {
        "id": patient.id,
        "first_name": patient.first_name,
        "last_name": patient.last_name,
        "birth_date": patient.birth_date.isoformat(),
        "email": patient.email,
        "studies": [study_json(study) for study in patient.studies],
    }


def favorite_json(row: tables.Favorite) -> dict[str, Any]:
    """Return a movie's document with the user's own fields."""
    return {
        **row.movie.details,
        "my_rating": None if row.rating_rank == 6 else 5 - row.rating_rank,
        "added_at": row.created_at.isoformat(),
    }


def page_json(query: Any, shape: Any) -> Response:
    """Return one page of a list; whether there is another one, the row after it shows."""
    page = request.args.get("page", 1, type=int)
    rows = db.scalars(query.offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)).all()
    following = f"{request.base_url}?page={page + 1}" if len(rows) > PAGE_ROWS else None
    preceding = f"{request.base_url}?page={page - 1}" if page > 1 else None
    results = [shape(row) for row in rows[:PAGE_ROWS]]
    return jsonify({"next": following, "previous": preceding, "results": results})


@app.get("/api/dogs")
def list_dogs() -> Response:
    """List dogs."""
    return page_json(select(tables.Dog).order_by(tables.Dog.id), dog_json)


@app.get("/api/dogs/<name>")
def get_dog(name: str) -> Response:
    """Show one dog."""
    dog = db.scalar(select(tables.Dog).where(tables.Dog.name_key == fold(name)))
    return jsonify(dog_json(dog)) if dog else abort(404)


@app.post("/api/dogs/<name>")
def create_dog(name: str) -> tuple[Response, int]:
    """Take a dog in; its picture follows."""
    user_id, body = caller(), request.get_json()
    dog = tables.Dog(
        name=name, name_key=fold(name), is_adopted=body.get("is_adopted", False),
        owner_id=body.get("id_user"),
    )  # fmt: skip
    db.add(dog)
    try:
        db.flush()
    except IntegrityError:
        abort(409)
    changes = {"name": [None, dog.name], "create_date": [None, dog.create_date.isoformat()]}
    log(user_id, "create", dog, changes)
    db.commit()
    fetch_picture(dog.id)
    db.refresh(dog)  # times in the zone that is shown
    return jsonify(dog_json(dog)), 201


def log(user_id: int, action: str, dog: tables.Dog, changes: dict[str, Any]) -> None:
    """Leave a line in the audit trail."""
    db.add(
        tables.JournalEntry(
            actor_id=user_id, action=action, model="dogs.Dog", object_id=str(dog.id),
            object_label=dog.name, changes=changes,
        )
    )  # fmt: skip


def etag_of(dog: tables.Dog) -> str:
    """Return the entity tag of a dog."""
    body = orjson.dumps(dog_json(dog))
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


@app.patch("/api/dogs/<name>")
def patch_dog(name: str) -> Response:
    """Change a dog, unless somebody else did meanwhile."""
    user_id = caller()
    query = select(tables.Dog).where(tables.Dog.name_key == fold(name)).with_for_update()
    dog = db.scalar(query)
    if dog is None:
        abort(404)
    wanted = request.headers.get("If-Match")
    if wanted is not None and wanted != etag_of(dog):
        abort(412)
    changes = {}
    for field, value in request.get_json().items():
        attribute = {"name": "name", "is_adopted": "is_adopted", "id_user": "owner_id"}[field]
        changes[attribute] = [getattr(dog, attribute), value]
        setattr(dog, attribute, value)
    dog.name_key = fold(dog.name)
    log(user_id, "change", dog, changes)
    db.commit()
    response = jsonify(dog_json(dog))
    response.headers["ETag"] = etag_of(dog)
    return response


@app.get("/api/patients")
def list_patients() -> Response:
    """List patients with their studies."""
    caller()
    query = (
        select(tables.Patient)
        .where(tables.Patient.archived_at.is_(None))
        .options(selectinload(tables.Patient.studies))
        .order_by(tables.Patient.id)
    )
    return page_json(query, patient_json)


@app.get("/api/patients/<int:key>")
def get_patient(key: int) -> Response:
    """Show one patient."""
    caller()
    patient = db.get(tables.Patient, key, options=[selectinload(tables.Patient.studies)])
    return jsonify(patient_json(patient)) if patient and not patient.archived_at else abort(404)


popular_pages: dict[int, dict[str, Any]] = {}


@app.get("/api/movies/popular")
def popular() -> Response:
    """List popular movies, from this process's memory once they were read."""
    caller()
    page = request.args.get("page", 1, type=int)
    if page not in popular_pages:
        answer = db.get_one(tables.CachedAnswer, f"popular:{page}::")
        popular_pages[page] = orjson.loads(answer.body)
    return jsonify(popular_pages[page])


@app.get("/api/movies/favorites")
def favorites() -> Response:
    """List the caller's favourites."""
    table = tables.Favorite
    query = (
        select(table)
        .where(table.user_id == caller(), table.wipe_id.is_(None))
        .options(joinedload(table.movie))
        .order_by(table.release_rank, table.rating_rank, table.movie_id)
    )
    return page_json(query, favorite_json)


@app.post("/api/auth/token")
def sign_in() -> Response:
    """Exchange e-mail and password for tokens."""
    body = request.get_json()
    user = db.scalar(select(tables.User).where(tables.User.email == body["email"].lower()))
    if user is None or not user.is_active:
        abort(401)
    if not sign.verify_password(user.password, body["password"]):
        abort(401)
    session = tables.Session(user_id=user.id, expires_at=tables.now() + sign.REFRESH)
    user.last_login = tables.now()
    db.add(session)
    db.commit()
    return jsonify(sign.pair(user.id, session.id))
