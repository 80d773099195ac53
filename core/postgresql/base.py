"""Django's PostgreSQL backend, with a cheaper way to see that a connection still lives.

``CONN_HEALTH_CHECKS`` asks the database ``SELECT 1`` before the first query of every request: a
round trip, a tenth of what a small request costs. But a server that went away (restarted, failed
over, ended the session) said so on the socket, which the operating system knows without asking
anybody. Only a connection that nobody used for some seconds is asked as before: silence may then
mean a network that swallows everything.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg2 import Error

TRUSTED_SECONDS = 2.0


def is_silent(connection: Any) -> bool:
    """Tell whether the server neither closed the connection nor sent anything unasked."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)
    except (Error, OSError, ValueError):
        return False


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but for the health check."""

    health_check_enabled: bool
    health_check_done: bool
    _checked_at = 0.0

    def close_if_health_check_failed(self) -> None:
        """Close a connection that is known to be dead, or that does not answer."""
        if not self.health_check_enabled or self.health_check_done or self.connection is None:
            return
        now = time.monotonic()
        idle, self._checked_at = now - self._checked_at, now
        if idle < TRUSTED_SECONDS and is_silent(self.connection):
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
