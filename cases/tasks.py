"""Background work of cases: safe twice."""

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from cases.services import upkeep
from core.jobs.work import JobTask


@shared_task(base=JobTask, title=_("reminds of cases that are due"))
def remind(**_: object) -> int:
    """Remind support of cases that are due soon; return of how many."""
    return upkeep.remind()


@shared_task(base=JobTask, title=_("ends cases whose time is over"))
def end_what_waits(**_: object) -> dict[str, int]:
    """End the cases whose time is over; return how many of each sort.

    What a release before did not note about first responses is noted, too: figures are made of it.
    """
    return {
        "no_answer": upkeep.end_what_waits(),
        "closed": upkeep.close_what_is_done(),
        "noted": upkeep.note_response_minutes(),
    }
