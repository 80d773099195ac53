"""A secret is not on the database server's disk either: not in its files, not in its log."""

import os
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from allies import services
from allies.models import AllyCredential
from allies.tests.factories import AllyFactory
from allies.tests.test_canary import sightings
from core.roles import Role

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NAME = b"canaryName5Kp"
# Of this process alone: the log is the whole server's, and other tests leak theirs on purpose.
USER, PASSWORD = f"user{uuid4().hex}", f"word{uuid4().hex}"
WORDS = (USER.encode(), PASSWORD.encode())
FILES = (
    "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class"
    " WHERE relkind IN ('r', 'i', 't') AND oid >= 16384 AND pg_relation_size(oid) > 0"
)
# The write-ahead log, which replicas and backups get too, from one place in it until now.
LOG = (
    "SELECT pg_read_binary_file('pg_wal/' || name) FROM pg_ls_waldir()"
    " WHERE name BETWEEN pg_walfile_name(%s) AND pg_walfile_name(pg_current_wal_insert_lsn())"
)


@pytest.fixture
def server():
    """A cursor that may read the server's files, and a slot that keeps the log from now on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone()[0], "the role in DATABASE_URL must be a superuser to read files"
        slot = f"canary_{os.getpid()}"
        cursor.execute("SELECT pg_create_physical_replication_slot(%s, true, true)", [slot])
        yield cursor
        cursor.execute("SELECT pg_drop_replication_slot(%s)", [slot])


def content(cursor, statement, parameters=None):
    cursor.execute(statement, parameters)
    return b"\n".join(bytes(row[0]) for row in cursor.fetchall())


def test_the_canary_is_not_on_disk(server, client_for, settings):
    server.execute("SELECT pg_current_wal_insert_lsn()")
    (start,) = server.fetchone()
    for number in range(5):
        AllyFactory(id=f"canary-{number}", name=NAME.decode())
    support = client_for(Role.SUPPORT)
    for number in range(5):
        path = f"/allies/canary-{number}/credentials"
        for key in ("one", "two"):
            body = {"user": USER, "password": PASSWORD}
            answer = support.post(path, body, HTTP_IDEMPOTENCY_KEY=f"{key}-{number}")
            assert answer.status_code == 200
        services.revoke_credentials(credential=AllyCredential.objects.last(), reason="leaked")
        services.open_credentials(ally_id=f"canary-{number}", purpose="test")
    settings.CREDENTIALS_KEYS = ["new:" + "A" * 43 + "=", *settings.CREDENTIALS_KEYS]
    call_command("rotate_credentials")
    log = content(server, LOG, [start])
    server.execute("CHECKPOINT")  # what is in memory goes into the files
    files = content(server, FILES)
    # The control: what is no secret is there.
    assert NAME in log
    assert NAME in files
    assert sightings(log, WORDS) == []
    assert sightings(files, WORDS) == []
