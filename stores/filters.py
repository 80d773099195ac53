"""What the lists of the app can be filtered by."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.api.filters import filterset
from stores.constants import AssignmentState, VersionState
from stores.models import Assignment, Portfolio, PortfolioVersion

ALL = "all"


class PortfolioFilter(filterset.FilterSet):
    """By what it is for."""

    class Meta:
        model = Portfolio
        fields = ("typology", "region")


class VersionFilter(filterset.FilterSet):
    """By where it stands."""

    state = filterset.ChoiceFilter(choices=VersionState.choices)

    class Meta:
        model = PortfolioVersion
        fields = ("state",)


class AssignmentStateFilter(filterset.ChoiceFilter):
    """One state, or all of them."""

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        """Leave all of them in, if that is asked for."""
        return qs if value == ALL else super().filter(qs, value)


class AssignmentFilter(filterset.FilterSet):
    """By who, what and where; a list shows active ones unless ``state`` says otherwise."""

    state = AssignmentStateFilter(choices=[*AssignmentState.choices, (ALL, _("all"))])
    city = filterset.CharFilter(field_name="establishment__city", help_text="DIVIPOLA code.")

    class Meta:
        model = Assignment
        fields = ("seller", "establishment", "state", "city")
