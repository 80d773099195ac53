"""Filters: what they read they read exactly; everything else is a 400 naming the parameter."""

import datetime as dt
import uuid
from decimal import Decimal

import django_filters
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter

from core.api import filters
from core.api.pagination import KeysetPagination


def request_of(query=""):
    return Request(RequestFactory().generic("GET", "/things", QUERY_STRING=query))


class Everything(filters.FilterSet):
    text = filters.CharFilter(field_name="name")
    flag = filters.BooleanFilter(method="keep")
    number = filters.IntegerFilter(field_name="id")
    stars = filters.IntegerFilter(field_name="id", min_value=0, max_value=5, help_text="0 to 5")
    price = filters.DecimalFilter(method="keep")
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
        ("price=-12.50", "price", Decimal("-12.50")),
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
    "price": ["", "NaN", "Infinity", "1e5", "1,5", "%D9%A3", "1" * 16, "1." + "1" * 11],
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
        filters.FilterBackend().filter_queryset(
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
        rows = filters.FilterBackend().filter_queryset(
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


def test_a_filterset_that_narrows_by_itself_always_runs():
    class Own(filters.FilterSet):
        always = True
        name = filters.CharFilter()

        def filter_queryset(self, queryset):
            return queryset.filter(pk=7)

        class Meta:
            model = Group
            fields = []

    view = type("View", (), {"filterset_class": Own})()
    rows = filters.FilterBackend().filter_queryset(request_of(), Group.objects.all(), view)
    assert str(rows.query).count("= 7") == 1


def test_laxer_filters_stop_the_process():
    with pytest.raises(ImproperlyConfigured, match=r"Lax\.name"):

        class Lax(filters.FilterSet):
            name = django_filters.CharFilter()

    with pytest.raises(ImproperlyConfigured, match="name__regex"):

        class Regex(filters.FilterSet):
            class Meta:
                model = Group
                fields = {"name": ["regex"]}

    with pytest.raises(ImproperlyConfigured, match="action_time__year"):

        class Year(filters.FilterSet):
            class Meta:
                model = LogEntry
                fields = {"action_time": ["year"]}


def test_filters_of_model_fields_are_strict():
    class Log(filters.FilterSet):
        class Meta:
            model = LogEntry
            fields = {
                "action_time": ["gte", "date", "date__lt"],
                "action_flag": ["exact", "in"],
                "content_type": ["isnull"],
            }

    kinds = {name: type(item).__mro__ for name, item in Log.base_filters.items()}
    assert filters.DateTimeFilter in kinds["action_time__gte"]
    assert filters.DateFilter in kinds["action_time__date"]
    assert filters.DateFilter in kinds["action_time__date__lt"]
    assert filters.ChoiceFilter in kinds["action_flag"]
    assert filters.InFilter in kinds["action_flag__in"]
    assert filters.BooleanFilter in kinds["content_type__isnull"]


# --- Search and order ---------------------------------------------------------------------------


@pytest.fixture
def groups(db):
    return {
        name: Group.objects.create(name=name)
        for name in ("Big Dogs", "big cats", "small dogs", "100%", "under_score", "underXscore")
    }


def search(query, fields=("name",)):
    view = type("View", (), {"search_fields": fields})()
    rows = filters.SearchFilter().filter_queryset(request_of(query), Group.objects.all(), view)
    return sorted(rows.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=DOGS", ["Big Dogs", "small dogs"]),
        ("search=dogs%20big", ["Big Dogs"]),
        ("search=%25", ["100%"]),
        ("search=r_s", ["under_score"]),
        ("search=%27;--", []),
        ("search=%22big%20dogs%22", []),
        ("search=" + "a" * 100, []),
    ],
)
def test_search(groups, query, names):
    assert search(query) == names


@pytest.mark.parametrize("query", ["", "search=", "search=%20%20"])
def test_searching_for_nothing_finds_all(groups, query):
    assert len(search(query)) == len(groups)


def test_a_search_through_many_rows_finds_each_row_once(groups):
    groups["Big Dogs"].permissions.set(Permission.objects.all()[:5])
    assert search("search=can", fields=("permissions__name",)) == ["Big Dogs"]


@pytest.mark.parametrize("value", ["a" * 101, "a%20b%20c%20d%20e%20f"])
def test_a_search_has_bounds(value):
    with pytest.raises(ValidationError) as caught:
        search(f"search={value}")
    assert [error.code for error in caught.value.detail["search"]] == ["too_long"]


def order(query, fields):
    view = type("View", (), {"ordering_fields": fields, "ordering": ("name",)})()
    rows = Permission.objects.order_by("pk")
    return filters.OrderingFilter().filter_queryset(request_of(query), rows, view).query.order_by


MAPPING = {"newest": "-id", "name": "content_type__model"}


@pytest.mark.parametrize(
    ("query", "fields", "terms"),
    [
        ("", ["id"], ("pk",)),
        ("ordering=id", ["id", "name"], ("id",)),
        ("ordering=-name,id", ["id", "name"], ("-name", "id")),
        ("ordering=name,%20-id", ["id", "name"], ("name", "-id")),
        ("ordering=newest", MAPPING, ("-id",)),
        ("ordering=-newest,-name", MAPPING, ("id", "-content_type__model")),
    ],
)
def test_ordering(query, fields, terms):
    assert order(query, fields) == terms


@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        "id,",
        "--id",
        "-",
        "password",
        "content_type__model",
        "id,id",
        "id,-id",
        "?",
        "pk",
        "%2Bid",
    ],
)
def test_an_unknown_ordering_is_400(value):
    with pytest.raises(ValidationError) as caught:
        order(f"ordering={value}", ["id", "name"])
    assert [error.code for error in caught.value.detail["ordering"]] == ["invalid_ordering"]


