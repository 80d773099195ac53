"""Search and order, and which parameters a view takes and describes."""

import pytest
from django.contrib.auth.models import Group, Permission
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.routers import SimpleRouter

from core.api.filters import filterset
from core.api.pagination.paginator import KeysetPagination
from core.tests.filtersets import Everything, request_of

# --- Search and order ---------------------------------------------------------------------------


@pytest.fixture
def groups(db):
    return {
        name: Group.objects.create(name=name)
        for name in ("Big Dogs", "big cats", "small dogs", "100%", "under_score", "underXscore")
    }


def search(query, fields=("name",)):
    view = type("View", (), {"search_fields": fields})()
    rows = filterset.SearchFilter().filter_queryset(request_of(query), Group.objects.all(), view)
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
    return filterset.OrderingFilter().filter_queryset(request_of(query), rows, view).query.order_by


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
    filter_backends = [filterset.FilterBackend, filterset.SearchFilter, filterset.OrderingFilter]
    filterset_class = Everything
    search_fields = ("name",)
    ordering_fields = MAPPING
    query_params = frozenset({"extra"})


def view_of(kind, action):
    view = kind()
    view.action = action
    return view


def test_a_list_takes_what_its_parts_take():
    assert filterset.view_query_params(view_of(Things, "list")) == {
        *("cursor", "limit", "count", "search", "ordering", "extra"),
        *Everything.base_filters,
    }


def test_other_actions_take_only_their_own():
    assert filterset.view_query_params(view_of(Things, "retrieve")) == {"extra"}

    class ByAction(Things):
        query_params = {"load": ("dry_run",)}

    assert filterset.view_query_params(view_of(ByAction, "load")) == {"dry_run"}
    assert filterset.view_query_params(view_of(ByAction, None)) == set()


def test_a_list_without_parts_takes_little():
    class Bare(Things):
        filterset_class = None
        search_fields = ()
        ordering_fields = ()
        pagination_class = None

    assert filterset.view_query_params(view_of(Bare, "list")) == {"extra"}
    for backend in (filterset.SearchFilter(), filterset.OrderingFilter()):
        assert backend.get_schema_operation_parameters(view_of(Bare, "list")) == []


def test_the_description_names_types_and_bounds(capsys):
    router = SimpleRouter(trailing_slash=False)
    router.register("things", Things, basename="things")
    schema = SchemaGenerator(patterns=router.urls).get_schema(request=None, public=True)
    assert capsys.readouterr().err == ""
    operation = schema["paths"]["/things"]["get"]
    described = {entry["name"]: entry for entry in operation["parameters"]}
    assert set(described) == filterset.view_query_params(view_of(Things, "list")) - {"extra"}
    assert described["stars"]["schema"] == {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 5,
    }
    assert described["stars"]["description"] == "0 to 5"
    assert described["flag"]["schema"] == {"type": "boolean"}
    assert described["moment"]["schema"] == {"type": "string", "format": "date-time"}
    assert described["key"]["schema"] == {"type": "string", "format": "uuid"}
    assert described["level"]["schema"]["enum"] == ["HIGH", "LOW"]
    assert described["id__in"]["schema"]["items"] == {"type": "integer", "format": "int64"}
    assert described["search"]["schema"] == {
        "type": "string",
        "maxLength": 100,
        "pattern": r"^\s*(\S+(\s+\S+){0,4}\s*)?$",
    }
    names = ["newest", "-newest", "name", "-name"]
    assert described["ordering"]["schema"]["items"]["enum"] == names
    assert described["limit"]["schema"]["maximum"] == 200
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    page = schema["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    assert list(page["properties"]) == ["count", "next", "previous", "results"]
    assert page["properties"]["next"] == {
        "type": ["string", "null"],
        "format": "uri",
        "description": "The address of the next page; null on the last one.",
    }
