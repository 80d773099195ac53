"""The database as a file and back, by the means of its own: pg_dump and psql, or SQLite's."""

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from config import env
from core.backups.sealing import BadBackup

# As the owner of all that is in the schema; in the same transaction as what replaces it.
EMPTY = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname = current_schema() LOOP
        EXECUTE 'DROP TABLE ' || one.name || ' CASCADE';
    END LOOP;
    FOR one IN SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS
            (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e') LOOP
        EXECUTE 'DROP FUNCTION ' || one.name || ' CASCADE';
    END LOOP;
END $$;
"""
NO_TIMEOUTS = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
VARIABLES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
SSL = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT"}


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs.

    Raises:
        BadBackup: it is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise BadBackup(f"{name} is not installed (Debian: apt-get install postgresql-client).")
    return path


def libpq() -> dict[str, str]:
    """Return the variables by which PostgreSQL's programs find the database; no word on argv.

    Raises:
        BadBackup: only the way through a pooler is known.
    """
    described = connection.settings_dict
    if described.get("POOLED"):
        raise BadBackup(
            "A backup does not go through a pooler. Set DATABASE_DIRECT_URL to PostgreSQL itself."
        )
    found = {name: str(described[key]) for key, name in VARIABLES.items() if described[key]}
    options = described["OPTIONS"]
    found |= {name: str(options[key]) for key, name in SSL.items() if key in options}
    return {**found, "PGDATABASE": described["NAME"], "PGOPTIONS": NO_TIMEOUTS}


def run(*command: str, **options: Any) -> None:
    """Run one of PostgreSQL's programs.

    Raises:
        BadBackup: with its first complaint; notices are none.
    """
    ran = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, arguments of ours
        command,
        env=env.handed_on(**libpq()),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **options,
    )
    if ran.returncode:
        lines = [line for line in ran.stderr.splitlines() if line.strip()]
        wrong = [line for line in lines if re.search(r"ERROR|FATAL|error:", line)]
        said = next(iter(wrong or lines), "nothing")
        raise BadBackup(f"{Path(command[0]).name} failed: {said}")


def dump(target: Path) -> None:
    """Write the database into a file, as it is at one moment."""
    if connection.vendor == "postgresql":
        run(
            program("pg_dump"),
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--file={target}",
        )
        return
    connection.ensure_connection()
    with sqlite3.connect(target) as copy:
        connection.connection.backup(copy)
    copy.close()


def is_empty() -> bool:
    """Tell whether there is no table yet."""
    return not connection.introspection.table_names()


def load(source: Path, *, report: Callable[[str], Any]) -> None:
    """Put the database of a file in the place of what is there: all of it, or nothing changes."""
    if connection.vendor == "postgresql":
        load_postgresql(source)
        return
    connection.close()
    present = Path(connection.settings_dict["NAME"])
    present.parent.mkdir(parents=True, exist_ok=True)
    part = present.with_name(f"{present.name}.part")
    shutil.copyfile(source, part)
    if present.exists():
        before = present.with_name(f"{present.name}.before-restore")
        with sqlite3.connect(present) as old, sqlite3.connect(before) as copy:
            old.backup(copy)  # what its journal still holds comes along
        report(f"  what was there is in {before}")
    for suffix in ("-wal", "-shm"):
        present.with_name(present.name + suffix).unlink(missing_ok=True)
    part.replace(present)


def load_postgresql(source: Path) -> None:
    """Empty the schema and fill it in one transaction."""
    connection.close()
    script = source.with_suffix(".sql")
    run(program("pg_restore"), "--no-owner", "--no-privileges", f"--file={script}", str(source))
    empty = source.with_suffix(".empty.sql")
    empty.write_text(EMPTY)
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    run(program("psql"), *options, f"--file={empty}", f"--file={script}", stdout=subprocess.DEVNULL)
