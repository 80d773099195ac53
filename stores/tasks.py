"""Background work of the app: safe twice."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from core.jobs.work import JobTask
from stores.figures import counting, upgrading
from stores.services import (
    assignments,
    groups,
    photo_retention,
    portfolios,
    recognising,
    retention,
    seller_cases,
)


@shared_task(base=JobTask, title=_("ends assignments and lists that are over"))
def end_what_is_over(**_: object) -> dict[str, int]:
    """Let phones forget the assignments and versions whose time is over; return how many."""
    return {
        "assignments": assignments.end_what_is_over(),
        "versions": portfolios.retire_what_is_over(),
    }


@shared_task(base=JobTask, title=_("deletes old leftovers of phones"))
def remove_what_is_old(**_: object) -> dict[str, int]:
    """Delete old leftovers of pushes and erase old positions; return how many rows of each."""
    return retention.remove_what_is_old()


@shared_task(base=JobTask, title=_("works on what was not recognised"))
def work_on_group(*, pk: int, **_: object) -> None:
    """Report a group of unrecognised items, or bring what was decided about it to its visits."""
    groups.work_on(pk=pk)


@shared_task(base=JobTask, title=_("works on a seller's case"))
def work_on_case(*, pk: str, **_: object) -> None:
    """Report a case that a seller filed, or bring its news to the phone."""
    seller_cases.work_on(pk=pk)


@shared_task(base=JobTask, title=_("reports what waited for support"))
def report_what_waits(**_: object) -> int:
    """Report what came while nobody kept cases; return how many rows that were."""
    return seller_cases.report_what_waits()


@shared_task(base=JobTask, title=_("counts the days of sellers"))
def count_days(**_: object) -> dict[str, int]:
    """Count the days of sellers whose visits changed; return how many."""
    return counting.count_days()


@shared_task(base=JobTask, title=_("counts areas and products"))
def count_areas(**_: object) -> dict[str, int]:
    """Count areas and products of days that were counted; return how many.

    Days that a release before this one counted are marked: ``count_days`` counts them anew.
    """
    return {**counting.count_areas(), "outdated": upgrading.mark_outdated()}


@shared_task(base=JobTask, title=_("counts months"))
def count_months(**_: object) -> dict[str, int]:
    """Count the figures of months whose days changed; return how many."""
    return counting.count_months()


@shared_task(base=JobTask, title=_("deletes the files of old photos"))
def delete_photo_files(**_: object) -> int:
    """Delete the files of photos that are gone; return how many."""
    return photo_retention.delete_files()


@shared_task(base=JobTask, title=_("looks at a photo"))
def recognise(*, pk: int, **_: object) -> None:
    """Let an adapter look at one photo."""
    recognising.recognise(pk=pk)
