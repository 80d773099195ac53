"""A database that hangs acknowledges all and answers nothing: nobody waits for it for long."""

import contextlib
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from core import middleware, patience
from core.api import views
from core.management.commands import migrate
from core.postgresql import base, watch
from core.tests.helpers_hole import through_a_hole
from tests.asserts import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hole():
    with through_a_hole() as made:
        connection.ensure_connection()
        yield made


@contextlib.contextmanager
def through_another_session():
    """Yield the cursor of another session, in a transaction of its own."""
    with contextlib.closing(connection.copy()) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            yield cursor
        other.rollback()


def ask(sql="SELECT 1"):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_a_statement_that_is_overdue_ends_as_if_the_server_had_gone(hole, logged):
    assert ask() == 1
    hole.passes.clear()
    with pytest.raises(OperationalError), patience.patience(0.2):
        ask()
    assert [line.getMessage() for line in logged if line.name == watch.__name__] == [
        "database silent"
    ]


def test_the_usual_patience_is_that_of_the_settings(hole):
    connection.connection.silence_seconds = 0.2
    hole.passes.clear()
    with pytest.raises(OperationalError):
        ask()


def test_a_commit_and_a_rollback_end_as_well(hole):
    for way in ("commit", "rollback"):
        connection.close()
        hole.passes.set()
        ask()
        connection.set_autocommit(False)
        ask()
        hole.passes.clear()
        with pytest.raises(OperationalError), patience.patience(0.2):
            getattr(connection, way)()


def test_who_waits_without_end_is_not_cut_and_who_has_its_answer_neither(hole):
    with patience.patience(None):
        assert ask("SELECT 1 FROM pg_sleep(0.4)") == 1
    with patience.patience(0.2):
        assert ask() == 1
    time.sleep(0.5)
    assert ask() == 1


def test_a_session_that_rested_is_asked_for_a_second_and_then_replaced(hole, monkeypatch):
    monkeypatch.setattr(base, "ASKED_SECONDS", 0.2)
    ask()
    hole.passes.clear()
    connection.health_check_enabled, connection.health_check_done = True, False
    connection._checked_at = 0.0
    connection.close_if_health_check_failed()
    assert connection.connection is None
    hole.passes.set()
    assert ask() == 1


def test_nobody_waits_for_a_server_that_takes_a_connection_and_says_nothing(hole):
    connection.close()
    hole.passes.clear()
    with pytest.raises(OperationalError, match="timeout expired"):
        ask()


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(middleware, "READ_SECONDS", 0.2)


def test_a_read_gets_its_503_within_the_patience_of_reads(hole, user_api, short):
    assert user_api.get("/api/users/me").status_code == 200
    hole.passes.clear()
    answer = user_api.get("/api/users/me")
    assert_problem(answer, 503, "service_unavailable")
    assert answer["Retry-After"] == "2"
    hole.passes.set()
    connection.close()  # as the end of a request does
    assert user_api.get("/api/users/me").status_code == 200


def test_a_write_whose_caller_is_not_even_known_neither(hole, user_api, short):
    hole.passes.clear()
    assert_problem(user_api.post("/api/dogs/Nala", {}), 503, "service_unavailable")


def test_a_write_waits_for_a_row_as_long_as_the_server_lets_it(user_api, short, monkeypatch):
    """The caller is known: from here on the database's own timeouts say how long."""
    seen = []
    monkeypatch.setattr(
        views.BaseAPIView, "check_preconditions", lambda *_: seen.append(patience.within(16))
    )
    user_api.post("/api/dogs/Nala", {})
    user_api.get("/api/users/me")
    assert seen == [16]
    assert patience.within(16) == 16


def test_a_migration_that_gets_no_lock_says_who_is_in_the_way_and_tries_again(monkeypatch, capsys):
    monkeypatch.setattr(migrate, "pause", lambda _tries: 0.01)
    real, tries = MigrationExecutor.migrate, []

    def busy(self, *args, **kwargs):
        tries.append(1)
        if len(tries) < 3:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '50ms'; LOCK TABLE dogs_dog")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(MigrationExecutor, "migrate", busy)
    with through_another_session() as cursor:
        cursor.execute("LOCK TABLE dogs_dog IN ACCESS SHARE MODE; SELECT pg_sleep(1.1)")
        call_command("migrate", verbosity=0)
        assert len(tries) == 3
        said = capsys.readouterr().out
        assert said.count("a lock is held by session ") == 2
        tries.clear()
        with pytest.raises(CommandError, match=r"got no lock for 0 s; .* In the way: session \d+"):
            call_command("migrate", verbosity=0, lock_wait=0)
