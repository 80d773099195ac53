"""What support decides about unrecognised products: one of two who decide at once wins."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db import transaction

from core import cases
from core.errors import ApplicationError, NotFound
from stores.constants import CASES_OVER, UNRECOGNISED
from stores.errors import AlreadyDecided
from stores.models import Product, Unrecognised, UnrecognisedGroup, Visit
from stores.services import groups


class Seen(NamedTuple):
    """A group's decision as somebody saw it before making another one."""

    group_id: int
    state: str
    resolved_at: dt.datetime | None


class Effect(NamedTuple):
    """What a decision changes: of the visits with so many items, so many, on so many days."""

    items: int
    visits: int
    changed_visits: int
    changed_days: int


def seen_of(group: UnrecognisedGroup) -> Seen:
    """Return what a decision about a group is made on."""
    return Seen(group.pk, group.state, group.resolved_at)


def effect_on(keys: Collection[int], product: Product | None) -> Effect:
    """Return what it changes if the items of some groups are a product, or none.

    A visit with items of several groups changes once; a day is one of one seller's.
    """
    items = Unrecognised.objects.filter(group__in=keys)
    visits = Visit.objects.filter(pk__in=items.values("visit_id"))
    rows = list(visits.values_list("seller_id", "day", "missing"))
    changed = [
        (seller, day)
        for seller, day, missing in rows
        if product is not None and product.pk in missing
    ]
    return Effect(items.count(), len(rows), len(changed), len(set(changed)))


def decide(*, seen: Seen, resolution: str, values: Mapping[str, Any], reason: str) -> None:
    """Resolve a group through its case, or alone where it has none that is not over.

    Raises:
        AlreadyDecided: somebody else did since it was seen.
        ApplicationError: the case or the group refuses.
    """
    rows = UnrecognisedGroup.objects.filter(pk=seen.group_id)
    group = rows.first()
    if group is None:
        raise NotFound
    view = None if group.case_id is None else cases.view(group.case_id)
    try:
        with transaction.atomic():
            if view is None or view.state in CASES_OVER:
                check(rows.select_for_update(no_key=True, of=("self",)).get(), seen)
                groups.resolve(str(group.pk), resolution, values, reason)
            else:
                check(group, seen)
                kind = cases.kinds()[UNRECOGNISED]
                cases.resolve(kind, str(group.pk), resolution, values, reason)
    except AlreadyDecided:
        raise
    except ApplicationError:
        # The case was over a moment before: that is what happened, not the state of a case.
        check(rows.get(), seen)
        raise


def check(group: UnrecognisedGroup, seen: Seen) -> None:
    """Refuse a group that was decided since it was seen.

    Raises:
        AlreadyDecided: it was.
    """
    if seen_of(group) != seen:
        raise AlreadyDecided(decision=decision_of(group))


def decision_of(group: UnrecognisedGroup) -> str:
    """Return what was decided about a group, as people read it."""
    said = str(group.get_resolution_display())
    return f"{said}: {group.product}" if group.product else said
