"""Operations of migrations that leave a live table to its readers and writers."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex


class AddIndexWhileWriting(AddIndexConcurrently):
    """Adds an index while others write; its migration says ``atomic = False``.

    Where no server is, SQLite makes it as any other.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Make the index."""
        kind = AddIndexConcurrently if is_server(schema_editor) else AddIndex
        kind.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop the index."""
        kind = AddIndexConcurrently if is_server(schema_editor) else AddIndex
        kind.database_backwards(self, app_label, schema_editor, from_state, to_state)


def is_server(schema_editor: Any) -> bool:
    """Tell whether the database can make an index while others write."""
    return bool(schema_editor.connection.vendor == "postgresql")
