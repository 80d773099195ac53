"""A database connection that died between two requests is replaced before anybody notices."""

import select
import time

import psycopg2
import pytest
from django.db import connection

from core.postgresql import base

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def checked():
    """Let the connection be checked as between two requests."""
    connection.ensure_connection()

    def between_requests():
        connection.health_check_enabled, connection.health_check_done = True, False
        connection.close_if_health_check_failed()

    yield between_requests
    connection.health_check_enabled = False


def pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def terminate(backend: int) -> None:
    parameters = connection.get_connection_params()
    wanted = {
        key: parameters[key] for key in ("host", "port", "user", "dbname") if key in parameters
    }
    other = psycopg2.connect(**wanted)
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    other.close()
    select.select([connection.connection.fileno()], [], [], 20)  # the goodbye is here


@pytest.mark.parametrize("idle", [0.0, 60.0])
def test_a_session_that_was_ended_is_replaced(checked, idle):
    checked()
    before = pid()
    terminate(before)
    connection._checked_at = time.monotonic() - idle
    checked()
    assert pid() != before


def test_a_session_in_use_is_kept_without_a_query(checked, monkeypatch):
    checked()
    before = pid()
    monkeypatch.setattr(base, "TRUSTED_SECONDS", 60)
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("asked the database"))
    checked()
    assert pid() == before


def test_a_session_that_rested_is_asked(checked, monkeypatch):
    asked = []
    monkeypatch.setattr(connection, "is_usable", lambda: asked.append(1) or True)
    connection._checked_at = time.monotonic() - 60
    checked()
    assert asked == [1]
