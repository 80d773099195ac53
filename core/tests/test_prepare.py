"""One process migrates at a time, and nothing of that stays behind."""

import threading
import time
from contextlib import closing

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from core.db import advisory_lock
from core.management.commands.prepare import only_one

pytestmark = pytest.mark.django_db(transaction=True)
OURS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


def is_free():
    with transaction.atomic():
        return advisory_lock("prepare", wait=False)


def setting(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def test_whoever_is_alone_goes_ahead():
    ran = []
    with only_one():
        ran.append(1)
    assert ran == [1]
    assert is_free()


@pytest.mark.postgres
def test_the_lock_is_no_sessions_and_ends_with_the_work_or_its_failure():
    @only_one()
    def fail():
        assert not is_free()
        with connection.cursor() as cursor:
            cursor.execute(OURS)
            assert cursor.fetchone() == (0,)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert is_free()


@pytest.mark.postgres
@pytest.mark.parametrize("atomic", [True, False])
def test_a_migration_waits_for_no_lock_for_long_and_leaves_no_timeout_behind(atomic):
    usual = ("15s", "5s")

    def fail():
        with connection.schema_editor(atomic=atomic):
            assert (setting("statement_timeout"), setting("lock_timeout")) == ("0", "2s")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (setting("statement_timeout"), setting("lock_timeout")) == usual
    with connection.schema_editor(atomic=atomic):
        pass
    assert (setting("statement_timeout"), setting("lock_timeout")) == usual


@pytest.mark.postgres
def test_behind_a_pooler_a_session_is_not_changed_outside_of_a_transaction(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "POOLED", True)
    with connection.schema_editor(atomic=False):
        assert (setting("statement_timeout"), setting("lock_timeout")) == ("15s", "5s")
    with connection.schema_editor(atomic=True):
        assert (setting("statement_timeout"), setting("lock_timeout")) == ("0", "2s")


@pytest.mark.postgres
def test_who_waits_too_long_for_another_process_says_so():
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        assert advisory_lock("prepare", on=other)
        with pytest.raises(CommandError, match="has been preparing this database for 0 s"):
            only_one(0).__enter__()
        other.rollback()


@pytest.mark.postgres
def test_the_others_wait_longer_than_a_request_may(monkeypatch):
    done = []

    def migrate():
        try:
            monkeypatch.setitem(
                connection.settings_dict["OPTIONS"],
                "options",
                "-c statement_timeout=50ms -c lock_timeout=50ms"
                " -c idle_in_transaction_session_timeout=50ms",
            )
            with only_one():
                time.sleep(0.2)
                done.append(is_free())
        finally:
            connection.close()

    other = threading.Thread(target=migrate)
    with transaction.atomic():
        assert advisory_lock("prepare")
        other.start()
        time.sleep(0.5)  # several looks, and ten times what a request may take
        assert done == []
    other.join(20)
    assert done == [False]


def test_a_database_that_is_away_is_reported_in_time(monkeypatch):
    def refuse():
        raise OperationalError("nobody there")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    with pytest.raises(CommandError, match="No database after 0 s: nobody there"):
        call_command("prepare", wait=0)
