"""Days that a question is about: the parameters ``from`` and ``to``."""

import datetime as dt

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from core.api.query import refusal
from core.values import business_day, parse_date

MAX_DAYS = 366
PARAMETERS = [
    OpenApiParameter("from", dt.date, description="The first day; that of this month without it."),
    OpenApiParameter("to", dt.date, description="The last day; today without it."),
]


def objection(first: dt.date, last: dt.date) -> tuple[str, str] | None:
    """Return why no figures are of these days, and a code for it; None if they can be asked for."""
    if last < first:
        return _("The last day lies before the first one."), "invalid"
    if (last - first).days >= MAX_DAYS:
        return _("At most %(days)d days.") % {"days": MAX_DAYS}, "too_many_days"
    return None


def day_of(request: Request, name: str, default: dt.date) -> dt.date:
    """Return the day of a parameter, or raise a 400."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        return parse_date(text)
    except ValueError:
        raise refusal(name, _("A day as YYYY-MM-DD."), "invalid") from None


def period_of(request: Request) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that are asked for, or raise a 400."""
    last = day_of(request, "to", business_day())
    first = day_of(request, "from", last.replace(day=1))
    if (reason := objection(first, last)) is not None:
        raise refusal("to", *reason)
    return first, last
