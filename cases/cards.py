"""What the admin's home page shows of cases."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.constants import BREACHING_MINUTES
from cases.models import Case
from cases.selectors import is_breaching
from core.admin.cards import Attention


def breaching() -> QuerySet[Case]:
    """Return the cases that are late, or soon will be."""
    return Case.objects.filter(is_breaching(BREACHING_MINUTES))


ATTENTION: list[Any] = [
    Attention(
        "cases_breaching",
        _("cases that are due"),
        breaching,
        moment="solution_due",
        urgent=dt.timedelta(),
        is_deadline=True,
    ),
]
