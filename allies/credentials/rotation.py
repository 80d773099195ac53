"""Re-wrapping data keys by the current key: in batches, stopped and resumed as one likes.

A row carries the id of the key that wraps it, so the rows that are left are a query and not a
bookmark. Each batch is one transaction: locked rows, one UPDATE, one entry in the journal, so that
a run that is killed leaves no change without its entry. New credentials may come in meanwhile;
those of a process that still has the old ring in front are found by the next run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction
from django.db.models import Count

from allies.credentials import crypto
from allies.errors import KeyMissing, SealBroken
from allies.models import AllyCredential
from core.audit import journal

BATCH_ROWS = 1000


@dataclass(slots=True)
class Rotation:
    """How far a run got: ``left`` counts credentials by the key that still wraps them."""

    rewrapped: int = 0
    unreadable: list[str] = field(default_factory=list)
    unreadable_count: int = 0
    left: dict[str, int] = field(default_factory=dict)

    def miss(self, credential: AllyCredential, error: Exception) -> None:
        """Remember a credential that did not open; the first hundred by name."""
        self.unreadable_count += 1
        if len(self.unreadable) < 100:  # noqa: PLR2004 - enough to find the cause
            self.unreadable.append(f"{credential}: {error}")


def what_is_left() -> dict[str, int]:
    """Return how many credentials each key wraps that is not the current one."""
    rows = AllyCredential.objects.exclude(key_id=crypto.ring().current)
    counted = rows.order_by("key_id").values_list("key_id").annotate(Count("pk"))
    return dict(counted)


def rotate(
    *, batch: int = BATCH_ROWS, progress: Callable[[int], object] = lambda _count: None
) -> Rotation:
    """Re-wrap every data key that the current key does not wrap yet.

    Raises:
        CredentialsKeysInvalid: there is no key to wrap them by.
    """
    result = Rotation()
    for key_id in what_is_left():
        last = 0
        while True:
            count, last = rotate_batch(key_id, after=last, size=batch, result=result)
            if not count:
                break
            progress(count)
    result.left = what_is_left()
    return result


@transaction.atomic
def rotate_batch(key_id: str, *, after: int, size: int, result: Rotation) -> tuple[int, int]:
    """Re-wrap the next rows of one key; return how many were looked at, and the last id."""
    rows = list(
        AllyCredential.objects.select_for_update()
        .filter(key_id=key_id, pk__gt=after)
        .only("pk", "ally_id", "version", "key_id", "data_key")
        .order_by("pk")[:size]
    )
    wrapped = []
    for row in rows:
        try:
            data_key = crypto.rewrap(
                ally_id=row.ally_id,
                version=row.version,
                key_id=row.key_id,
                data_key=bytes(row.data_key),
            )
        except (KeyMissing, SealBroken) as error:
            result.miss(row, error)
        else:
            wrapped.append((row.pk, data_key))
    if wrapped:
        store(wrapped)
        journal.record(
            journal.Action.CHANGE,
            AllyCredential,
            changes={"data_key": None, "key_id": [key_id, crypto.ring().current]},
            reason="rotate_credentials",
            count=len(wrapped),
        )
    result.rewrapped += len(wrapped)
    return len(rows), rows[-1].pk if rows else after


def store(wrapped: list[tuple[int, bytes]]) -> None:
    """Write the new data keys of a batch in one statement (bulk_update is far slower)."""
    connection = connections[AllyCredential.objects.db]
    values = ", ".join(["(%s, %s)"] * len(wrapped))
    parameters: list[Any] = [item for pk, key in wrapped for item in (pk, memoryview(key))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH fresh(id, data_key) AS (VALUES {values})"  # noqa: S608 - placeholders only
            " UPDATE allies_allycredential SET key_id = %s, data_key = fresh.data_key"
            " FROM fresh WHERE allies_allycredential.id = fresh.id",
            [*parameters, crypto.ring().current],
        )
