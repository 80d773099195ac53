"""The limit: bare Django views with one hand-written SQL query each, no middleware at all.

PostgreSQL builds the JSON. Nobody should write an API like this; it shows what Django, gunicorn and
the database cost when nothing else is done. Where a route wants a token, the session is asked for,
and popular movies come from Redis; bare, the token's signature is enough, and they are in the
database.
"""

import dj_database_url
import jwt
import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.common import (
    DATABASE_URL,
    HOST,
    KEEPS_PROMISES,
    PAGE_ROWS,
    REDIS_URL,
    SHOWN_STUDIES,
    SIGNING_KEY,
)
from benchmarks.peers import sign
from benchmarks.peers.promises import POPULAR_SECONDS

settings.configure(
    SECRET_KEY=SIGNING_KEY,
    ALLOWED_HOSTS=[HOST, "localhost"],
    ROOT_URLCONF="benchmarks.limit",
    MIDDLEWARE=[],
    DATABASES={"default": {**dj_database_url.parse(DATABASE_URL), "CONN_MAX_AGE": 600}},
    USE_TZ=False,
    TIME_ZONE="America/Bogota",
)

cache = redis.Redis.from_url(REDIS_URL)

DOG = """json_build_object('id', id, 'name', name, 'picture', picture,
  'picture_status', picture_status, 'create_date', create_date, 'is_adopted', is_adopted,
  'id_user', owner_id)"""
PATIENT = f"""json_build_object('id', p.id, 'first_name', first_name, 'last_name', last_name,
  'birth_date', birth_date, 'email', email, 'studies', coalesce((
    SELECT json_agg(json_build_object('id', s.id, 'patient', s.patient_id,
      'urgency_level', urgency_level, 'body_part', body_part, 'description', description,
      'type', type, 'performed_on', performed_on, 'status', status) ORDER BY s.id)
    FROM (SELECT * FROM clinic_study AS every
          WHERE every.patient_id = p.id AND every.archived_at IS NULL
          ORDER BY every.id DESC LIMIT {SHOWN_STUDIES}) AS s), '[]'),
  'studies_count', (SELECT count(*) FROM clinic_study AS every
    WHERE every.patient_id = p.id AND every.archived_at IS NULL))"""
PAGE_OF = """SELECT json_build_object('next', %s, 'previous', NULL, 'results', json_agg({}))::text
  FROM ({})"""
ONE_DOG = f"SELECT {DOG}::text FROM dogs_dog WHERE name_key = %s"
DOGS = PAGE_OF.format(
    DOG, f"SELECT * FROM dogs_dog WHERE id > %s ORDER BY id LIMIT {PAGE_ROWS}"
) + " AS d"  # fmt: skip
ONE_PATIENT = (
    f"SELECT {PATIENT}::text FROM clinic_patient AS p WHERE p.id = %s AND archived_at IS NULL"
)
PATIENTS = PAGE_OF.format(
    PATIENT,
    "SELECT * FROM clinic_patient WHERE id > %s AND archived_at IS NULL"
    f" ORDER BY id LIMIT {PAGE_ROWS}",
) + " AS p"  # fmt: skip
SESSION = """SELECT u.id, u.email, u.role FROM users_session AS s JOIN users_user AS u
  ON u.id = s.user_id WHERE s.id = %s AND u.id = %s AND u.is_active AND s.revoked_at IS NULL
  AND s.expires_at > now()"""
POPULAR_KEY = "popular:1::"
POPULAR = "SELECT body FROM movies_cachedanswer WHERE key = %s"
FAVORITES = PAGE_OF.format(
    """d.details || jsonb_build_object('my_rating', 5 - nullif(rating_rank, 6),
         'added_at', created_at)""",
    f"""SELECT f.*, m.details FROM movies_favorite AS f JOIN movies_movie AS m ON m.id = f.movie_id
        WHERE f.user_id = %s AND wipe_id IS NULL
        ORDER BY release_rank, rating_rank, movie_id LIMIT {PAGE_ROWS}""",
) + " AS d"  # fmt: skip


def answer(sql: str, *arguments: object) -> HttpResponse:
    """Return the one value of a query as it is."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        row = cursor.fetchone()
    if row is None:
        return HttpResponse(status=404)
    return HttpResponse(row[0], content_type="application/json")


def caller(request: HttpRequest) -> int:
    """Return who calls."""
    try:
        claims = sign.claims_of(request.headers.get("Authorization", "").removeprefix("Bearer "))
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise PermissionDenied from error
    if KEEPS_PROMISES:
        with connection.cursor() as cursor:
            cursor.execute(SESSION, [str(claims.session_id), claims.user_id])
            if cursor.fetchone() is None:
                raise PermissionDenied
    return claims.user_id


def dogs(request: HttpRequest) -> HttpResponse:
    """List dogs."""
    after = (int(request.GET.get("page", 1)) - 1) * PAGE_ROWS  # ids have no gaps here
    return answer(DOGS, "x", after)


def dog(_request: HttpRequest, name: str) -> HttpResponse:
    """Show a dog."""
    return answer(ONE_DOG, name.casefold())


def patients(request: HttpRequest) -> HttpResponse:
    """List patients."""
    caller(request)
    return answer(PATIENTS, "x", 0)


def patient(request: HttpRequest, key: int) -> HttpResponse:
    """Show a patient."""
    caller(request)
    return answer(ONE_PATIENT, key)


def popular(request: HttpRequest) -> HttpResponse:
    """List popular movies."""
    caller(request)
    if not KEEPS_PROMISES:
        return answer(POPULAR, POPULAR_KEY)
    body = cache.get(f"limit:{POPULAR_KEY}")
    if body is None:
        with connection.cursor() as cursor:
            cursor.execute(POPULAR, [POPULAR_KEY])
            body = cursor.fetchone()[0]
        cache.set(f"limit:{POPULAR_KEY}", body, ex=POPULAR_SECONDS)
    return HttpResponse(body, content_type="application/json")


def favorites(request: HttpRequest) -> HttpResponse:
    """List the caller's favourites."""
    return answer(FAVORITES, None, caller(request))  # they fit one page


urlpatterns = [
    path("api/dogs", dogs),
    path("api/dogs/<str:name>", dog),
    path("api/patients", patients),
    path("api/patients/<int:key>", patient),
    path("api/movies/popular", popular),
    path("api/movies/favorites", favorites),
]
application = get_wsgi_application()
