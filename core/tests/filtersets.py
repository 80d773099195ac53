"""A filter of every kind, and requests for it."""

from django.contrib.auth.models import Permission
from django.test import RequestFactory
from rest_framework.request import Request

from core.api import filters


def request_of(query=""):
    return Request(RequestFactory().generic("GET", "/things", QUERY_STRING=query))


class Everything(filters.FilterSet):
    text = filters.CharFilter(field_name="name")
    flag = filters.BooleanFilter(method="keep")
    number = filters.IntegerFilter(field_name="id")
    stars = filters.IntegerFilter(field_name="id", min_value=0, max_value=5, help_text="0 to 5")
    day = filters.DateFilter(method="keep")
    moment = filters.DateTimeFilter(method="keep")
    key = filters.UUIDFilter(method="keep")
    level = filters.ChoiceFilter(choices=[("LOW", "Low"), ("HIGH", "High")], method="keep")

    def keep(self, queryset, name, value):
        return queryset

    class Meta:
        model = Permission
        fields = {
            "codename": ["exact", "in", "icontains"],
            "id": ["in", "gte"],
            "content_type": ["exact", "in"],
        }