# --- What a view takes, and its description ------------------------------------------------------


class ThingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Permission
        fields = ("id", "name")


class Things(mixins.ListModelMixin, viewsets.GenericViewSet):
    """A list with everything that a list can have."""

    queryset = Permission.objects.all()
    serializer_class = ThingSerializer
    schema = AutoSchema()
    authentication_classes = ()
    pagination_class = KeysetPagination
    filter_backends = [filters.FilterBackend, filters.SearchFilter, filters.OrderingFilter]
    filterset_class = Everything
    search_fields = ("name",)
    ordering_fields = MAPPING
    query_params = frozenset({"extra"})


def view_of(kind, action):
    view = kind()
    view.action = action
    return view


def test_a_list_takes_what_its_parts_take():
    assert filters.view_query_params(view_of(Things, "list")) == {
        *("cursor", "limit", "count", "search", "ordering", "extra"),
        *Everything.base_filters,
    }


def test_other_actions_take_only_their_own():
    assert filters.view_query_params(view_of(Things, "retrieve")) == {"extra"}

    class ByAction(Things):
        query_params = {"load": ("dry_run",)}
        list_actions = ("list", "adopted")

    assert filters.view_query_params(view_of(ByAction, "load")) == {"dry_run"}
    assert filters.view_query_params(view_of(ByAction, None)) == set()
    assert "cursor" in filters.view_query_params(view_of(ByAction, "adopted"))


def test_a_list_without_parts_takes_little():
    class Bare(Things):
        filterset_class = None
        search_fields = ()
        ordering_fields = ()
        pagination_class = None

    assert filters.view_query_params(view_of(Bare, "list")) == {"extra"}
    for backend in (filters.SearchFilter(), filters.OrderingFilter()):
        assert backend.get_schema_operation_parameters(view_of(Bare, "list")) == []


def test_the_description_names_types_and_bounds(capsys):
    router = SimpleRouter(trailing_slash=False)
    router.register("things", Things, basename="things")
    schema = SchemaGenerator(patterns=router.urls).get_schema(request=None, public=True)
    assert capsys.readouterr().err == ""
    operation = schema["paths"]["/things"]["get"]
    described = {entry["name"]: entry for entry in operation["parameters"]}
    assert set(described) == filters.view_query_params(view_of(Things, "list")) - {"extra"}
    assert described["stars"]["schema"] == {
        "type": "integer",
        "format": "int64",
        "minimum": 0,
        "maximum": 5,
    }
    assert described["stars"]["description"] == "0 to 5"
    assert described["flag"]["schema"] == {"type": "boolean"}
    assert described["moment"]["schema"] == {"type": "string", "format": "date-time"}
    assert described["key"]["schema"] == {"type": "string", "format": "uuid"}
    assert described["level"]["schema"]["enum"] == ["HIGH", "LOW"]
    assert described["id__in"]["schema"]["items"] == {"type": "integer", "format": "int64"}
    assert described["search"]["schema"] == {"type": "string", "maxLength": 100}
    names = ["newest", "-newest", "name", "-name"]
    assert described["ordering"]["schema"]["items"]["enum"] == names
    assert described["limit"]["schema"]["maximum"] == 200
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    page = schema["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    assert list(page["properties"]) == ["count", "next", "previous", "results"]
    assert page["properties"]["next"] == {"type": ["string", "null"], "format": "uri"}
