"""A filter of every kind, and requests for it."""

from django.contrib.auth.models import Permission
from django.test import RequestFactory
from rest_framework.request import Request

from core.api.filters import filterset


def request_of(query=""):
    return Request(RequestFactory().generic("GET", "/things", QUERY_STRING=query))


class Everything(filterset.FilterSet):
    text = filterset.CharFilter(field_name="name")
    flag = filterset.BooleanFilter(method="keep")
    number = filterset.IntegerFilter(field_name="id")
    stars = filterset.IntegerFilter(field_name="id", min_value=0, max_value=5, help_text="0 to 5")
    day = filterset.DateFilter(method="keep")
    moment = filterset.DateTimeFilter(method="keep")
    key = filterset.UUIDFilter(method="keep")
    level = filterset.ChoiceFilter(choices=[("LOW", "Low"), ("HIGH", "High")], method="keep")

    def keep(self, queryset, name, value):
        return queryset

    class Meta:
        model = Permission
        fields = {
            "codename": ["exact", "in", "icontains"],
            "id": ["in", "gte"],
            "content_type": ["exact", "in"],
        }
