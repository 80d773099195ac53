"""What time does to cases: reminders, and the end of what waits or is done. Safe twice."""

import datetime as dt
import logging
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases.constants import (
    ANSWER_DAYS,
    CLOSE_DAYS,
    NO_ANSWER,
    RUNNING,
    EventKind,
    State,
)
from cases.errors import NoWorkingTime
from cases.models import Case
from cases.services import due
from cases.services.events import announce, record
from cases.services.moves import move
from cases.services.work import finish
from core.values import business_time

logger = logging.getLogger(__name__)

BATCH_ROWS = 500
WARNED = ("first_response", "solution")


def each_locked(rows: QuerySet[Case]) -> QuerySet[Case]:
    """Return rows to work on, locked; those that somebody works on come next time."""
    return rows.select_for_update(no_key=True, skip_locked=True).order_by("pk")


def each_key(rows: QuerySet[Case]) -> Iterator[int]:
    """Yield the keys of all rows, a batch at a time: those that are not due hide none behind them.

    Whose calendar has no hours now, or who has not waited long enough by it, stays in ``rows``.
    """
    last = 0
    while keys := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS]
    ):
        yield from keys
        last = keys[-1]


def remind(now: dt.datetime | None = None) -> int:
    """Remind support of cases that are due soon; return of how many.

    Only in working hours: what comes due by night is said in the morning. A reminder is an event, a
    line in the log, and a mail to whoever has the case, where mail is set up.
    """
    now = now or timezone.now()
    late = Q(first_response_warn__lte=now, first_responded_at__isnull=True)
    rows = Case.objects.filter(late | Q(solution_warn__lte=now), state__in=RUNNING)
    count = 0
    for pk in each_key(rows):
        with transaction.atomic():
            case = each_locked(rows.filter(pk=pk)).first()
            if case is not None:
                count += remind_of(case, now)
    return count


def remind_of(case: Case, now: dt.datetime) -> bool:
    """Remind of a locked case, unless nobody works now; tell whether that was done."""
    if not due.Rules(case.kind, case.priority).calendar.is_open(now):
        return False
    moments = {name: getattr(case, f"{name}_warn") for name in WARNED}
    if case.first_responded_at is not None:
        moments["first_response"] = None
    passed = [name for name, moment in moments.items() if moment is not None and moment <= now]
    for name in passed:
        setattr(case, f"{name}_warn", None)
    case.save(update_fields=[f"{name}_warn" for name in passed])
    dues = {name: getattr(case, f"{name}_due").isoformat() for name in passed}
    record(case, EventKind.REMINDED, values=dues)
    logger.warning("case due soon", extra={"case": case.number, "due": dues})
    transaction.on_commit(lambda: write_to_assignee(case.pk), robust=True)
    return True


def write_to_assignee(case_id: int) -> None:
    """Send whoever has a case a mail that it is due soon, where mail is set up."""
    case = Case.objects.select_related("assignee").get(pk=case_id)
    if not settings.MAIL_ENABLED or case.assignee is None or not case.assignee.is_active:
        return
    moment = date_format(business_time(case.solution_due), "DATETIME_FORMAT")
    about = {"number": case.number, "due": moment}
    send_mail(
        _("Case %(number)s is due soon") % about,
        _("Case %(number)s is due at %(due)s.") % about,
        settings.DEFAULT_FROM_EMAIL,
        [case.assignee.email],
    )


def end_what_waits(now: dt.datetime | None = None) -> int:
    """Resolve the cases whose seller did not answer for five working days; return how many."""
    now = now or timezone.now()
    rows = Case.objects.filter(
        state=State.WAITING_SELLER, waiting_since__lte=now - dt.timedelta(days=ANSWER_DAYS)
    )
    count = 0
    for pk in each_key(rows):
        with transaction.atomic():
            case = each_locked(rows.filter(pk=pk)).first()
            if case is not None and has_waited_enough(case, now):
                finish(case, NO_ANSWER, values={}, note="", visible=True)
                count += 1
    return count


def has_waited_enough(case: Case, now: dt.datetime) -> bool:
    """Tell whether five working days are over since a locked case began to wait."""
    assert case.waiting_since is not None  # noqa: S101 - the states that wait have it, by constraint
    calendar = due.Rules(case.kind, case.priority).calendar
    try:
        return calendar.days_later(case.waiting_since, ANSWER_DAYS) <= now
    except NoWorkingTime:
        return False


def close_what_is_done(now: dt.datetime | None = None) -> int:
    """Close the cases that were resolved ten days ago; return how many."""
    limit = (now or timezone.now()) - dt.timedelta(days=CLOSE_DAYS)
    rows = Case.objects.filter(state=State.RESOLVED, resolved_at__lte=limit)
    count = 0
    for pk in each_key(rows):
        with transaction.atomic():
            case = each_locked(rows.filter(pk=pk)).first()
            if case is not None:
                move(case, State.CLOSED)
                announce([case.pk])
                count += 1
    return count


def note_response_minutes() -> int:
    """Note how long first responses took that the release before gave; return how many."""
    rows = Case.objects.filter(
        first_responded_at__isnull=False, first_response_minutes__isnull=True
    )
    rules: dict[tuple[str, int], due.Rules] = {}
    count = 0
    for pk in each_key(rows):
        with transaction.atomic():
            case = each_locked(rows.filter(pk=pk)).first()
            if case is None or case.first_responded_at is None:
                continue
            key = (case.kind, case.priority)
            rules[key] = rules.get(key) or due.Rules(*key)
            fields = due.at_first_response(case, rules[key], case.first_responded_at)
            minutes = fields["first_response_minutes"]
            count += rows.filter(pk=pk).update(first_response_minutes=minutes)
    return count
