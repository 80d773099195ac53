"""What support corrects in stored visits, and what is judged again by command.

A phone never changes a stored visit. Each write here locks the seller's account and clock first, as
pushes do, so that a revision gets its number while nobody else gives one out.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.db import models, transaction
from django.utils import timezone

from core.audit import journal
from stores import clock
from stores.constants import BATCH_ROWS, Flag, VisitState
from stores.errors import NotProcessable, UnknownRevision, VisitVoid
from stores.models import Visit, VisitRevision
from stores.services import items, photos
from stores.services.facts import Facts, places_of
from stores.services.readings import reading_of
from stores.services.sellers import lock_visits_of
from stores.services.sent import read
from stores.services.verdicts import Report, judge, report_of, set_flags
from stores.services.visits import mark_dirty

OF_THE_DAY = {Flag.SECOND_SELLER.value, Flag.DUPLICATE_SAME_DAY.value}
# What a revision leaves as it was; the day's order is decided anew only if day or place changed.
KEPT = {"id", "seller", "received_at", "seq"}


def lock_visit(visit: Visit) -> Visit:
    """Return a visit as it is now, locked behind its seller's clock.

    Raises:
        VisitVoid: it was declared void.
    """
    lock_visits_of(visit.seller_id)
    locked: Visit = Visit.objects.select_for_update().get(pk=visit.pk)
    if locked.state == VisitState.VOID:
        raise VisitVoid
    return locked


@transaction.atomic(savepoint=False)
def void_visit(*, visit: Visit, reason: str) -> Visit:
    """Declare a visit void: it stays, and counts nowhere.

    Raises:
        VisitVoid: it is already.
    """
    visit = lock_visit(visit)
    changes = journal.change(visit, {"state": VisitState.VOID.value})
    items.forget(visit.pk)
    journal.record(journal.Action.CHANGE, visit, changes=changes, reason=reason)
    mark_dirty(visit.seller_id, [visit.day], timezone.now())
    clock.stamp(visit, key=clock.seller_key(visit.seller_id))
    return visit


@transaction.atomic(savepoint=False)
def apply_revision(*, visit: Visit, number: int) -> Visit:
    """Let a visit say what one of its revisions says; what it said becomes a revision.

    Raises:
        VisitVoid: the visit is void.
        UnknownRevision: it has no revision of this number.
        NotProcessable: no visit can be made of the revision.
    """
    visit = lock_visit(visit)
    revision = VisitRevision.objects.filter(visit_id=visit.pk, number=number).first()
    if revision is None:
        raise UnknownRevision
    if revision.digest == visit.digest:
        return visit
    report = report_of_revision(revision)
    keep_as_revision(visit)
    before, day = journal.snapshot(visit), visit.day
    facts = take_over(visit, report)
    changes = journal.save_changes(visit, before)
    revision.applied_at = timezone.now()
    revision.save(update_fields=["applied_at"])
    items.forget(visit.pk)
    if report.reading.items:
        items.store(visit.seller_id, {visit.pk: report.reading.items}, facts.named)
    reason = f"revision {number}"
    journal.record(journal.Action.CHANGE, visit, changes=changes, reason=reason)
    mark_dirty(visit.seller_id, [day, visit.day], timezone.now())
    clock.stamp(visit, key=clock.seller_key(visit.seller_id))
    return visit


def report_of_revision(revision: VisitRevision) -> Report:
    """Return what a revision reports, as of the moment that it came.

    Raises:
        NotProcessable: no visit can be made of it.
    """
    sent = read(revision.doc)
    reading, problems = (None, sent.problems) if sent.problems else reading_of(sent.fields)
    if reading is None:
        raise NotProcessable(problems=list(problems))
    return report_of(sent, reading, revision.digest, revision.received_at)


def keep_as_revision(visit: Visit) -> None:
    """Keep what a visit said, so that a phone which sends it again adds nothing."""
    of_visit = VisitRevision.objects.filter(visit_id=visit.pk)
    last = of_visit.aggregate(last=models.Max("number"))["last"] or 0
    VisitRevision.objects.get_or_create(
        visit_id=visit.pk,
        digest=visit.digest,
        defaults={"number": last + 1, "doc": visit.doc, "received_at": visit.received_at},
    )


def take_over(visit: Visit, report: Report) -> Facts:
    """Make of a visit what is made of this report; return the facts that it was judged by."""
    facts = Facts(visit.seller_id, [report.question])
    judged = judge(report, facts, seller_id=visit.seller_id)
    photos.link(visit.seller_id, {visit.pk: (judged, report.reading.photos)})
    flags = {*judged.flags, *day_flags(visit, judged, facts)}
    for field in Visit._meta.concrete_fields:
        if field.name not in KEPT:
            setattr(visit, field.attname, getattr(judged, field.attname))
    set_flags(visit, flags)
    return facts


def day_flags(visit: Visit, judged: Visit, facts: Facts) -> set[str]:
    """Return whether the corrected visit was the first one there that day."""
    place = (judged.establishment_id, judged.day)
    if judged.establishment_id is None or Flag.CLOCK in judged.flags:
        return set()
    if place == (visit.establishment_id, visit.day) and Flag.CLOCK not in visit.flags:
        return {flag for flag in visit.flags if flag in OF_THE_DAY}
    earlier = [
        one
        for one in facts.others[judged.establishment_id, judged.day]
        if one.id != visit.pk and one.received_at <= visit.received_at
    ]
    theirs = {one.seller == visit.seller_id for one in earlier}
    return {str(Flag.DUPLICATE_SAME_DAY if mine else Flag.SECOND_SELLER) for mine in theirs}


class Recheck(NamedTuple):
    """Which visits are judged again, and whether that is only a question."""

    first: dt.date | None = None
    last: dt.date | None = None
    dry_run: bool = False


def sellers_with_visits(asked: Recheck, seller_id: int | None = None) -> list[int]:
    """Return the sellers who have visits in a period, in the order of their keys."""
    visits = in_period(asked)
    if seller_id is not None:
        visits = visits.filter(seller_id=seller_id)
    return list(visits.order_by("seller_id").values_list("seller_id", flat=True).distinct())


def in_period(asked: Recheck) -> models.QuerySet:
    """Return the visits of a period whose establishment is known; void ones are left alone."""
    visits = Visit.objects.exclude(state=VisitState.VOID).filter(establishment__isnull=False)
    if asked.first is not None:
        visits = visits.filter(day__gte=asked.first)
    if asked.last is not None:
        visits = visits.filter(day__lte=asked.last)
    return visits


@transaction.atomic
def recheck_seller(*, seller_id: int, asked: Recheck) -> int:
    """Judge again whether a seller's visits were at their own establishments.

    Returns how many visits had that wrong; each gets its flag or loses it.
    """
    if not asked.dry_run:
        lock_visits_of(seller_id)
    found = in_period(asked).filter(seller_id=seller_id).order_by("pk")
    facts = found.values_list("pk", "establishment_id", "day", "flags")
    rows = list(facts)
    _places, periods = places_of({row[1] for row in rows}, seller_id)
    wrong = [
        pk
        for pk, establishment, day, flags in rows
        if any(one.covers(day) for one in periods[establishment]) == (Flag.NOT_ASSIGNED in flags)
    ]
    if wrong and not asked.dry_run:
        turn_flags(wrong, clock.seller_key(seller_id))
    return len(wrong)


def turn_flags(keys: Iterable[uuid.UUID], clock_key: str) -> None:
    """Give visits the flag ``not_assigned``, or take it from those that have it."""
    visits = list(Visit.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    entries = []
    for visit in visits:
        before = journal.snapshot(visit)
        set_flags(visit, set(visit.flags) ^ {Flag.NOT_ASSIGNED.value})
        changes = journal.diff(before, visit)
        entries.append(journal.entry(journal.Action.CHANGE, visit, changes=changes))
    Visit.objects.bulk_update(visits, ["flags", "state"], batch_size=BATCH_ROWS)
    journal.record_many(entries)
    mark_dirty(visits[0].seller_id, {visit.day for visit in visits}, timezone.now())
    clock.stamp(*visits, key=clock_key)
