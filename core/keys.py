"""Make the keys that tables store anew: in migrations, and after SQL or older code wrote rows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import migrations, models, transaction
from django.db.utils import IntegrityError

from core.fields import KeyField

BATCH_ROWS = 500


def key_fields(model: type[models.Model]) -> list[KeyField]:
    """Return the fields of a model that hold keys."""
    return [field for field in model._meta.concrete_fields if isinstance(field, KeyField)]


class Refresh:
    """Writes the keys of a table that are not what they should be.

    A key that the database refuses, as another row has it, makes the row a twin: both stay, the
    key of the twin gets a mark of its own (``KeyField.twin_key_of``), and ``report`` gets a line
    about it. The row that has the key already keeps it. A twin whose key has become free gets it.
    Works with the models of migrations, too.
    """

    def __init__(
        self, model: Any, *, using: str = "default", report: Callable[[str], Any] = print
    ) -> None:
        self.model, self.using, self.report = model, using, report
        self.rows: models.QuerySet = models.QuerySet(model, using=using)  # archived ones and all

    def run(self, names: Iterable[str] | None = None) -> int:
        """Write the keys in the fields of these names, or in all; return how many were stale."""
        fields = key_fields(self.model)
        wanted = {field.name for field in fields} if names is None else set(names)
        return sum(self.refresh(field) for field in fields if field.name in wanted)

    def refresh(self, field: KeyField) -> int:
        """Write the keys of one field, in batches, in the order of the primary keys."""
        count = 0
        for batch in self.batches(field):
            former = {row.pk: getattr(row, field.attname) for row in batch}
            stale = [row for row in batch if former[row.pk] != field.key_of(row)]
            self.write(field, stale)
            count += sum(getattr(row, field.attname) != former[row.pk] for row in stale)
        return count

    def batches(self, field: KeyField) -> Iterator[list[Any]]:
        """Yield all rows, with no more columns than the key is made of."""
        rows = self.rows.order_by("pk")
        columns = {one.name for one in self.model._meta.concrete_fields}
        if columns.issuperset(field.read):
            rows = rows.only(field.name, *field.read)
        batch = list(rows[:BATCH_ROWS])
        while batch:
            yield batch
            batch = list(rows.filter(pk__gt=batch[-1].pk)[:BATCH_ROWS])

    def write(self, field: KeyField, rows: list[Any]) -> None:
        """Store the keys of some rows: at once, or one by one when one of them is taken."""
        for row in rows:
            setattr(row, field.attname, field.key_of(row))
        try:
            with transaction.atomic(using=self.using):
                self.rows.bulk_update(rows, [field.name])
        except IntegrityError:
            if len(rows) == 1:
                self.keep_twin(field, rows[0])
                return
            for row in rows:
                self.write(field, [row])

    def keep_twin(self, field: KeyField, row: Any) -> None:
        """Give a row a key of its own, and say so."""
        setattr(row, field.attname, field.twin_key_of(row))
        self.rows.bulk_update([row], [field.name])
        why = f"its {field.name} is taken, empty or reserved"
        self.report(f"{self.model._meta.label} {row.pk}: {why}; it stays, marked as a twin.")


def refreshed(app_label: str, **names: tuple[str, ...]) -> migrations.RunPython:
    """Return a migration's operation that writes the keys of an app's models: names by model."""

    def run(apps: Any, schema_editor: Any) -> None:
        for model, fields in names.items():
            using = schema_editor.connection.alias
            Refresh(apps.get_model(app_label, model), using=using).run(fields)

    return migrations.RunPython(run, migrations.RunPython.noop)
