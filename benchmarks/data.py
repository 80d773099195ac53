"""The data: made once by SQL, the same for every server."""

import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from argon2 import PasswordHasher

from benchmarks.common import DATABASE_URL, ROOT, server_environment
from benchmarks.sync import data as stores

DOGS, PATIENTS, STUDIES, FAVORITES, USERS = 100_000, 50_000, 150_000, 5_000, 100
SCALED_DOGS, SCALED_PATIENTS, SCALED_STUDIES = 10_000, 5_000, 15_000  # at scale 1 of growth.py
PASSWORD = "benchmark-password"  # noqa: S105 - of made-up people
KINTO_TABLES = "benchmarks.peers.kinto.app"
SALT = b"abcdefghijklmnopqrstuv"  # as long as Django makes it, so that no sign-in renews the hash

FILL_USERS = """
INSERT INTO users_user (id, name, last_name, email, role, is_active, created_at, updated_at,
                        password, last_login, search_key)
SELECT i, 'User ' || i, 'Bench', 'user' || i || '@bench.invalid',
       CASE i WHEN 1 THEN 'ADMIN' WHEN 2 THEN 'CLINICIAN' ELSE 'USER' END, true, now(), now(),
       %(password)s, NULL, 'user ' || i || ' bench user' || i || '@bench.invalid'
FROM generate_series(1, %(users)s) AS i;
SELECT setval(pg_get_serial_sequence('users_user', 'id'), %(users)s)
"""
FILL_DOGS = """
INSERT INTO dogs_dog (id, name, name_key, picture, picture_status, picture_attempts, picture_due_at,
                      create_date, is_adopted, owner_id, search_key)
SELECT i, 'Dog-' || i, 'dog-' || i, 'https://images.dog.ceo/breeds/hound/n' || i || '.jpg', 'ready',
       1, now(), timestamptz '2026-01-01 12:00:00.123456+00' + i * interval '1 minute',
       i %% 3 = 0, CASE WHEN i %% 3 = 0 THEN i %% %(users)s + 1 END, 'dog-' || i
FROM generate_series(1, %(dogs)s) AS i;
SELECT setval(pg_get_serial_sequence('dogs_dog', 'id'), %(dogs)s)
"""
FILL_ADOPTIONS = """
INSERT INTO dogs_adoption (dog_id, owner_id, adopted_at, end_reason)
SELECT id, owner_id, create_date, '' FROM dogs_dog WHERE is_adopted
"""
FILL_PATIENTS = """
INSERT INTO clinic_patient (id, first_name, last_name, birth_date, email, email_key, search_key,
                            external_id, created_at)
SELECT i, 'María ' || i, 'Gómez ' || i, date '1940-01-01' + i %% 25000,
       'patient' || i || '@bench.invalid', 'patient' || i || '@bench.invalid', 'maria ' || i,
       'bench-' || i, now()
FROM generate_series(1, %(patients)s) AS i;
INSERT INTO clinic_study (id, patient_id, urgency_level, body_part, description, type, created_at,
                          search_key)
SELECT i, (i - 1) / 3 + 1, (ARRAY['LOW', 'MID', 'HIGH'])[i %% 3 + 1], 'KNEE',
       'Study number ' || i || ': pain after a fall, no fracture seen so far.',
       (ARRAY['XRAY', 'MAMMOGRAM'])[i %% 2 + 1], now(), 'knee'
FROM generate_series(1, %(studies)s) AS i;
SELECT setval(pg_get_serial_sequence('clinic_patient', 'id'), %(patients)s),
       setval(pg_get_serial_sequence('clinic_study', 'id'), %(studies)s)
"""
FILL_MOVIES = """
INSERT INTO movies_movie (id, title, release_date, details, fetched_at, refresh_status,
                          refresh_attempts, refresh_due_at, search_key)
SELECT i, 'Movie ' || i, date '1990-01-01' + i * 97 %% 13000,
       jsonb_build_object('id', i, 'title', 'Movie ' || i, 'original_title', 'Película ' || i,
         'overview', repeat('A story of two dogs and a city. ', 8), 'adult', false,
         'release_date', (date '1990-01-01' + i * 97 %% 13000)::text, 'vote_average', 7.5,
         'vote_count', i * 11, 'popularity', i + 0.25, 'original_language', 'es',
         'poster_path', '/poster' || i || '.jpg', 'backdrop_path', '/backdrop' || i || '.jpg',
         'genres', jsonb_build_array(jsonb_build_object('id', 18, 'name', 'Drama')),
         'runtime', 90 + i %% 60, 'status', 'Released'),
       now(), 'pending', 0, now() + interval '30 days', 'movie ' || i
FROM generate_series(1, 500) AS i;
INSERT INTO movies_favorite (user_id, movie_id, created_at, release_rank, rating_rank)
SELECT (n - 1) %% %(users)s + 1, m.id, timestamptz '2026-01-01 12:00:00.5+00' + n * interval '1 s',
       -(m.release_date - date '0001-01-01' + 1), CASE WHEN n %% 2 = 0 THEN n %% 6 ELSE 6 END
FROM generate_series(1, %(favorites)s) AS n
JOIN movies_movie AS m ON m.id = (n - 1) / %(users)s * 7 + 1;
INSERT INTO movies_cachedanswer (key, body, fetched_at)
SELECT 'popular:1::', jsonb_build_object('page', 1, 'total_pages', 500, 'total_results', 10000,
         'results', jsonb_agg(details - 'genres' - 'runtime' - 'status' ORDER BY id))::text, now()
FROM movies_movie WHERE id <= 20
"""
FILL_SELLERS_FAVORITES = """
INSERT INTO movies_favorite (user_id, movie_id, created_at, release_rank, rating_rank)
SELECT u.id, m.id, now(), -(m.release_date - date '0001-01-01' + 1), 6
FROM users_user AS u CROSS JOIN generate_series(0, 49) AS n
JOIN movies_movie AS m ON m.id = n * 7 + 1
WHERE u.role = 'SELLER'
"""


