"""What was decided about a group of items reaches the visits of one seller.

A visit's must-have list stays the one that it was compared with when it came; only what of it was
there is counted again.
"""

import uuid
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from core.audit import journal
from stores.constants import BATCH_ROWS, GroupState, ItemState, Resolution
from stores.models import PortfolioVersion, Unrecognised, UnrecognisedGroup, Visit
from stores.services.facts import products_of
from stores.services.verdicts import share_of
from stores.services.visits import mark_dirty

STATES = {
    "": ItemState.OPEN,
    Resolution.ALIAS_OF.value: ItemState.MATCHED,
    Resolution.NEW_PRODUCT.value: ItemState.NEW_PRODUCT,
    Resolution.NOT_A_PRODUCT.value: ItemState.NOT_A_PRODUCT,
    Resolution.UNREADABLE.value: ItemState.UNREADABLE,
}
COUNTED = ["missing", "present", "compliance"]


class Change(NamedTuple):
    """Which products a visit's items were before, and which they are afterwards."""

    before: set[int]
    after: set[int]


def undecided(group: UnrecognisedGroup) -> Q:
    """Return the condition for items of a group that are not yet what was decided."""
    state = STATES[group.resolution]
    done = Q(state=state)
    if group.product_id is not None:
        done &= Q(product=group.product_id)
    return Q(group=group.pk) & ~done


def bring(group: UnrecognisedGroup, seller_id: int, reason: str) -> list[Visit]:
    """Make a seller's items what was decided, and count their visits again.

    The caller has the lock of the seller's account and clock, and stamps the visits returned.
    """
    if group.state == GroupState.OPEN:
        return []
    rows = Unrecognised.objects.select_for_update(no_key=True, of=("self",))
    items = list(rows.filter(undecided(group), seller=seller_id).order_by("pk"))
    if not items:
        return []
    changes = changes_of(items, group.product_id)
    for item in items:
        item.state, item.product_id = STATES[group.resolution], group.product_id
    Unrecognised.objects.bulk_update(items, ["state", "product"], batch_size=BATCH_ROWS)
    visits = list(Visit.objects.select_for_update().filter(pk__in=changes).order_by("pk"))
    changed = count_again(visits, changes, reason)
    # Also where no number of the visit changed: how much was recognised that day did.
    mark_dirty(seller_id, {visit.day for visit in visits}, timezone.now())
    return changed


def changes_of(items: Collection[Unrecognised], product_id: int | None) -> dict[uuid.UUID, Change]:
    """Return what becomes of each visit when these items are a product, or none."""
    keys = {item.pk for item in items}
    changes = {item.visit_id: Change(set(), set()) for item in items}
    found = Unrecognised.objects.filter(visit_id__in=changes, product__isnull=False)
    for pk, visit_id, product in found.values_list("pk", "visit_id", "product_id"):
        changes[visit_id].before.add(product)
        if pk not in keys:
            changes[visit_id].after.add(product)
    if product_id is not None:
        for change in changes.values():
            change.after.add(product_id)
    return changes


def count_again(
    visits: Collection[Visit], changes: dict[uuid.UUID, Change], reason: str
) -> list[Visit]:
    """Count what of their lists was in locked visits; store and return those that changed."""
    versions = PortfolioVersion.objects.in_bulk(
        {visit.portfolio_version_id for visit in visits if visit.portfolio_version_id}
    )
    lost = {key for change in changes.values() for key in change.before - change.after}
    inactive_on = products_of(lost)
    changed, entries = [], []
    for visit in visits:
        version = versions.get(visit.portfolio_version_id or 0)
        if version is None or visit.must_have is None:
            continue
        change = changes[visit.pk]
        there = {*change.after, *visit.seen}
        missing = {key for key in visit.missing if key not in there}
        for key in change.before - there:
            since = inactive_on.get(key)
            if since is None or since > visit.day:
                missing.add(key)
        listed = [key for key in version.product_ids if key in missing][: visit.must_have]
        if listed == visit.missing:
            continue
        before = journal.snapshot(visit)
        visit.missing, visit.present = listed, visit.must_have - len(listed)
        visit.compliance = share_of(visit.present, visit.must_have)
        changed.append(visit)
        lines = journal.diff(before, visit)
        entries.append(journal.entry(journal.Action.CHANGE, visit, changes=lines, reason=reason))
    Visit.objects.bulk_update(changed, COUNTED, batch_size=BATCH_ROWS)
    journal.record_many(entries)
    return changed
