"""Row versions that a reader with a cursor can trust, whoever writes at the same time.

A row's version is the number that a clock, itself a row, shows after ``UPDATE … RETURNING``. The
clock's lock is held until the commit, so versions become visible in the order of their numbers: a
reader who has seen 7 misses nothing below it. Sequences and times do not promise that: their
numbers are given out before the commit, and rows that commit late stay behind the cursor.

What every writer keeps: lock rows in the order of their keys, write, journal, and stamp last. No
row lock of this app is taken after a clock's. Who stamps visits begins with the seller's account
and clock (:mod:`stores.services.sellers`).

    with transaction.atomic():
        product = Product.objects.select_for_update().get(pk=12)
        changes = journal.change(product, {"name": "Kumis 1 L"})
        clock.stamp(product)  # product.seq is now the highest of the catalogue
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection, models, transaction

from stores.models import Clock, Stamped

CATALOGUE = "catalogue"
# Each adds to the clock what it was asked for, or makes it; both databases know this statement.
ADVANCE = """
INSERT INTO stores_clock (key, seq, epoch) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET seq = stores_clock.seq + excluded.seq RETURNING seq
"""
# The rows get the numbers after the first parameter, in the order of the JSON list of their keys.
RENUMBER = {
    "postgresql": (
        "UPDATE {table} SET seq = %s + ids.place"
        " FROM json_array_elements_text(%s::json) WITH ORDINALITY AS ids(value, place)"
        " WHERE {table}.{pk} = ids.value::{type}"
    ),
    "sqlite": (
        "UPDATE {table} SET seq = %s + ids.key + 1"
        " FROM json_each(%s) AS ids WHERE {table}.{pk} = ids.value"
    ),
}


class Reading(NamedTuple):
    """What the catalogue's clock shows."""

    epoch: uuid.UUID
    seq: int


def seller_key(seller_id: int) -> str:
    """Return the key of the clock of a seller's visits."""
    return f"seller:{seller_id}"


def advance(key: str, count: int) -> int:
    """Add ``count`` to a clock, lock it until the commit, and return what it shows then."""
    epoch = uuid.uuid4() if key == CATALOGUE else None
    stored = Clock._meta.get_field("epoch").get_db_prep_value(epoch, connection)
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [key, count, stored])
        return int(cursor.fetchone()[0])


def stamp(*rows: Stamped, key: str = CATALOGUE) -> None:
    """Give written rows the next numbers of a clock: the last thing that a transaction does.

    Raises:
        TransactionManagementError: there is no transaction that could hold the clock's lock.
    """
    if not rows:
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A stamp needs a transaction.")
    last = advance(key, len(rows)) - len(rows)
    for model, group in _grouped(rows):
        _renumber(model, group, last)
        for place, row in enumerate(group, start=1):
            row.seq = last + place
        last += len(group)


def reading() -> Reading:
    """Return what the catalogue's clock shows; without one, set it going."""
    found = Clock.objects.filter(key=CATALOGUE).first()
    if found is None:
        with transaction.atomic():
            advance(CATALOGUE, 0)
        found = Clock.objects.get(key=CATALOGUE)
    assert found.epoch is not None  # noqa: S101 - a constraint of the table says so
    return Reading(found.epoch, found.seq)


def _grouped(rows: Iterable[Stamped]) -> list[tuple[type[Stamped], list[Stamped]]]:
    """Return the rows by table, both in the order in which everybody locks."""
    tables: dict[type[Stamped], dict[Any, Stamped]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[row.pk] = row
    ordered = sorted(tables.items(), key=lambda item: item[0]._meta.label)
    return [(model, [group[pk] for pk in sorted(group)]) for model, group in ordered]


def _renumber(model: type[Stamped], rows: Sequence[Stamped], last: int) -> None:
    """Store the numbers after ``last`` in rows of one table."""
    pk: models.Field = model._meta.pk
    keys = [pk.get_db_prep_value(row.pk, connection) for row in rows]
    sql = RENUMBER[connection.vendor].format(
        table=model._meta.db_table, pk=pk.column, type=pk.rel_db_type(connection)
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [last, orjson.dumps(keys, default=str).decode()])
