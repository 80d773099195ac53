"""Locks on PostgreSQL: wait until somebody else waits for one of ours."""

import time

from django.db import connection

WAITING_FOR_US = (
    "SELECT EXISTS (SELECT FROM pg_locks"
    " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)


def wait_until_somebody_waits(check=lambda: None):
    """Return when another session waits for a lock of this one; ``check()`` fails when none can."""
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while True:
            cursor.execute(WAITING_FOR_US)
            if cursor.fetchone()[0]:
                return
            check()
            assert time.monotonic() < deadline, "nobody came to wait"
            time.sleep(0.01)
