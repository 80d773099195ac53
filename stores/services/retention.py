"""What is not kept for ever: leftovers of pushes, positions, and what was a removed seller's."""

import calendar
import datetime as dt
from collections.abc import Collection
from typing import Any

import orjson
from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_noop as noop

from core.audit import journal
from core.values import business_day, start_of_business_day
from stores.constants import BATCH_ROWS, NameKind
from stores.models import RejectedUpload, SellerCase, Unrecognised, Visit, VisitRevision
from stores.services.photo_retention import erase_photos_of, remove_photos

# Every document is stored with this spelling in front of a position (stores.services.sent).
POSITION = '"location":{'
POSITIONS = frozenset({"location"})
# What a document says of the person; its numbers stay.
PERSONAL = frozenset({"location", "note", "text", "photos", "photo"})
REMOVED = "the seller's account was removed"


def remove_what_is_old() -> dict[str, int]:
    """Delete old leftovers and erase old positions; return how many rows of each.

    Safe twice and at any time: each batch is a transaction of its own.
    """
    today = business_day()
    photos = start_of_business_day(months_before(today, settings.PHOTOS_MONTHS))
    leftovers = months_before(today, settings.VISITS_LEFTOVERS_MONTHS)
    return {
        "revisions": delete_before(VisitRevision, leftovers),
        "rejected": delete_before(RejectedUpload, leftovers),
        "positions": erase_positions(first_day_with_positions()),
        **remove_photos(photos),
    }


def first_day_with_positions() -> dt.date:
    """Return the first day whose visits may still say where they were."""
    return months_before(business_day(), settings.VISITS_POSITIONS_MONTHS)


def without_old_position(doc: str, day: dt.date) -> str:
    """Return a visit's document, without its position if that would have been erased by now.

    A revision and a rejected upload outlive the positions of their day.
    """
    if day >= first_day_with_positions():
        return doc
    return orjson.dumps(emptied(orjson.loads(doc), POSITIONS)).decode()


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months before, or that month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def delete_before(model: type[models.Model], day: dt.date) -> int:
    """Delete what was received before a day, batch by batch; return how many rows."""
    deleted = 0
    moment = start_of_business_day(day)
    while True:
        old = model._default_manager.filter(received_at__lt=moment).order_by("received_at")
        keys = list(old.values_list("pk", flat=True)[:BATCH_ROWS])
        if not keys:
            break
        deleted += model._default_manager.filter(pk__in=keys).delete()[0]
    if deleted:
        journal.record(journal.Action.DELETE, model, count=deleted, reason=noop("retention"))
    return deleted


def erase_positions(before: dt.date) -> int:
    """Take the positions out of the documents of visits before a day; return how many visits.

    How far from the establishment it was stays. The rows get no new version: phones keep a month.
    """
    erased = 0
    for day in days_with_positions(before):
        while True:
            found = Visit.objects.filter(day=day, doc__contains=POSITION).order_by("pk")
            with transaction.atomic():
                visits = list(found.select_for_update().only("doc")[:BATCH_ROWS])
                erase(visits, POSITIONS)
            erased += len(visits)
            if len(visits) < BATCH_ROWS:
                break
    if erased:
        reason = "retention: positions erased"
        journal.record(journal.Action.CHANGE, Visit, count=erased, reason=reason)
    return erased


def days_with_positions(before: dt.date) -> list[dt.date]:
    """Return the days before one that have visits with a position, the oldest first.

    From the latest day back, until one has visits and no position among them: all before it were
    done. As the oldest are done first, that holds also if the task is stopped on the way.
    """
    days: list[dt.date] = []
    day = before
    while True:
        earlier = Visit.objects.filter(day__lt=day).order_by("-day").values_list("day", flat=True)
        latest = earlier.first()
        if latest is None:
            break
        if not Visit.objects.filter(day=latest, doc__contains=POSITION).exists():
            break
        days.append(latest)
        day = latest
    return days[::-1]


def erase(visits: Collection[Visit], names: frozenset[str]) -> None:
    """Take the members of these names out of the documents of visits, and store them."""
    for visit in visits:
        visit.doc = orjson.dumps(emptied(orjson.loads(visit.doc), names)).decode()
    if visits:
        Visit.objects.bulk_update(visits, ["doc"])


def emptied(value: Any, names: frozenset[str]) -> Any:
    """Return JSON with nothing in the members of these names, at any depth."""
    if isinstance(value, dict):
        return {
            key: nothing_like(child) if key in names else emptied(child, names)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [emptied(child, names) for child in value]
    return value


def nothing_like(value: Any) -> Any:
    """Return the empty value of a JSON value's type; of an object, null."""
    return "" if isinstance(value, str) else [] if isinstance(value, list) else None


@transaction.atomic(savepoint=False)
def erase_seller(*, user_id: int) -> int:
    """Erase what a removed seller's visits say of the person; return how many visits.

    Notes, photos and positions go, what was counted stays. What never became a visit goes whole, as
    do the cases on the seller's phone; support's own are the matter of the app that keeps them.
    The account is locked by whoever removes it: pushes that have begun are stored and seen here.
    """
    visits = Visit.objects.filter(seller_id=user_id).order_by("pk")
    keys = list(visits.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH_ROWS):
        batch = keys[start : start + BATCH_ROWS]
        VisitRevision.objects.filter(visit_id__in=batch).delete()
        found = visits.filter(pk__in=batch).select_for_update()
        erase(list(found.only("doc")), PERSONAL)
    SellerCase.objects.filter(seller_id=user_id).delete()
    RejectedUpload.objects.filter(seller_id=user_id).delete()
    erase_items(user_id)
    erase_photos_of(user_id)
    if keys:
        journal.record(journal.Action.CHANGE, Visit, count=len(keys), reason=REMOVED)
    return len(keys)


def erase_items(user_id: int) -> None:
    """Erase what a removed seller wrote about unrecognised items; a GTIN is nobody's own."""
    items = Unrecognised.objects.filter(seller_id=user_id)
    items.update(text="", photo_id=None, box=None)
    items.filter(kind=NameKind.TEXT).update(value="")
