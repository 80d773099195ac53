"""Support cases on the phones of sellers: reported for them, and followed.

A case's row is locked before a seller's account, clock and rows; none of these is, while a case is
asked for.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import cases
from core.audit import journal
from core.errors import ApplicationError
from core.roles import Role
from core.text import storable
from core.values import parse_key
from stores import clock
from stores.constants import (
    BATCH_ROWS,
    CASE_KIND_LENGTH,
    CASE_LABEL,
    CASE_NUMBER_LENGTH,
    CASE_STATE_LENGTH,
    CASES_OVER,
    GROUP_LABEL,
    SERVICE_FAILURE,
    SUBJECT_LENGTH,
    GroupState,
    JobStatus,
)
from stores.models import RejectedUpload, SellerCase, Unrecognised, UnrecognisedGroup
from stores.services import marks
from stores.services.names import uuid_or_none
from stores.services.sellers import keep_account

FIXED = "fixed"


def rows() -> models.QuerySet[SellerCase]:
    """Return all rows, for writes that no phone has to hear of, or not yet."""
    return models.QuerySet(SellerCase)


# -- the job of one row ---------------------------------------------------------------------------
def work_on(*, pk: str) -> None:
    """Report a case that has none yet, or bring its news to the phone; safe twice."""
    case = marks.seller_cases.claim(pk)
    for _round in range(marks.ROUNDS):
        if case is None:
            return
        if case.case_id is None:
            report(case)
        view = None if case.case_id is None else cases.view(case.case_id)
        if view is not None:
            bring(case, view)
            end_if_processed(case, view)
        if marks.finish(marks.seller_cases, case):
            return
        case = rows().filter(pk=pk).first()
    marks.seller_cases.restart(case)


@transaction.atomic
def report(case: SellerCase) -> None:
    """Have a case opened for what a seller filed, or for an upload that was rejected."""
    links = {"stores.Visit": case.visit_id, "stores.RejectedUpload": case.upload_id}
    case_id = cases.report(
        cases.Report(
            kind=case.kind,
            subject=case.subject,
            details=case.details,
            label=CASE_LABEL,
            object_id=str(case.pk),
            reporter_id=case.seller_id,
            request_id=case.request_id,
            app_version=case.app_version,
            links={label: str(key) for label, key in links.items() if key is not None},
        )
    )
    if case_id is not None:
        rows().filter(pk=case.pk).update(case_id=case_id)
        case.case_id = case_id


@transaction.atomic
def bring(case: SellerCase, view: cases.View) -> None:
    """Let a seller's phone know how a case of theirs stands."""
    keep_account(case.seller_id)
    key = clock.seller_key(case.seller_id)
    clock.advance(key, 0)
    locked = rows().select_for_update(no_key=True, of=("self",)).filter(pk=case.pk).first()
    if locked is not None and (locked.seq == 0 or write_news(locked, view)):
        clock.stamp(locked, key=key)


def end_if_processed(case: SellerCase, view: cases.View) -> None:
    """Resolve the case of an upload of which a visit has been made meanwhile."""
    if case.upload_id is None or view.state in CASES_OVER:
        return
    if not RejectedUpload.objects.filter(pk=case.upload_id, processed_at__isnull=False).exists():
        return
    kind = cases.kinds()[SERVICE_FAILURE]
    try:
        with transaction.atomic():
            cases.resolve(kind, str(case.pk), FIXED, {}, _("The upload was processed."))
    except ApplicationError:
        return  # somebody has closed it a moment before


# -- what is new ----------------------------------------------------------------------------------
def news_of(view: cases.View) -> dict[str, Any]:
    """Return what a phone shows of a case."""
    return {
        "case_id": view.id,
        "number": storable(view.number, CASE_NUMBER_LENGTH),
        "state": storable(view.state, CASE_STATE_LENGTH),
        "answer": storable(view.answer, len(view.answer)),
    }


def write_news(case: SellerCase, view: cases.View) -> bool:
    """Store how a case stands, in a locked row; tell whether that is news.

    That it occurred once more is none: it would be, for every seller, with each further one.
    """
    news = news_of(view)
    if all(getattr(case, name) == value for name, value in news.items()):
        return False
    for name, value in news.items():
        setattr(case, name, value)
    case.updated_at = view.updated_at
    case.save(update_fields=[*news, "updated_at"])
    return True


def behind(group: UnrecognisedGroup, view: cases.View, everybody: Collection[int]) -> set[int]:
    """Return which of the sellers who came upon a group do not know how its case stands."""
    found = rows().filter(group=group.pk)
    same = set(found.filter(**news_of(view)).values_list("seller_id", flat=True))
    known = set(found.values_list("seller_id", flat=True))
    return (known | {*everybody}) - same


