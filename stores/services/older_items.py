"""Items of visits that were stored before anybody kept items, or while a name was not known.

Each batch of a seller's visits is a transaction of its own: stopped in between, it goes on with
those that have no items yet.
"""

import uuid
from typing import NamedTuple

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core.audit import journal
from stores import clock
from stores.constants import BATCH_ROWS, GroupState, VisitState
from stores.models import Unrecognised, UnrecognisedGroup, Visit
from stores.services import items, marks, matching
from stores.services.names import Item, Name, named, products_named
from stores.services.readings import reading_of
from stores.services.sellers import lock_visits_of
from stores.services.sent import read
from stores.services.visits import mark_dirty

REASON = "items of before"
FIRST = uuid.UUID(int=0)


class Found(NamedTuple):
    """How many visits had items that nobody had stored, and how many items those were."""

    visits: int = 0
    items: int = 0


def without_items() -> models.QuerySet[Visit]:
    """Return the visits that count, may name something unrecognised, and have no items."""
    stored = Unrecognised.objects.filter(visit_id=OuterRef("pk"))
    visits = Visit.objects.exclude(state=VisitState.VOID).filter(doc__contains='"unrecognised"')
    found: models.QuerySet[Visit] = visits.filter(~Exists(stored))
    return found


def sellers() -> list[int]:
    """Return the sellers who have such visits, in the order of their keys."""
    rows = without_items().order_by("seller_id").values_list("seller_id", flat=True)
    return list(rows.distinct())


def read_seller(*, seller_id: int, dry_run: bool) -> Found:
    """Store the items of a seller's visits of before; return how many there were."""
    visits = count = 0
    last: uuid.UUID | None = FIRST
    while last is not None:
        found, last = read_batch(seller_id, last, dry_run=dry_run)
        visits, count = visits + found.visits, count + found.items
    return Found(visits, count)


@transaction.atomic
def read_batch(
    seller_id: int, after: uuid.UUID, *, dry_run: bool
) -> tuple[Found, uuid.UUID | None]:
    """Store the items of the visits that follow an id; return the last id, None at the end."""
    rows = without_items().filter(seller_id=seller_id, pk__gt=after).order_by("pk")
    if not dry_run:
        lock_visits_of(seller_id)
        rows = rows.select_for_update(of=("self",))
    visits = list(rows[:BATCH_ROWS])
    unnamed = {visit.pk: here for visit in visits if (here := items_in(visit))}
    found = Found(len(unnamed), sum(map(len, unnamed.values())))
    if unnamed and not dry_run:
        known = products_named({name for here in unnamed.values() for name in named(here)})
        items.store(seller_id, unnamed, known)
        journal.record(journal.Action.CREATE, Unrecognised, count=found.items, reason=REASON)
        count_again([visit for visit in visits if visit.pk in unnamed], unnamed, known)
    return found, visits[-1].pk if len(visits) == BATCH_ROWS else None


def items_in(visit: Visit) -> list[Item]:
    """Return what a stored visit's phone could not name."""
    reading, _problems = reading_of(read(visit.doc).fields)
    return reading.items if reading is not None else []


def count_again(
    visits: list[Visit], unnamed: dict[uuid.UUID, list[Item]], known: dict[Name, int]
) -> None:
    """Count the lists of a seller's visits again, with what is recognised by now."""
    changes = {
        key: matching.Change(set(), {known[name] for name in named(rows) if name in known})
        for key, rows in unnamed.items()
    }
    changed = matching.count_again(visits, changes, REASON)
    mark_dirty(visits[0].seller_id, {visit.day for visit in visits}, timezone.now())
    clock.stamp(*changed, key=clock.seller_key(visits[0].seller_id))


def mark_known() -> int:
    """Have open groups resolve themselves whose name is a product's by now; return how many."""
    rows = UnrecognisedGroup.objects.filter(state=GroupState.OPEN).order_by("pk")
    found, last = 0, 0
    while groups := list(rows.filter(pk__gt=last).values_list("pk", "kind", "value")[:BATCH_ROWS]):
        names = {Name(kind, value): pk for pk, kind, value in groups}
        for name in products_named(names):
            found += marks.mark(marks.groups, UnrecognisedGroup.objects.filter(pk=names[name]))
        last = groups[-1][0]
    return found