def prepare(*, anew: bool = False) -> None:
    """Make the database unless it is there and full; remove what earlier runs wrote."""
    if anew or not exists(DATABASE_URL):
        create(DATABASE_URL)
    migrate(DATABASE_URL)
    with psycopg2.connect(DATABASE_URL) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM dogs_dog WHERE id <= %s", [DOGS])
        if cursor.fetchone()[0] != DOGS:
            fill(cursor)
        stores.fill(cursor)
        stores.fill_figures(cursor)
        clean(cursor)
    vacuum(DATABASE_URL)


def prepare_scaled(database_url: str, scale: int) -> None:
    """Make a database of a size, unless it is there."""
    if not exists(database_url):
        create(database_url)
    migrate(database_url)
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        dogs = SCALED_DOGS * scale
        cursor.execute("SELECT count(*) FROM dogs_dog WHERE id <= %s", [dogs])
        if cursor.fetchone()[0] != dogs:
            fill(cursor, dogs, SCALED_PATIENTS * scale, SCALED_STUDIES * scale)
            stores.fill(cursor, scale)
            cursor.execute(FILL_SELLERS_FAVORITES)
        clean(cursor, dogs)
    vacuum(database_url)


def server_connection() -> psycopg2.extensions.connection:
    """Return a connection to the server's own database, outside any transaction."""
    connection = psycopg2.connect(urlunsplit(urlsplit(DATABASE_URL)._replace(path="/postgres")))
    connection.autocommit = True
    return connection


def exists(database_url: str) -> bool:
    """Tell whether the benchmark's database is there."""
    name = urlsplit(database_url).path.strip("/")
    with server_connection().cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def create(database_url: str) -> None:
    """Make an empty database, whose backends do all their work themselves."""
    name = urlsplit(database_url).path.strip("/")
    with server_connection().cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        # A parallel worker's CPU time would be lost to the account of its backend.
        cursor.execute(f'ALTER DATABASE "{name}" SET max_parallel_workers_per_gather = 0')


def migrate(database_url: str) -> None:
    """Make Plaza's tables with what its apps cannot do without, and Kinto's."""
    environment = {
        **server_environment(database_url),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    }
    for command in (["manage.py", "prepare", "--verbosity", "0"], ["-m", KINTO_TABLES]):
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)


def fill(
    cursor: psycopg2.extensions.cursor,
    dogs: int = DOGS,
    patients: int = PATIENTS,
    studies: int = STUDIES,
) -> None:
    """Fill the tables."""
    numbers = {
        "users": USERS,
        "dogs": dogs,
        "patients": patients,
        "studies": studies,
        "favorites": FAVORITES,
        "password": "!",
    }
    for statement in (FILL_USERS, FILL_DOGS, FILL_PATIENTS, FILL_MOVIES):
        cursor.execute(statement, numbers)


def clean(cursor: psycopg2.extensions.cursor, dogs: int = DOGS) -> None:
    """Remove what the write scenarios left."""
    cursor.execute("TRUNCATE dogs_adoption")
    cursor.execute("DELETE FROM dogs_dog WHERE id > %s", [dogs])
    cursor.execute(FILL_ADOPTIONS)
    cursor.execute("DELETE FROM users_loginbucket")
    cursor.execute("UPDATE movies_cachedanswer SET fetched_at = now()")
    stores.clean(cursor)
    cursor.execute("TRUNCATE core_journalentry, users_session")
    hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
    encoded = "argon2" + hasher.hash(PASSWORD, salt=SALT)
    cursor.execute("UPDATE users_user SET password = %s", [encoded])


def vacuum(database_url: str) -> None:
    """Leave tables as autovacuum would."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
