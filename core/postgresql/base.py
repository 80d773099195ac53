"""Django's PostgreSQL backend, for servers that hang, poolers, and connections that are kept.

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

from core.patience import patience
from core.postgresql.prepared import PreparingConnection, PreparingCursor
from core.postgresql.schema import SchemaEditor

TRUSTED_SECONDS = 2.0
# A session that rested is asked, and another one opened (2 s), within the 3 s of a read.
ASKED_SECONDS = 1.0


def is_silent(connection: Any) -> bool:
    """Tell whether the server neither closed the connection nor sent anything unasked."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)
    except (Error, OSError, ValueError):
        return False


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but for the health check, the watch, prepared statements and poolers."""

    SchemaEditorClass = SchemaEditor
    health_check_enabled: bool
    health_check_done: bool
    _checked_at = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        """Return what psycopg2 wants to know, with classes that are watched."""
        classes = {"connection_factory": PreparingConnection, "cursor_factory": PreparingCursor}
        return {**super().get_connection_params(), **classes}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect."""
        connection = super().get_new_connection(conn_params)
        connection.silence_seconds = self.settings_dict.get("SILENCE_SECONDS")
        connection.prepares = not self.settings_dict.get("POOLED", False)
        return connection

    def chunked_cursor(self) -> Any:
        """Return a cursor of the server's, or of ours where a pooler would lose the server's."""
        if self.settings_dict.get("POOLED") and not self.in_atomic_block:
            return self.cursor()
        return super().chunked_cursor()

    def close_if_health_check_failed(self) -> None:
        """Close a connection that is known to be dead, or that does not answer."""
        if not self.health_check_enabled or self.health_check_done or self.connection is None:
            return
        now = time.monotonic()
        idle, self._checked_at = now - self._checked_at, now
        if idle < TRUSTED_SECONDS and is_silent(self.connection):
            self.health_check_done = True
        else:
            with patience(ASKED_SECONDS):
                super().close_if_health_check_failed()
