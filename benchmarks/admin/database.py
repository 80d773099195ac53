"""The database of the admin's benchmark: made and filled once, kept between runs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2.extras import execute_values

from benchmarks import common, data
from benchmarks.admin import field, plans, rows, trail

NAME = os.environ.get("BENCH_ADMIN_DATABASE", "plaza_bench_admin")  # on BENCH_DATABASE_URL's server
DATABASE_URL = urlunsplit(urlsplit(common.DATABASE_URL)._replace(path=f"/{NAME}"))
NEEDED_GB = 8  # 5.5 at rest; what builds the indexes and the log of changes come on top
FILLED = "benchmarks.admin: filled, version 1"  # the comment on a database that is whole
GIB = 1024**3
BATCH_LINES = 500_000
# The rows fit together by the way they are made: nobody checks each of them.
SETTINGS = """
SET session_replication_role = replica; SET synchronous_commit = off;
SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'
"""


def say(*words: object) -> None:
    """Print one line at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def environment() -> dict[str, str]:
    """Return what Plaza is started with: as the other benchmarks' servers, without static files."""
    return {
        **common.server_environment(DATABASE_URL),
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "LOG_LEVEL": "ERROR",
    }


def prepare(*, fresh: bool) -> None:
    """Make the database and fill it, unless it is there and whole; bring its tables up to date."""
    if not fresh and is_filled():
        migrate()
        return
    refuse_small_disk()
    begun = time.monotonic()
    data.create(DATABASE_URL)
    migrate()
    with psycopg2.connect(DATABASE_URL) as connection, connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        for what, fill in steps(cursor):
            fill()
            connection.commit()
            say(f"{time.monotonic() - begun:6.0f} s  {what}")
    data.vacuum(DATABASE_URL)
    say(f"{time.monotonic() - begun:6.0f} s  vacuumed; the figures of stores are counted")
    manage("-m", "benchmarks.admin.finish")
    data.vacuum(DATABASE_URL)
    mark()
    say(f"{time.monotonic() - begun:6.0f} s  done: {size()}")


def steps(cursor: psycopg2.extensions.cursor) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what is filled one after the other: its name, and what does it."""
    for what, statement in rows.STATEMENTS.items():
        yield what, partial(cursor.execute, statement.format(**rows.NUMBERS))
    for what, statement in field.STATEMENTS.items():
        fill = cursor.execute if statement is not field.VISIT_ROWS else partial(fill_visits, cursor)
        yield what, partial(fill, statement.format(**field.NUMBERS))
    yield "5,000,000 lines of the journal", partial(fill_journal, cursor)
    yield "the next number of each table", partial(set_sequences, cursor)


def fill_visits(cursor: psycopg2.extensions.cursor, statement: str) -> None:
    """Write the visits."""
    with without_indexes(cursor, "stores_visit"):
        cursor.execute(statement)


def refuse_small_disk() -> None:
    """Say what is needed; end where the disk has less (where it can be seen from here)."""
    say(f"The database takes {NEEDED_GB} GB while it is filled, once, some minutes.")
    with data.server_connection().cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    if folder.exists() and (free := shutil.disk_usage(folder).free) < NEEDED_GB * GIB:
        raise SystemExit(f"{folder} has {free / GIB:.1f} GB free.")


def is_filled() -> bool:
    """Tell whether the database is there and was filled to the end."""
    with data.server_connection().cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [NAME],
        )
        found = cursor.fetchone()
    return found is not None and found[0] == FILLED


def mark() -> None:
    """Note that the database is whole."""
    with data.server_connection().cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE \"{NAME}\" IS '{FILLED}'")


def size() -> str:
    """Return how much the database takes."""
    with data.server_connection().cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(%s))", [NAME])
        return cursor.fetchone()[0]


def manage(*arguments: str) -> None:
    """Run something of Plaza's in a process of its own."""
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=common.ROOT, env=environment(), check=True)


def migrate() -> None:
    """Bring the tables up to date, with what the apps cannot do without."""
    manage("manage.py", "prepare", "--verbosity", "0")


def set_sequences(cursor: psycopg2.extensions.cursor) -> None:
    """Let every table number its next row after those that are there."""
    cursor.execute(
        "SELECT table_name, pg_get_serial_sequence(quote_ident(table_name), 'id')"
        " FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'id'"
        " AND is_identity = 'YES'"
    )
    for table, sequence in cursor.fetchall():
        cursor.execute(
            f'SELECT setval(%s, (SELECT coalesce(max(id), 1) FROM "{table}"))', [sequence]
        )


@contextmanager
def without_indexes(cursor: psycopg2.extensions.cursor, table: str) -> Iterator[None]:
    """Take a table's indexes away within the block, and make them anew: a fraction of the time."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    )
    indexes = cursor.fetchall()
    for index, _definition in indexes:
        cursor.execute(f"DROP INDEX {index}")
    yield
    for _index, definition in indexes:
        cursor.execute(definition)


def fill_journal(cursor: psycopg2.extensions.cursor) -> None:
    """Write the lines of the journal."""
    kinds, dice = trail.kind_rows()
    cursor.execute(trail.KIND_TABLES)
    execute_values(cursor, "INSERT INTO kinds_of_lines VALUES %s", kinds)
    execute_values(cursor, "INSERT INTO kinds_by_dice VALUES %s", dice)
    cursor.execute("ANALYZE kinds_of_lines, kinds_by_dice")
    with without_indexes(cursor, plans.JOURNAL):
        for first in range(1, trail.LINES, BATCH_LINES):
            last = first + BATCH_LINES - 1
            numbers = {"first": first, "last": last, "lines": trail.LINES}
            cursor.execute(trail.FILL, {**numbers, "request_lines": trail.REQUEST_LINES})
            say(f"         {last:,} lines of the journal")
