"""Background work of the app: safe twice."""

from celery import shared_task

from core.jobs.work import JobTask
from stores.services import assignments, portfolios, retention


@shared_task(base=JobTask)
def end_what_is_over(**_: object) -> dict[str, int]:
    """Let phones forget the assignments and versions whose time is over; return how many."""
    return {
        "assignments": assignments.end_what_is_over(),
        "versions": portfolios.retire_what_is_over(),
    }


@shared_task(base=JobTask)
def remove_what_is_old(**_: object) -> dict[str, int]:
    """Delete old leftovers of pushes and erase old positions; return how many rows of each."""
    return retention.remove_what_is_old()
