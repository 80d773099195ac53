"""Reads that several callers share."""

import datetime as dt

from django.db.models import Q, QuerySet
from django.utils import timezone

from cases.constants import ACTIVE, PREFIX, RUNNING
from cases.models import Case
from core.values import parse_key


def number_of(text: str) -> int | None:
    """Return the id of the case that people call so, with or without "C-"; None if it is none."""
    digits = text[len(PREFIX) :] if text.upper().startswith(PREFIX) else text
    try:
        return parse_key(digits)
    except ValueError:
        return None


def active() -> QuerySet[Case]:
    """Return the cases that are not over."""
    return Case.objects.filter(state__in=ACTIVE)


def is_breaching(within_minutes: int) -> Q:
    """Return the condition of cases whose clock runs and that are due within so many minutes."""
    limit = timezone.now() + dt.timedelta(minutes=within_minutes)
    unanswered = Q(first_responded_at__isnull=True, first_response_due__lte=limit)
    return Q(state__in=RUNNING) & (Q(solution_due__lte=limit) | unanswered)
