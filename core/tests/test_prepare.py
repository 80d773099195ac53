"""One process migrates at a time, and nothing of that stays behind."""

import threading
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from core.db import advisory_lock
from core.management.commands.prepare import only_one
from core.tests.locks import wait_until_somebody_waits

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
        assert (setting("statement_timeout"), setting("lock_timeout")) == ("0", "0")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert is_free()
    assert (setting("statement_timeout"), setting("lock_timeout")) == ("15s", "5s")


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
        wait_until_somebody_waits()
        time.sleep(0.2)
        assert done == []
    other.join(20)
    assert done == [False]


def test_a_database_that_is_away_is_reported_in_time(monkeypatch):
    def refuse():
        raise OperationalError("nobody there")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    with pytest.raises(CommandError, match="No database after 0 s: nobody there"):
        call_command("prepare", wait=0)
