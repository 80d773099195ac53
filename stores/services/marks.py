"""Rows that are jobs again and again: something new is to be done, or all of it is done.

Who marks a row may hold the lock of a case; who works on one holds no lock while it asks for cases.
"""

from typing import Any

from django.db import models
from django.db.models import Case, F, Value, When
from django.utils import timezone

from core.jobs.work import PENDING, Work
from stores.constants import JobStatus
from stores.models import Job, SellerCase, UnrecognisedGroup

ROUNDS = 5  # of one task, for what is marked while it works

groups = Work(UnrecognisedGroup, task="stores.tasks.work_on_group")
seller_cases = Work(SellerCase, task="stores.tasks.work_on_case")


def mark(work: Work, rows: models.QuerySet, **fields: Any) -> int:
    """Have the work on some rows done again, after the commit; return how many rows.

    A row that is being worked on stays with its worker, who sees the mark.
    """
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    if not keys:
        return 0
    now = timezone.now()
    work.rows.filter(pk__in=keys).update(
        status=PENDING,
        attempts=0,
        marks=F("marks") + 1,
        due_at=Case(When(status=PENDING, then=F("due_at")), default=Value(now)),
        **fields,
    )
    for key in keys:
        work.queue(work.model(pk=key))
    return len(keys)


def finish(work: Work, row: Job) -> bool:
    """Note that all is done that was marked up to now; tell whether that was the last of it."""
    mine = work.rows.filter(pk=row.pk, status=PENDING, marks=row.marks)
    return bool(mine.update(status=JobStatus.DONE, attempts=0))
