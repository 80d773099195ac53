"""What allies can be filtered by."""

from typing import Any

from django.db.models import QuerySet

from allies import selectors
from allies.constants import TAG_LENGTH
from allies.models import Ally
from allies.values import normal_tag
from core.api.filters import filterset


class AllyFilter(filterset.FilterSet):
    """A tag that they carry, in any case; active or not."""

    tag = filterset.CharFilter(method="by_tag", max_length=TAG_LENGTH)

    class Meta:
        model = Ally
        fields = ("tag", "is_active")

    def by_tag(self, queryset: QuerySet, _name: str, value: Any) -> QuerySet:
        """Narrow to the allies that carry the tag."""
        return selectors.with_tag(queryset, normal_tag(value))
