"""One process of the suite migrates; the others begin with a copy of its database.

Migrating takes longer than a thousand tests. Only on SQLite, whose database is in memory.
"""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connection


@contextmanager
def migrated_once(folder: Path, name: str) -> Iterator[Callable[[], None]]:
    """Fill the database ``name`` with what the first process has put into ``folder``.

    For that one nothing is there yet: it migrates, and the others wait until it calls what this
    yields. Who ends without doing so lets the next one migrate.
    """
    file = folder / "migrated.sqlite3"
    with (
        (folder / "migrated.lock").open("w") as lock,
        closing(sqlite3.connect(name, uri=True)) as ours,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if file.exists():
            with closing(sqlite3.connect(file)) as migrated:
                migrated.backup(ours)
            fcntl.flock(lock, fcntl.LOCK_UN)

        def hand_on() -> None:
            if not file.exists():
                with closing(sqlite3.connect(file)) as migrated:
                    ours.backup(migrated)
            fcntl.flock(lock, fcntl.LOCK_UN)

        yield hand_on


@pytest.fixture(scope="session")
def hand_on(
    request, tmp_path_factory, django_db_modify_db_settings, django_db_use_migrations
) -> Iterator[Callable[[], None]]:
    """Return what gives this process's tables to the others, once they are there."""
    is_one_of_some = hasattr(request.config, "workerinput")
    if connection.vendor == "sqlite" and django_db_use_migrations and is_one_of_some:
        folder = tmp_path_factory.getbasetemp().parent  # of this run's processes
        with migrated_once(folder, connection.creation._get_test_db_name()) as done:
            yield done
    else:
        yield lambda: None
