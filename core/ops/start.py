"""What a process looks at once, before it takes work: whether the database keeps its promises."""

import sys
from typing import Any

from django.db import DatabaseError, connection


def objection() -> str:
    """Return why no process should run on this database; empty: it may, or is away just now.

    A database that is away is no reason: the process starts, says 503 and recovers by itself.
    """
    if connection.vendor != "postgresql":
        return ""
    from core.postgresql import timeouts  # noqa: PLC0415 - psycopg2 is loaded where it is used

    try:
        return timeouts.objection(connection)
    except DatabaseError:
        return ""


def refuse_lost_timeouts(**_: Any) -> None:
    """Stop a process whose database sessions have no timeouts, with one line on stderr."""
    try:
        refusal = objection()
    finally:
        connection.close()
    if refusal:
        sys.exit(f"plaza: {refusal}")