def follow(
    group: UnrecognisedGroup, seller_id: int, view: cases.View, *, is_active: bool
) -> SellerCase | None:
    """Return a seller's case of a group if it is news, made where there is none.

    The caller has the lock of the seller's account and clock, and stamps it. Who was removed or
    deactivated gets no new one.
    """
    locked = rows().select_for_update(no_key=True, of=("self",))
    case = locked.filter(group=group.pk, seller=seller_id).first()
    if case is not None:
        return case if write_news(case, view) else None
    items = Unrecognised.objects.filter(group=group.pk, seller=seller_id).order_by("pk")
    visit_id = items.values_list("visit_id", flat=True).first()
    if visit_id is None or not is_active:
        return None
    return SellerCase.objects.create(
        seller_id=seller_id,
        kind=view.kind,
        subject=storable(view.subject, SUBJECT_LENGTH),
        visit_id=visit_id,
        group_id=group.pk,
        status=JobStatus.DONE,
        updated_at=view.updated_at,
        **news_of(view),
    )


# -- what is heard of cases -----------------------------------------------------------------------
def hear(*, case_id: int) -> None:
    """Have the phones of all whom a case concerns told of its change.

    It is called with the case's row locked; what it does is the job of other rows.
    """
    view = cases.view(case_id)
    if view is None:
        return
    if view.label == GROUP_LABEL:
        found: models.QuerySet = UnrecognisedGroup.objects.filter(pk=key_of(view.object_id) or 0)
        marks.mark(marks.groups, found, case_id=case_id)
        return
    mine = Q(case_id=case_id, group__isnull=True)
    if view.label == CASE_LABEL:
        mine |= Q(pk=uuid_or_none(view.object_id))
    if not marks.mark(marks.seller_cases, rows().filter(mine), case_id=case_id):
        begin_to_follow(view)


def key_of(object_id: str) -> int | None:
    """Return the key that an object's id spells; None if it is none."""
    try:
        return parse_key(object_id)
    except ValueError:
        return None


def begin_to_follow(view: cases.View) -> None:
    """Put a case that a seller filed elsewhere on their phone; its job stamps it."""
    users = get_user_model()._default_manager
    reporter = users.filter(pk=view.reporter_id, role=Role.SELLER, is_active=True)
    if view.reporter_id is None or not reporter.exists():
        return
    case = SellerCase(
        seller_id=view.reporter_id,
        kind=storable(view.kind, CASE_KIND_LENGTH),
        subject=storable(view.subject, SUBJECT_LENGTH),
        updated_at=view.updated_at,
        **news_of(view),
    )
    SellerCase.objects.bulk_create([case], ignore_conflicts=True)
    marks.seller_cases.queue(case)


def report_what_waits() -> int:
    """Report what came while nobody kept cases; return how many rows that were."""
    if cases.keeper() is None:
        return 0
    waits = Q(case_id__isnull=True, status=JobStatus.DONE)
    groups = UnrecognisedGroup.objects.filter(waits, state=GroupState.OPEN, occurrences__gt=0)
    filed = rows().filter(waits, group__isnull=True)
    return sum(
        mark_some(work, found)
        for work, found in ((marks.groups, groups), (marks.seller_cases, filed))
    )


def mark_some(work: Any, found: models.QuerySet) -> int:
    """Mark rows in batches, each in a transaction of its own."""
    count = 0
    keys = list(found.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH_ROWS):
        with transaction.atomic():
            batch = keys[start : start + BATCH_ROWS]
            count += marks.mark(work, work.rows.filter(pk__in=batch))
    return count


# -- rejected uploads -----------------------------------------------------------------------------
def file_for_uploads(uploads: Iterable[RejectedUpload], moment: dt.datetime) -> list[SellerCase]:
    """Return the stored cases of uploads that were rejected now, for the caller to stamp."""
    made = [
        SellerCase(
            seller_id=upload.seller_id,
            kind=SERVICE_FAILURE,
            subject=_("The server could not read a visit."),
            details=", ".join(f"{one['field']}: {one['code']}" for one in upload.problems)[:500],
            visit_id=upload.visit_id,
            app_version=upload.app_version,
            upload=upload,
            updated_at=moment,
        )
        for upload in uploads
    ]
    SellerCase.objects.bulk_create(made)
    for case in made:
        marks.seller_cases.queue(case)
    return made


def note_processed(upload: RejectedUpload) -> None:
    """Have the case of an upload end that was processed; the caller's transaction is its own."""
    marks.mark(marks.seller_cases, rows().filter(upload=upload.pk))


def note_filed(filed: Collection[SellerCase]) -> None:
    """Write one line in the journal about what a seller filed, and queue the reports."""
    journal.record(journal.Action.CREATE, SellerCase, count=len(filed))
    for case in filed:
        marks.seller_cases.queue(case)
