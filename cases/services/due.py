"""When a case is due: targets in working time, and the moments that they come to."""

import datetime as dt
import logging
from typing import Any

from cases.constants import REOPENED_MINUTES, WARN_PERCENT
from cases.errors import NoWorkingTime
from cases.models import Case, SlaPolicy, WorkCalendar
from cases.services.calendar import MINUTE, Calendar, calendar_of
from cases.services.kinds import TARGETS, kind_of
from core import cases

logger = logging.getLogger(__name__)


class Rules:
    """What holds for the cases of a kind at a priority, read once."""

    def __init__(self, kind: str, priority: int) -> None:
        policy = SlaPolicy.objects.select_related("calendar").filter(kind=kind, priority=priority)
        found = policy.first()
        targets = kind_of(kind).targets
        self.targets: cases.Targets = targets.get(priority) or TARGETS[priority]
        stored = None
        if found is not None:
            self.targets = cases.Targets(found.first_response, found.solution)
            stored = found.calendar
        if stored is None:
            stored = WorkCalendar.objects.filter(is_default=True).first()
        self.calendar: Calendar = calendar_of(stored)

    def add(self, start: dt.datetime, minutes: int) -> dt.datetime:
        """Return when so many working minutes have passed.

        Where the calendar has none, minutes are minutes: no case is lost because of a calendar.
        """
        try:
            return self.calendar.add(start, minutes)
        except NoWorkingTime:
            logger.exception("the calendar has no working time")
            return start + minutes * MINUTE


def warned_after(minutes: int) -> int:
    """Return the part of a target after which somebody is reminded."""
    return minutes * WARN_PERCENT // 100


def at_opening(rules: Rules, now: dt.datetime) -> dict[str, Any]:
    """Return the columns of a case that is opened now."""
    first, whole = rules.targets.first_response, rules.targets.solution
    return {
        "clock_started_at": now,
        "clock_minutes": whole,
        "first_response_due": rules.add(now, first),
        "first_response_warn": rules.add(now, warned_after(first)),
        "solution_due": rules.add(now, whole),
        "solution_warn": rules.add(now, warned_after(whole)),
    }


def at_first_response(case: Case, rules: Rules, moment: dt.datetime) -> dict[str, Any]:
    """Return the columns of a case that has its first response at a moment."""
    return {
        "first_responded_at": moment,
        "first_response_minutes": rules.calendar.between(case.created_at, moment),
        "first_response_warn": None,
    }


def after_waiting(case: Case, rules: Rules, now: dt.datetime) -> tuple[int, dict[str, Any]]:
    """Return how many working minutes a case waited, and the columns that follow from it.

    What it waited is added to the solution, never to the first response.
    """
    assert case.waiting_since is not None  # noqa: S101 - the states that wait have it, by constraint
    minutes = rules.calendar.between(case.waiting_since, now)
    warn = case.solution_warn
    return minutes, {
        "waiting_since": None,
        "paused_minutes": case.paused_minutes + minutes,
        "clock_minutes": case.clock_minutes + minutes,
        "solution_due": rules.add(case.solution_due, minutes),
        "solution_warn": None if warn is None else rules.add(warn, minutes),
    }


def at_reopening(case: Case, rules: Rules, now: dt.datetime) -> dict[str, Any]:
    """Return the columns of a case that goes on with what was left, at least an hour."""
    assert case.resolved_at is not None  # noqa: S101 - what was resolved has it, by constraint
    left = rules.calendar.between(case.resolved_at, case.solution_due)
    minutes = max(left, REOPENED_MINUTES)
    return {
        "clock_started_at": now,
        "clock_minutes": minutes,
        "solution_due": rules.add(now, minutes),
        "solution_warn": rules.add(now, warned_after(minutes)),
    }


def anew(case: Case, rules: Rules) -> dict[str, Any]:
    """Return the due times of a case that is not over, by the rules of today.

    A reminder that was given is not given again for the same moment.
    """
    first, minutes = rules.targets.first_response, case.clock_minutes
    if case.clock_started_at == case.created_at:
        minutes = rules.targets.solution + case.paused_minutes
    found: dict[str, Any] = {
        "clock_minutes": minutes,
        "solution_due": rules.add(case.clock_started_at, minutes),
    }
    if found["solution_due"] != case.solution_due:
        found["solution_warn"] = rules.add(case.clock_started_at, warned_after(minutes))
    if case.first_responded_at is None:
        found["first_response_due"] = rules.add(case.created_at, first)
        if found["first_response_due"] != case.first_response_due:
            found["first_response_warn"] = rules.add(case.created_at, warned_after(first))
    return found
