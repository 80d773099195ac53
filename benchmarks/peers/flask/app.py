"""Plaza's measured routes with Flask, SQLAlchemy 2 and psycopg2."""

from collections.abc import Sequence
from typing import Any

import orjson
import redis
from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from benchmarks.common import KEEPS_PROMISES, MAX_PAGE_ROWS, PAGE_ROWS, REDIS_URL
from benchmarks.peers import promises, sign, statements, tables
from benchmarks.peers.flask import around
from benchmarks.peers.flask.base import caller, clinician, db
from benchmarks.peers.work import fetch_picture

cache = redis.Redis.from_url(REDIS_URL)
app = Flask(__name__)
app.json.sort_keys = False
app.json.ensure_ascii = False
if KEEPS_PROMISES:
    around.keep(app)


@app.teardown_appcontext
def close(_error: object) -> None:
    """Give the connection back."""
    db.remove()


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
        "performed_on": study.performed_on and study.performed_on.isoformat(),
        "status": study.status,
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
        "studies_count": patient.studies_count,
    }


def favorite_json(row: tables.Favorite) -> dict[str, Any]:
    """Return a movie's document with the user's own fields."""
    return {
        **row.movie.details,
        "my_rating": None if row.rating_rank == 6 else 5 - row.rating_rank,
        "added_at": row.created_at.isoformat(),
    }


def page(query: Any, columns: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the rows of one page of a list, in the order of some columns, and its links."""
    if not KEEPS_PROMISES:
        return numbered_page(query.order_by(*columns))
    limit = request.args.get("limit", PAGE_ROWS, type=int)
    given = request.args.get("cursor", "")
    try:
        cursor = promises.cursor_of(given) if given else None
    except ValueError:
        abort(400, "This is no cursor of ours.")
    if not 1 <= limit <= MAX_PAGE_ROWS:
        abort(400, "limit")
    found = db.scalars(statements.page_query(query, columns, cursor, limit)).all()
    rows, following, preceding = statements.page_of(found, columns, cursor, limit)
    base = f"{request.base_url}?limit={limit}&cursor="
    return rows, {
        "next": following and base + following.signed(),
        "previous": preceding and base + preceding.signed(),
    }


def numbered_page(query: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return a page by its number; whether there is another one, the row after it shows."""
    page = request.args.get("page", 1, type=int)
    rows = db.scalars(query.offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)).all()
    return list(rows[:PAGE_ROWS]), {
        "next": f"{request.base_url}?page={page + 1}" if len(rows) > PAGE_ROWS else None,
        "previous": f"{request.base_url}?page={page - 1}" if page > 1 else None,
    }


def resource(shown: dict[str, Any], status: int = 200) -> Response:
    """Return a resource; with its entity tag, or 304 to whoever has it, where that is promised."""
    response = jsonify(shown)
    response.status_code = status
    if KEEPS_PROMISES:
        response.set_etag(etag_of(shown))
        if request.method == "GET":
            response.make_conditional(request)
    return response


def etag_of(shown: dict[str, Any]) -> str:
    """Return the entity tag of a resource, without its quotation marks."""
    return promises.etag_of(orjson.dumps(shown)).strip('"')


@app.get("/api/dogs")
def list_dogs() -> Response:
    """List dogs."""
    rows, links = page(select(tables.Dog), [tables.Dog.id])
    return jsonify({**links, "results": [dog_json(row) for row in rows]})


@app.get("/api/dogs/<name>")
def get_dog(name: str) -> Response:
    """Show one dog."""
    dog = db.scalar(select(tables.Dog).where(tables.Dog.name_key == sign.fold(name)))
    return resource(dog_json(dog)) if dog else abort(404)


@app.post("/api/dogs/<name>")
def create_dog(name: str) -> Response:
    """Take a dog in; its picture follows."""
    who, body, key = caller(), request.get_json(), sign.fold(name)
    dog = tables.Dog(
        name=name, name_key=key, search_key=key, is_adopted=body.get("is_adopted", False),
        owner_id=body.get("id_user"),
    )  # fmt: skip
    db.add(dog)
    try:
        db.flush()
    except IntegrityError:
        abort(409)
    db.add(statements.entry(who, "create", dog, statements.created(dog)))
    db.commit()
    fetch_picture(dog.id)
    db.refresh(dog)  # times in the zone that is shown
    response = resource(dog_json(dog), 201)
    response.headers["Location"] = f"/api/dogs/{name}"
    return response


