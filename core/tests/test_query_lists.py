"""Parameters that hold several values take both spellings; pages name their neighbours in Link."""

import re

import pytest
from django.contrib.auth.models import Group

from core.api.filters import filterset
from core.api.pagination.paginator import MAX_LINK_CHARACTERS, neighbours
from core.api.query import check_query
from core.tests.filtersets import request_of
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class GroupFilter(filterset.FilterSet):
    class Meta:
        model = Group
        fields = {"id": ["in"], "name": ["in"]}


class View:
    """A list with an order and two filters of several values."""

    action = "list"
    filter_backends = (filterset.FilterBackend, filterset.OrderingFilter, filterset.SearchFilter)
    filterset_class = GroupFilter
    ordering_fields = ("id", "name")
    search_fields = ("name",)


def test_which_parameters_hold_several_values():
    assert filterset.view_list_params(View()) == {"ordering", "id__in", "name__in"}


@pytest.mark.parametrize("query", ["id__in=1,2", "id__in=1&id__in=2", "id__in=1,2&id__in=2"])
def test_a_filter_takes_both_spellings(query):
    for pk in (1, 2, 3):
        Group.objects.create(pk=pk, name=f"group {pk}")
    request = request_of(query)
    lists = filterset.view_list_params(View())
    check_query(request, filterset.view_query_params(View()), lambda: lists)
    rows = filterset.FilterBackend().filter_queryset(request, Group.objects.all(), View())
    assert sorted(rows.values_list("pk", flat=True)) == [1, 2]


@pytest.mark.parametrize("query", ["ordering=-name,id", "ordering=-name&ordering=id"])
def test_an_order_takes_both_spellings(admin_api, query):
    for name in ("Ana", "Zoe", "Ana"):
        UserFactory(name=name)
    answer = admin_api.get(f"/api/users?{query}")
    assert answer.status_code == 200
    shown = [(row["name"], row["id"]) for row in answer.json()["results"]]
    assert shown == sorted(shown, key=lambda pair: pair[1]) or shown[0][0] == "Zoe"
    assert [name for name, _id in shown] == sorted([name for name, _ in shown], reverse=True)


def test_pages_keep_the_spelling(admin_api):
    UserFactory.create_batch(3)
    first = admin_api.get("/api/users?ordering=-name&ordering=id&limit=2").json()
    second = admin_api.get(first["next"])
    assert second.status_code == 200
    assert {row["id"] for row in first["results"]}.isdisjoint(
        row["id"] for row in second.json()["results"]
    )


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("ordering=name&ordering=name", "ordering", "invalid_ordering"),
        ("ordering=name&ordering=-name", "ordering", "invalid_ordering"),
        ("ordering=name&ordering=", "ordering", "invalid_ordering"),
        ("role=USER&role=ADMIN", "role", "repeated_parameter"),
        ("limit=1&limit=1", "limit", "repeated_parameter"),
        ("&".join(["ordering=name"] * 120), "ordering", "too_long"),
        ("ordering=name&ordering=%00", "ordering", "invalid_text"),
    ],
)
def test_what_is_still_refused(admin_api, query, field, code):
    body = assert_problem(admin_api.get(f"/api/users?{query}"), 400, "invalid", field=field)
    assert body["errors"][0]["code"] == code


def test_a_page_names_its_neighbours(admin_api):
    UserFactory.create_batch(4)
    first = admin_api.get("/api/users?limit=2")
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = admin_api.get(first.json()["next"])
    links = dict(re.findall(r'<([^>]*)>; rel="(\w+)"', second["Link"]))
    shown = second.json()
    assert links == {shown["next"]: "next", shown["previous"]: "prev"}
    assert "Link" not in admin_api.get("/api/users")


def test_addresses_that_no_proxy_would_hold_are_left_out():
    address = "https://plaza.example/" + "a" * MAX_LINK_CHARACTERS
    assert neighbours(address, None) == {}
    assert neighbours(None, None) == {}
