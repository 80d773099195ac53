"""What the admin's home page shows of cases."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from cases.constants import ACTIVE, BREACHING_MINUTES
from cases.models import Case
from cases.selectors import is_breaching
from core.admin.cards import Attention

ATTENTION = [
    Attention(
        "cases.breaching",
        _("Cases due within two hours"),
        lambda: Case.objects.filter(is_breaching(BREACHING_MINUTES)),
        "solution_due",
        urgent=timedelta(minutes=BREACHING_MINUTES),
        is_deadline=True,
    ),
    Attention(
        "cases.unassigned",
        _("Cases that nobody has taken"),
        lambda: Case.objects.filter(state__in=ACTIVE, assignee__isnull=True),
        "created_at",
        urgent=timedelta(days=1),
    ),
]
