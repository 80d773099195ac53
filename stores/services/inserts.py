"""Rows written by one statement that says what happens to those that are there already."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


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
    columns = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    values = [
        one.get_db_prep_save(one.pre_save(row, True), connection) for row in rows for one in columns
    ]
    marks = f"({', '.join(['%s'] * len(columns))})"
    names = ", ".join(f'"{one.column}"' for one in columns)
    sql = (
        f"INSERT INTO {model._meta.db_table} ({names})"  # noqa: S608 - names of our own columns
        f" VALUES {', '.join([marks] * len(rows))} {ending}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield cursor
