"""Statements that PostgreSQL reads and plans once for each connection.

A statement that :mod:`core.api.statements` compiled once is the same text in every request, which
the server reads and plans anew each time. Here it is prepared when it is first sent, and executed
by its name from then on.

Only outside of a transaction, where a refusal costs nothing: whatever the server says of a
prepared statement, the statement is then sent as it is. And never through a pooler, which hands a
session on; should there be one that nobody told us of, a name still means one text only.
"""

import contextlib
import hashlib
import re
from typing import Any

from psycopg2 import DataError, NotSupportedError, ProgrammingError, errors

from core.postgresql.repeated import Repeated
from core.postgresql.watch import Connection, Cursor

# Each takes the server some 20 to 50 kB; one list has a text for each page size.
MAX_PREPARED = 64
# It was dropped; a migration changed a column's type, and so what is found or may be compared.
REFUSALS = (
    errors.InvalidSqlStatementName,
    DataError,
    NotSupportedError,
    ProgrammingError,
)
PLACE = re.compile("%([s%])")


class PreparingConnection(Connection):
    """A connection that knows what was prepared on it."""

    prepares = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calls: dict[str, str] = {}  # what is sent instead of a statement


class PreparingCursor(Cursor):
    """Executes repeated statements by their names."""

    connection: PreparingConnection

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's name
        """Run a statement."""
        connection = self.connection
        if isinstance(query, Repeated) and connection.prepares and connection.autocommit:
            call = connection.calls.get(query) or self.prepare(query)
            if call is not query:
                with contextlib.suppress(*REFUSALS):
                    super().execute(call, vars)
                    return
                connection.calls.clear()
                super().execute("DEALLOCATE ALL")
        super().execute(query, vars)

    def prepare(self, query: Repeated) -> str:
        """Prepare a statement; return what is sent from now on: itself, if that cannot be done."""
        calls = self.connection.calls
        if len(calls) >= MAX_PREPARED:
            return query
        name = f"plaza_{hashlib.blake2b(query.encode(), digest_size=12).hexdigest()}"
        text, places = numbered(query)
        call = f"EXECUTE {name} ({', '.join(['%s'] * places)})" if places else f"EXECUTE {name}"
        try:
            super().execute(f"PREPARE {name} AS {text}")
        except errors.DuplicatePreparedStatement:
            pass  # the same text, as the name says
        except ProgrammingError:
            call = query
        calls[query] = call
        return call


def numbered(query: str) -> tuple[str, int]:
    """Return a statement with numbers for its places, and how many there are."""
    places = 0

    def number(found: re.Match[str]) -> str:
        nonlocal places
        places += found[1] == "s"
        return f"${places}" if found[1] == "s" else "%"

    return PLACE.sub(number, query), places
