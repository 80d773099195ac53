"""What the list of cases can be filtered by."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases.constants import State
from cases.models import Case
from cases.selectors import is_breaching
from core.api.filters import filterset
from core.api.query import refusal
from core.values import parse_key

ME, NONE = "me", "none"
MAX_MINUTES = 43_200  # thirty days


class StatesFilter(filterset.InFilter, filterset.ChoiceFilter):
    """One state or several."""


class AssigneeFilter(filterset.CharFilter):
    """Whose cases: ``me``, ``none``, or a user's id."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Narrow to them."""
        if not value:
            return qs
        if value == NONE:
            return qs.filter(assignee__isnull=True)
        if value == ME:
            return qs.filter(assignee=self.parent.request.user.pk)
        try:
            return qs.filter(assignee=parse_key(value))
        except ValueError:
            raise refusal("assignee", _("me, none, or a user's id."), "invalid") from None


class BreachingFilter(filterset.IntegerFilter):
    """Cases whose clock runs and that are due within so many minutes."""

    def filter(self, qs: QuerySet, value: int | None) -> QuerySet:
        """Narrow to them."""
        return qs if value is None else qs.filter(is_breaching(value))


class CaseFilter(filterset.FilterSet):
    """By where they stand, whose they are, and what they are about."""

    state = StatesFilter(field_name="state", choices=State.choices, lookup_expr="in")
    assignee = AssigneeFilter()
    breaching = BreachingFilter(min_value=0, max_value=MAX_MINUTES)

    class Meta:
        model = Case
        fields: Any = {
            "kind": ["exact"],
            "priority": ["exact"],
            "reporter": ["exact"],
            "object_label": ["exact"],
            "object_id": ["exact"],
        }
