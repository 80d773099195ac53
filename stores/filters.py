"""What the lists of the app can be filtered by."""

from typing import Any

from django.db.models import QuerySet, TextChoices, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from core.api.filters import filterset
from core.text import name_key
from stores.constants import AssignmentState, Flag, GroupState, State, VersionState
from stores.models import (
    Assignment,
    City,
    Establishment,
    Portfolio,
    PortfolioVersion,
    Product,
    UnrecognisedGroup,
    Visit,
)
from stores.values import gtin_key

ALL = "all"


class StateFilter(filterset.ChoiceFilter):
    """One state, or ``all``; a list without the parameter shows what is active."""

    def __init__(self, *, states: type[TextChoices] = State, **kwargs: Any) -> None:
        choices = [*states.choices, (ALL, _("all"))]
        super().__init__(**{"choices": choices, "help_text": _("Default: active."), **kwargs})

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Narrow to the state."""
        return qs if value == ALL else super().filter(qs, value)


class KeyFilter(filterset.CharFilter):
    """A whole business key, in any case."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Compare as the unique constraint does."""
        return super().filter(qs, name_key(value) if value else value)


class GtinFilter(filterset.CharFilter):
    """A whole GTIN, with or without zeros in front."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Compare as the unique constraint does."""
        return super().filter(qs, gtin_key(value) if value else value)


class SellerFilter(filterset.IntegerFilter):
    """Who has the establishment on the phone."""

    def filter(self, qs: QuerySet, value: int | None) -> QuerySet:
        """Narrow to the establishments that are actively assigned to the seller."""
        if value is None:
            return qs
        mine = Assignment.objects.active().filter(seller=value)
        return qs.filter(pk__in=mine.values("establishment"))


class FlagFilter(filterset.ChoiceFilter):
    """One of a visit's flags."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Look into the list's text: not every database looks into a list."""
        if not value:
            return qs
        return qs.alias(flags_text=Cast("flags", TextField())).filter(
            flags_text__contains=f'"{value}"'
        )


class CityFilter(filterset.FilterSet):
    """By where a city belongs."""

    department = filterset.CharFilter(field_name="department_id")
    region = filterset.CharFilter(field_name="department__region_id")

    class Meta:
        model = City
        fields: tuple[str, ...] = ()


class ProductFilter(filterset.FilterSet):
    """By what the product is."""

    state = StateFilter()
    sku = KeyFilter(field_name="sku_key")
    gtin = GtinFilter(field_name="gtin_key")

    class Meta:
        model = Product
        fields = ("category", "brand", "is_competitor")


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


class EstablishmentFilter(filterset.FilterSet):
    """By place, kind, and who visits it."""

    state = StateFilter()
    code = KeyFilter(field_name="code_key")
    city = filterset.CharFilter(field_name="city_id")
    department = filterset.CharFilter(field_name="city__department_id")
    region = filterset.CharFilter(field_name="city__department__region_id")
    typology = filterset.CharFilter(field_name="typology_id")
    seller = SellerFilter(min_value=1)

    class Meta:
        model = Establishment
        fields: tuple[str, ...] = ()


class AssignmentFilter(filterset.FilterSet):
    """By who, what and where; a list shows active ones unless ``state`` says otherwise."""

    state = StateFilter(states=AssignmentState)
    city = filterset.CharFilter(field_name="establishment__city", help_text="DIVIPOLA code.")

    class Meta:
        model = Assignment
        fields = ("seller", "establishment", "state", "city")


class VisitFilter(filterset.FilterSet):
    """By day, by who was where, and by what was made of it."""

    day_from = filterset.DateFilter(field_name="day", lookup_expr="gte")
    day_to = filterset.DateFilter(field_name="day", lookup_expr="lte")
    flag = FlagFilter(choices=Flag.choices)

    class Meta:
        model = Visit
        fields = {
            "day": ["exact"],
            "seller": ["exact"],
            "establishment": ["exact"],
            "state": ["exact"],
        }


class GroupFilter(filterset.FilterSet):
    """By where it stands, and by what its items are the same."""

    state = filterset.ChoiceFilter(choices=GroupState.choices)

    class Meta:
        model = UnrecognisedGroup
        fields = ("state", "kind")
