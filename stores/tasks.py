"""Background work of the app: safe twice."""

from celery import shared_task

from core.jobs.work import JobTask
from stores.figures import counting
from stores.services import (
    assignments,
    groups,
    photo_retention,
    portfolios,
    recognising,
    retention,
    seller_cases,
)


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


@shared_task(base=JobTask)
def work_on_group(*, pk: int, **_: object) -> None:
    """Report a group of unrecognised items, or bring what was decided about it to its visits."""
    groups.work_on(pk=pk)


@shared_task(base=JobTask)
def work_on_case(*, pk: str, **_: object) -> None:
    """Report a case that a seller filed, or bring its news to the phone."""
    seller_cases.work_on(pk=pk)


@shared_task(base=JobTask)
def report_what_waits(**_: object) -> int:
    """Report what came while nobody kept cases; return how many rows that were."""
    return seller_cases.report_what_waits()


@shared_task(base=JobTask)
def count_days(**_: object) -> dict[str, int]:
    """Count the days of sellers whose visits changed; return how many."""
    return counting.count_days()


@shared_task(base=JobTask)
def count_areas(**_: object) -> dict[str, int]:
    """Count areas and products of days that were counted; return how many."""
    return counting.count_areas()


@shared_task(base=JobTask)
def count_months(**_: object) -> dict[str, int]:
    """Count the figures of months whose days changed; return how many."""
    return counting.count_months()


@shared_task(base=JobTask)
def delete_photo_files(**_: object) -> int:
    """Delete the files of photos that are gone; return how many."""
    return photo_retention.delete_files()


@shared_task(base=JobTask)
def recognise(*, pk: int, **_: object) -> None:
    """Let an adapter look at one photo."""
    recognising.recognise(pk=pk)
