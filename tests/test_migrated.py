"""The suite migrates once: who comes later begins with the first one's tables."""

import fcntl
import sqlite3
from contextlib import closing, contextmanager

from tests.migrated import migrated_once


@contextmanager
def database(name):
    """A database in memory, that lives as long as this connection."""
    uri = f"file:{name}?mode=memory&cache=shared"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        yield uri, connection


def tables(connection):
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]


def is_locked(folder):
    with (folder / "migrated.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_the_next_one_has_the_tables_of_the_first_and_adds_none_to_them(tmp_path):
    with database("first") as (name, first), migrated_once(tmp_path, name) as hand_on:
        assert (tables(first), is_locked(tmp_path)) == ([], True)
        first.execute("CREATE TABLE dog (id INTEGER)")
        hand_on()
        assert is_locked(tmp_path) is False
        first.execute("CREATE TABLE of_a_test (id INTEGER)")
        for number in "23":
            with database(number) as (other, own), migrated_once(tmp_path, other) as hand_on_too:
                assert (tables(own), is_locked(tmp_path)) == (["dog"], False)
                own.execute("CREATE TABLE another (id INTEGER)")
                hand_on_too()


def test_where_the_first_one_fails_the_next_one_migrates(tmp_path):
    with database("first") as (name, first), migrated_once(tmp_path, name):
        first.execute("CREATE TABLE dog (id INTEGER)")
    assert is_locked(tmp_path) is False
    with database("next") as (name, own), migrated_once(tmp_path, name):
        assert (tables(own), is_locked(tmp_path)) == ([], True)
