"""Rows written by SQL that is made once for each model, not for each row.

Django would write it anew: two thirds of what a save costs.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import DatabaseError, connection, models
from django.db.models import signals


@cache
def columns_of(model: type[models.Model]) -> list[models.Field]:
    """Return what an INSERT writes: the database makes the other columns."""
    fields = model._meta.concrete_fields
    return [one for one in fields if not (isinstance(one, models.AutoField) or one.generated)]


@cache
def head_of(model: type[models.Model]) -> str:
    """Return how an INSERT begins."""
    names = ", ".join(quoted(one.column) for one in columns_of(model))
    return f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES"


def quoted(name: str | None) -> str:
    """Return the name of a table or a column as SQL has it; abstract models have none."""
    return connection.ops.quote_name(name or "")


def saves_plainly(model: type[models.Model]) -> bool:
    """Tell whether a save of this model does no more than write its row."""
    listened = any(one.has_listeners(model) for one in (signals.pre_save, signals.post_save))
    return model.save is models.Model.save and not listened


def store(obj: models.Model) -> None:
    """Store a new object as ``save()`` does; it gets the key that the database made."""
    if not saves_plainly(type(obj)):
        obj.save(force_insert=True)
        return
    key = key_of(obj)
    returned = f"RETURNING {quoted(key.column)}"
    with inserted(type(obj), [obj], returned) as cursor:
        found = cursor.fetchone()[0]
    if isinstance(key, models.AutoField):
        obj.pk = found
    obj._state.adding, obj._state.db = False, connection.alias  # noqa: SLF001 - as save() leaves it


def store_changes(obj: models.Model, names: Collection[str]) -> None:
    """Store these fields of an object as ``save(update_fields=names)`` does.

    Raises:
        DatabaseError: the row is gone.
    """
    if not saves_plainly(type(obj)):
        obj.save(update_fields=names)
        return
    key, values, parts = key_of(obj), [], []
    for one in columns_of(type(obj)):
        if one.name in names:
            values.append(one.get_db_prep_save(one.pre_save(obj, False), connection))
            parts.append(f"{quoted(one.column)} = %s")
    values.append(key.get_db_prep_value(obj.pk, connection))
    sql = (
        f"UPDATE {quoted(obj._meta.db_table)} SET {', '.join(parts)}"  # noqa: S608 - names of our own columns
        f" WHERE {quoted(key.column)} = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if cursor.rowcount == 0:
            raise DatabaseError(f"{obj._meta.label} {obj.pk} is gone.")


def key_of(obj: models.Model) -> models.Field:
    """Return the field of an object's key."""
    key = obj._meta.pk
    assert key is not None  # noqa: S101 - every model has one, Django types it loosely
    return key


def insert(model: type[models.Model], rows: Sequence[models.Model], ending: str) -> int:
    """Insert rows with one statement that ends with ``ending``; return how many rows it wrote."""
    with inserted(model, rows, ending) as cursor:
        return int(cursor.rowcount)


def insert_returning(
    model: type[models.Model], rows: Sequence[models.Model], ending: str
) -> list[tuple[Any, ...]]:
    """Insert rows with one statement whose ``ending`` says what it returns; return that."""
    with inserted(model, rows, ending) as cursor:
        return list(cursor.fetchall())


@contextmanager
def inserted(model: type[models.Model], rows: Sequence[models.Model], ending: str) -> Iterator[Any]:
    """Insert rows; yield the cursor."""
    columns = columns_of(model)
    values = [
        one.get_db_prep_save(one.pre_save(row, True), connection) for row in rows for one in columns
    ]
    marks = f"({', '.join(['%s'] * len(columns))})"
    sql = f"{head_of(model)} {', '.join([marks] * len(rows))} {ending}"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield cursor
