"""Filters: what they read they read exactly; everything else is a 400 naming the parameter."""

import datetime as dt
import uuid

import django_filters
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from rest_framework.exceptions import ValidationError

from core.api.filters import filterset
from core.tests.filtersets import Everything, request_of


def clean(query):
    form = Everything(request_of(query).GET, queryset=Permission.objects.none()).form
    assert form.is_valid(), form.errors
    return form.cleaned_data


UTC = dt.UTC
BOGOTA = dt.timezone(dt.timedelta(hours=-5))


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("text=%20Rex%20", "text", "Rex"),
        ("text=" + "a" * 200, "text", "a" * 200),
        ("flag=true", "flag", True),
        ("flag=False", "flag", False),
        ("flag=0", "flag", False),
        ("flag=1", "flag", True),
        ("number=-9223372036854775808", "number", -(2**63)),
        ("stars=5", "stars", 5),
        ("day=2024-02-29", "day", dt.date(2024, 2, 29)),
        ("moment=2024-01-01T10:00:00.000001Z", "moment", dt.datetime(2024, 1, 1, 10, 0, 0, 1, UTC)),
        (
            "moment=2024-01-01T10:00:00%2B02:00",
            "moment",
            dt.datetime(2024, 1, 1, 8, tzinfo=UTC),
        ),
        ("moment=2024-01-01T10:00", "moment", dt.datetime(2024, 1, 1, 10, tzinfo=BOGOTA)),
        (
            "key=8F14E45F-CEEA-467F-A8E5-8F7D3A9C0B11",
            "key",
            uuid.UUID("8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11"),
        ),
        ("level=LOW", "level", "LOW"),
        ("id__in=1,2,3", "id__in", [1, 2, 3]),
        ("codename__in=a,b", "codename__in", ["a", "b"]),
        ("content_type=5", "content_type", 5),
        ("content_type__in=5,6", "content_type__in", [5, 6]),
    ],
)
def test_values_are_read_exactly(query, name, value):
    assert clean(query)[name] == value


BAD = {
    "text": ["", "%20", "a" * 201, "a%00b"],
    "flag": ["", "yes", "null", "2", "t", "%20true"],
    "number": [
        "",
        "1.0",
        "1e3",
        "%2B1",
        "9223372036854775808",
        "9" * 5000,
        "%D9%A3",
        "NaN",
        "true",
    ],
    "stars": ["-1", "6", "2.5"],
    "day": ["", "2024-02-30", "1899-12-31", "2201-01-01", "0000-01-01", "20240101", "2024-W01-1"],
    "moment": [
        "",
        "2024-01-01",
        "0001-01-01T00:00:00%2B14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-13-01T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T10:00:00 02:00",
        "2024-01-01T10:00:00%2B99:99",
        "now",
    ],
    "key": [
        "",
        "zz",
        "{8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11}",
        "urn:uuid:8f14e45f-ceea-467f-a8e5-8f7d3a9c0b11",
        "8f14e45fceea467fa8e58f7d3a9c0b11",
    ],
    "level": ["", "low", "MID", "LOW%20", "null"],
    "id__in": ["", ",", "1,", "1,x", ",".join("1" * 51)],
    "codename__in": ["", "a,,b"],
    "id__gte": ["x"],
    "content_type": ["", "x", "99999999999999999999"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_what_a_filter_cannot_read_is_400(name, value):
    view = type("View", (), {"filterset_class": Everything})()
    with pytest.raises(ValidationError) as caught:
        filterset.FilterBackend().filter_queryset(
            request_of(f"{name}={value}"), Permission.objects.all(), view
        )
    assert list(caught.value.detail) == [name]
    assert all(error.code for error in caught.value.detail[name])


@pytest.mark.django_db
def test_filters_narrow_the_list():
    kind = ContentType.objects.get_for_model(Group)
    mine = set(Permission.objects.filter(content_type=kind).values_list("pk", flat=True))
    assert len(mine) == 4
    view = type("View", (), {"filterset_class": Everything})()

    def found(query):
        rows = filterset.FilterBackend().filter_queryset(
            request_of(query), Permission.objects.all(), view
        )
        return set(rows.values_list("pk", flat=True))

    one = min(mine)
    assert found("") == found("cursor=x") > mine
    assert found(f"content_type={kind.pk}") == mine
    assert found("content_type=999999") == set()
    assert found(f"id__in={one}&content_type={kind.pk}") == {one}
    assert found("codename=add_group") == {Permission.objects.get(codename="add_group").pk}
    assert found("codename__in=add_group,delete_group") <= mine
    assert len(found("codename__in=add_group,delete_group")) == 2


def test_laxer_filters_stop_the_process():
    with pytest.raises(ImproperlyConfigured, match=r"Lax\.name"):

        class Lax(filterset.FilterSet):
            name = django_filters.CharFilter()

    with pytest.raises(ImproperlyConfigured, match="name__regex"):

        class Regex(filterset.FilterSet):
            class Meta:
                model = Group
                fields = {"name": ["regex"]}

    with pytest.raises(ImproperlyConfigured, match="action_time__year"):

        class Year(filterset.FilterSet):
            class Meta:
                model = LogEntry
                fields = {"action_time": ["year"]}


def test_filters_of_model_fields_are_strict():
    class Log(filterset.FilterSet):
        class Meta:
            model = LogEntry
            fields = {
                "action_time": ["gte", "date", "date__lt"],
                "action_flag": ["exact", "in"],
                "content_type": ["isnull"],
            }

    kinds = {name: type(item).__mro__ for name, item in Log.base_filters.items()}
    assert filterset.DateTimeFilter in kinds["action_time__gte"]
    assert filterset.DateFilter in kinds["action_time__date"]
    assert filterset.DateFilter in kinds["action_time__date__lt"]
    assert filterset.ChoiceFilter in kinds["action_flag"]
    assert filterset.InFilter in kinds["action_flag__in"]
    assert filterset.BooleanFilter in kinds["content_type__isnull"]
