"""Migrations that wait for no lock for long, and for a statement as long as it takes.

Whoever waits for a table's lock holds up all who come after it, also those who only read. So a
migration gives up after two seconds and is tried again (``manage.py migrate``).
"""

from contextlib import ExitStack
from typing import Self

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from core.patience import patience

LOCK_TIMEOUT = "2s"
SET = f"SET{{local}} lock_timeout = '{LOCK_TIMEOUT}'; SET{{local}} statement_timeout = 0"
RESET = "RESET lock_timeout; RESET statement_timeout"


class SchemaEditor(DatabaseSchemaEditor):
    """Django's, with the timeouts of a migration."""

    def __enter__(self) -> Self:
        """Begin the migration."""
        with ExitStack() as stack:
            stack.enter_context(patience(None))
            super().__enter__()
            self.set(SET.format(local=" LOCAL" if self.atomic_migration else ""))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        """End the migration, also with an error."""
        with self._stack:
            try:
                super().__exit__(*raised)  # type: ignore[arg-type]  # what Python hands us goes on as it is
            finally:
                if not self.atomic_migration and self.connection.connection:
                    self.set(RESET)

    def set(self, sql: str) -> None:
        """Change the timeouts, but those of a session that a pooler hands to others in between.

        A migration that runs outside of a transaction has those of its role there.
        """
        pooled = self.connection.settings_dict.get("POOLED", False)
        if not self.collect_sql and (self.atomic_migration or not pooled):
            self.execute(sql)
