"""What PostgreSQL has to be told while a large import runs."""

from django.db import connection, models

from clinic.constants import IMPORT_BATCH
from clinic.errors import ImportRunning

# Any number that no other advisory lock of the platform has.
IMPORT_LOCK = 7_205_332


def only_one() -> None:
    """Let one import run at a time, until the transaction ends.

    Two would wait for each other's rows, and for ANALYZE's lock. SQLite has one writer anyway.

    Raises:
        ImportRunning: another one runs.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportRunning


class Planner:
    """Lets PostgreSQL look at a table again whenever an import has doubled its part of it.

    Its statistics are made after a transaction; within one, it would take a growing table for an
    empty one and read all of it for every batch.
    """

    def __init__(self) -> None:
        self.next: dict[type[models.Model], int] = {}

    def told(self, model: type[models.Model], created: int) -> None:
        """Take note of how many rows an import has made."""
        if connection.vendor != "postgresql" or created < self.next.get(model, IMPORT_BATCH):
            return
        self.next[model] = 2 * created
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
