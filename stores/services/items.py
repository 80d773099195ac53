"""What phones could not name is kept: with its visit, and with what is the same elsewhere.

A group's row is written by every push that has one of its items, behind the seller's clock and in
the order of the names; it is locked until the push's commit. No push waits for a case.
"""

import uuid
from collections.abc import Collection, Mapping

from core.rows import insert_returning
from stores.constants import BATCH_ROWS, ItemState
from stores.models import Unrecognised, UnrecognisedGroup
from stores.services import marks
from stores.services.names import Item, Name

# One more item of an open group, or the first one of a new group. As marks.mark() does it.
JOIN = """
ON CONFLICT (kind, value) WHERE state = 'open' DO UPDATE SET
    marks = stores_unrecognisedgroup.marks + 1,
    status = 'pending',
    attempts = 0,
    due_at = CASE WHEN stores_unrecognisedgroup.status = 'pending'
        THEN stores_unrecognisedgroup.due_at ELSE excluded.due_at END
RETURNING kind, value, id
"""


def store(
    seller_id: int, found: Mapping[uuid.UUID, Collection[Item]], known: Mapping[Name, int]
) -> None:
    """Store the items of a seller's new visits; those with a known name are recognised at once.

    The caller has the lock of the seller's clock.
    """
    texts = {
        item.name: item.text
        for items in found.values()
        for item in items
        if item.name is not None and item.name not in known
    }
    groups = join_groups(texts)
    rows = []
    for visit_id, items in found.items():
        for item in items:
            kind, value = item.name or ("", "")
            product = known.get(item.name) if item.name else None
            rows.append(
                Unrecognised(
                    visit_id=visit_id,
                    item=item.item,
                    seller_id=seller_id,
                    photo_id=item.photo_id,
                    kind=kind,
                    value=value,
                    text=item.text,
                    box=item.box,
                    group_id=None if item.name is None else groups.get(item.name),
                    state=ItemState.OPEN if product is None else ItemState.MATCHED,
                    product_id=product,
                )
            )
    Unrecognised.objects.bulk_create(rows, batch_size=BATCH_ROWS)


def join_groups(texts: Mapping[Name, str]) -> dict[Name, int]:
    """Return the open group of each name, made where there is none; the work on it is queued."""
    rows = [
        UnrecognisedGroup(kind=name.kind, value=name.value, text=texts[name])
        for name in sorted(texts)
    ]
    found: dict[Name, int] = {}
    for start in range(0, len(rows), BATCH_ROWS):
        batch = rows[start : start + BATCH_ROWS]
        for kind, value, key in insert_returning(UnrecognisedGroup, batch, JOIN):
            found[Name(kind, value)] = key
    for key in found.values():
        marks.groups.queue(UnrecognisedGroup(pk=key))
    return found


def forget(visit_id: uuid.UUID) -> None:
    """Delete the items of a locked visit, which says something else now or counts no more."""
    items = Unrecognised.objects.filter(visit_id=visit_id)
    keys = set(items.filter(group__isnull=False).values_list("group_id", flat=True))
    items.delete()
    # One by one, in the order in which pushes lock them: a database sorts texts in its own way.
    groups = UnrecognisedGroup.objects.filter(pk__in=keys).values_list("kind", "value", "pk")
    for _kind, _value, key in sorted(groups):
        marks.mark(marks.groups, UnrecognisedGroup.objects.filter(pk=key))