@app.patch("/api/dogs/<name>")
def patch_dog(name: str) -> Response:
    """Change a dog, unless somebody else did meanwhile."""
    who = caller()
    query = select(tables.Dog).where(tables.Dog.name_key == sign.fold(name)).with_for_update()
    dog = db.scalar(query)
    if dog is None:
        abort(404)
    if request.if_match and not request.if_match.contains(etag_of(dog_json(dog))):
        abort(412)
    if changes := statements.changed(dog, request.get_json()):
        db.add(statements.entry(who, "change", dog, changes))
        stay = statements.stay(dog, changes) if KEEPS_PROMISES else None
        if stay is not None:
            db.execute(stay)
    db.commit()
    response = jsonify(dog_json(dog))
    response.set_etag(etag_of(dog_json(dog)))
    return response


PRESENT = select(tables.Patient).where(tables.Patient.archived_at.is_(None))


def add_studies(patients: Sequence[tables.Patient]) -> None:
    """Read the newest studies of some patients, and count those of who has more."""
    ids = {"ids": [patient.id for patient in patients]}
    if full := statements.hang(patients, db.scalars(statements.NEWEST_STUDIES, ids).all()):
        counted = db.execute(statements.COUNTS_OF_STUDIES, {"ids": full})
        counts = dict(counted.tuples().all())
        for patient in patients:
            patient.studies_count = counts.get(patient.id, patient.studies_count)


@app.get("/api/patients")
def list_patients() -> Response:
    """List patients with their studies; who was shown is in the journal."""
    who = clinician()
    rows, links = page(PRESENT, [tables.Patient.id])
    add_studies(rows)
    if KEEPS_PROMISES:
        ids = [patient.id for patient in rows]
        seen = statements.reading(who, request.path, ids, is_list=True)
        db.execute(statements.READING, seen)
        db.commit()
    return jsonify({**links, "results": [patient_json(row) for row in rows]})


@app.get("/api/patients/<int:key>")
def get_patient(key: int) -> Response:
    """Show one patient; who looked is in the journal."""
    who = clinician()
    patient = db.scalar(PRESENT.where(tables.Patient.id == key))
    if patient is None:
        abort(404)
    add_studies([patient])
    if KEEPS_PROMISES:
        seen = statements.reading(who, request.path, [key], is_list=False)
        db.execute(statements.READING, seen)
        db.commit()
    return resource(patient_json(patient))


popular_pages: dict[int, dict[str, Any]] = {}


@app.get("/api/movies/popular")
def popular() -> Response:
    """List popular movies: from Redis as they are, or bare from this process's memory."""
    caller()
    page = request.args.get("page", 1, type=int)
    key = f"popular:{page}::"
    if KEEPS_PROMISES:
        body = cache.get(f"flask:{key}")
        if body is None:
            body = db.get_one(tables.CachedAnswer, key).body.encode()
            cache.set(f"flask:{key}", body, ex=promises.POPULAR_SECONDS)
        return Response(body, mimetype="application/json")
    if page not in popular_pages:
        popular_pages[page] = orjson.loads(db.get_one(tables.CachedAnswer, key).body)
    return jsonify(popular_pages[page])


@app.get("/api/movies/favorites")
def favorites() -> Response:
    """List the caller's favourites."""
    table = tables.Favorite
    query = (
        select(table)
        .where(table.user_id == caller().id, table.wipe_id.is_(None))
        .options(joinedload(table.movie))
    )
    rows, links = page(query, [table.release_rank, table.rating_rank, table.movie_id])
    return jsonify({**links, "results": [favorite_json(row) for row in rows]})


@app.post("/api/auth/token")
def sign_in() -> Response:
    """Exchange e-mail and password for tokens; attempts count before the password is looked at."""
    body = request.get_json()
    if KEEPS_PROMISES:
        attempts = db.scalar(statements.attempt(body["email"]))
        db.commit()
        if attempts > sign.LOGIN_ATTEMPTS:
            abort(429)
    user = db.scalar(select(tables.User).where(tables.User.email == body["email"].lower()))
    if user is None or not user.is_active:
        abort(401)
    if not sign.verify_password(user.password, body["password"]):
        abort(401)
    session = tables.Session(user_id=user.id, expires_at=tables.now() + sign.REFRESH)
    user.last_login = tables.now()
    db.add(session)
    if KEEPS_PROMISES:
        session.request_id = promises.request_id.get()
        db.flush()
        db.add(statements.session_entry(user, session))
        key = sign.bucket_key(body["email"])
        db.execute(delete(tables.LoginBucket).where(tables.LoginBucket.key == key))
    db.commit()
    return jsonify(sign.pair(user.id, session.id))
