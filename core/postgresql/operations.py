"""Operations of migrations that leave a live table to its readers and writers."""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex
from django.db.migrations.operations.base import Operation
from django.db.models import Field


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


class AddFields(Operation):
    """Adds several columns to a table, none of them a relation.

    Django makes the models that a migration sees anew after each ``AddField``; of a table with
    many neighbours that takes half a second a column. Here it is done once.
    """

    def __init__(self, model_name: str, fields: Mapping[str, Field]) -> None:
        self.model_name = model_name
        self.fields = fields

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Give the model its columns."""
        state.models[app_label, self.model_name].fields.update(self.fields)
        state.reload_model(app_label, self.model_name, delay=True)

    def database_forwards(
        self, app_label: str, schema_editor: Any, _from_state: Any, to_state: Any
    ) -> None:
        """Add the columns."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for name in self.fields:
                schema_editor.add_field(model, model._meta.get_field(name))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, _to_state: Any
    ) -> None:
        """Drop them."""
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for name in self.fields:
                schema_editor.remove_field(model, model._meta.get_field(name))

    def describe(self) -> str:
        """Return what it does."""
        return f"Add {len(self.fields)} fields to {self.model_name}"


def is_server(schema_editor: Any) -> bool:
    """Tell whether the database can make an index while others write."""
    return bool(schema_editor.connection.vendor == "postgresql")
