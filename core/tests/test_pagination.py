"""Pages: every walk shows every row once, in order, at one query a page."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Count, DecimalField, F, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Length, Mod

from core.api.pagination.keyset import NEXT, PREVIOUS, Cursor, Keyset
from core.tests.helpers_pages import (
    assert_walks,
    follow,
    make_groups,
    page_of,
    query_of,
    rows_of,
    walk,
)
from users.models import User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [0, 1, 50, 51, 203])
@pytest.mark.parametrize("ordering", [(), ("name",), ("-name",), ("-pk",), "id"])
def test_a_walk_shows_every_row_once_forth_and_back(count, ordering):
    make_groups(count)
    assert_walks(Group.objects.all(), 50, ordering=ordering)


def test_the_example_of_the_keyset_s_docstring(django_assert_num_queries):
    for pk, name in enumerate(("Ruiz", "Diaz", "Ruiz", "Paz", "Ruiz"), 1):
        UserFactory(pk=pk, last_name=name)
    people = User.objects.all()
    order = Keyset.of(people, ("last_name",))
    assert order.order_by() == ["last_name", "id"]
    first = order.page(people, 2)
    assert [row.pk for row in first.rows] == [2, 4]
    assert (first.previous, first.next) == (None, Cursor(NEXT, ("Paz", 4)))
    UserFactory(pk=6, last_name="Abad")
    with django_assert_num_queries(1) as queries:
        second = order.page(people, 2, first.next)
    assert queries[0]["sql"].endswith("LIMIT 4")
    assert [row.pk for row in second.rows] == [1, 3]
    assert (second.previous, second.next) == (
        Cursor(PREVIOUS, ("Ruiz", 1)),
        Cursor(NEXT, ("Ruiz", 3)),
    )


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_any_limit(limit):
    make_groups(23)
    assert_walks(Group.objects.all(), limit)


ORDERINGS = [
    ("bucket",),
    ("-bucket",),
    ("bucket", "-pk"),
    ("-bucket", "id"),
    ("bucket", "-length", "id"),
    ("-bucket", "length", "-name"),
    ("bucket", "length", "id"),
    ("price", "-bucket"),
]


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_equal_values_annotations_and_mixed_directions(ordering):
    make_groups(23)
    queryset = Group.objects.annotate(
        bucket=Coalesce(Mod(F("id"), 3), Value(0), output_field=IntegerField()),
        length=Length("name"),
        price=Cast(Mod(F("id"), 4), DecimalField(max_digits=8, decimal_places=2)),
    )
    assert_walks(queryset, 5, ordering=ordering)
    assert_walks(queryset.order_by(*ordering), 5)


@pytest.mark.parametrize("ordering", [("uses",), ("-uses", "name")])
def test_counted_annotations(ordering):
    make_groups(20)
    some = list(Permission.objects.all()[:3])
    for index, group in enumerate(Group.objects.all()):
        group.permissions.set(some[: index % 4])
    assert_walks(Group.objects.annotate(uses=Count("permissions")), 3, ordering=ordering)


@pytest.mark.parametrize("descending", [False, True])
def test_an_optional_value_by_subquery_and_coalesce(descending):
    make_groups(12)
    some = Permission.objects.order_by("pk")[0]
    some.group_set.set(Group.objects.filter(name__gt="g00006"))
    rated = Group.permissions.through.objects.filter(group=OuterRef("pk")).values("permission_id")
    queryset = Group.objects.annotate(
        rating=Coalesce(Subquery(rated[:1]), Value(-1), output_field=IntegerField())
    )
    assert_walks(queryset, 2, ordering=("-rating" if descending else "rating", "id"))


@pytest.mark.parametrize("ordering", [("content_type__model", "codename"), ("-content_type",)])
def test_related_columns_cost_no_query(ordering, django_assert_num_queries):
    queryset = Permission.objects.all()
    assert_walks(queryset, 10, ordering=ordering)
    first = page_of(queryset, "limit=10", ordering=ordering)
    with django_assert_num_queries(1):
        page_of(queryset, query_of(first["next"]), ordering=ordering)


def test_microseconds_survive():
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    Session.objects.bulk_create(
        Session(session_key=f"k{index}", expire_date=start + dt.timedelta(microseconds=index // 3))
        for index in range(40)
    )
    assert_walks(Session.objects.all(), 2, ordering=("expire_date",))
    assert_walks(Session.objects.all(), 2, ordering=("-expire_date", "session_key"))


@pytest.mark.parametrize("ordering", [("name",), ("-pk",), ("content_type__model", "-id")])
def test_rows_may_be_dicts(ordering):
    fields = ("id", "name", "content_type__model")
    queryset = Permission.objects.values(*fields)
    pages = walk(queryset, "limit=9", ordering=ordering)
    assert rows_of(pages) == list(
        Permission.objects.order_by(*Keyset.of(queryset, ordering).order_by()).values(*fields)
    )
    assert set(pages[0]["results"][0]) == set(fields)


def test_dicts_without_the_ordering_column_are_a_mistake_of_ours():
    make_groups(3)
    assert page_of(Group.objects.values("pk"), "limit=1")["results"] == [
        {"pk": Group.objects.first().pk}
    ]
    with pytest.raises(ImproperlyConfigured, match="'name'"):
        page_of(Group.objects.values("id"), "limit=1", ordering="name")


# --- While rows come and go ----------------------------------------------------------------------


def names(page):
    return [group.name for group in page["results"]]


@pytest.fixture
def letters():
    for letter in "bdfhjl":
        Group.objects.create(name=letter)
    return Group.objects.order_by("name")


def test_inserted_rows_neither_repeat_nor_hide_others(letters):
    first = page_of(letters, "limit=2")
    for letter in "aceg":
        Group.objects.create(name=letter)
    second = follow(letters, first, "next")
    assert names(second) == ["e", "f"]
    back = follow(letters, second, "previous")
    assert names(back) == ["c", "d"]
    start = follow(letters, back, "previous")
    assert (names(start), start["previous"]) == (["a", "b"], None)
    assert names(follow(letters, start, "next")) == ["c", "d"]


def test_walking_back_to_a_start_that_grew_by_less_than_a_page(letters):
    second = follow(letters, page_of(letters, "limit=2"), "next")
    Group.objects.create(name="a")
    back = follow(letters, second, "previous")
    assert names(back) == ["b", "d"]
    start = follow(letters, back, "previous")
    assert (names(start), start["previous"]) == (["a"], None)
    assert names(follow(letters, start, "next")) == ["b", "d"]


def test_deleting_the_row_that_the_cursor_points_at(letters):
    first = page_of(letters, "limit=2")
    Group.objects.filter(name="d").delete()
    second = follow(letters, first, "next")
    assert names(second) == ["f", "h"]
    back = follow(letters, second, "previous")
    assert (names(back), back["previous"]) == (["b"], None)


def test_deleting_all_rows_before(letters):
    first = page_of(letters, "limit=2")
    Group.objects.filter(name__lte="d").delete()
    second = follow(letters, first, "next")
    assert (names(second), second["previous"]) == (["f", "h"], None)


def test_deleting_all_rows_after(letters):
    first = page_of(letters, "limit=2")
    Group.objects.filter(name__gt="d").delete()
    second = follow(letters, first, "next")
    assert (names(second), second["next"]) == ([], None)
    back = follow(letters, second, "previous")
    assert (names(back), back["next"], back["previous"]) == (["b", "d"], None, None)


def test_deleting_the_last_page_and_walking_back_from_where_it_was(letters):
    second = follow(letters, page_of(letters, "limit=2"), "next")
    Group.objects.filter(name__gt="h").delete()
    third = follow(letters, second, "next")
    assert (names(third), third["next"]) == ([], None)
    last = follow(letters, third, "previous")
    assert (names(last), last["next"]) == (["f", "h"], None)
    start = follow(letters, last, "previous")
    assert (names(start), start["previous"]) == (["b", "d"], None)


def test_walking_back_where_nothing_is_left(letters):
    second = follow(letters, page_of(letters, "limit=2"), "next")
    Group.objects.filter(name__lt="f").delete()
    back = follow(letters, second, "previous")
    assert (names(back), back["previous"]) == ([], None)
    assert "cursor" not in back["next"]
    assert names(follow(letters, back, "next")) == ["f", "h"]


def test_deleting_everything(letters):
    second = follow(letters, page_of(letters, "limit=2"), "next")
    Group.objects.all().delete()
    for link in ("next", "previous"):
        page = follow(letters, second, link)
        assert (names(page), page["next"], page["previous"]) == ([], None, None)


def test_a_row_that_moves_is_where_it_is_now(letters):
    first = page_of(letters, "limit=2")
    Group.objects.filter(name="d").update(name="k")
    assert names(follow(letters, first, "next")) == ["f", "h"]
    assert rows_of(walk(letters, query_of(first["next"])))[-2].name == "k"


# --- Cost ----------------------------------------------------------------------------------------


def test_one_query_a_page_and_one_more_for_the_count(django_assert_num_queries):
    make_groups(203)
    queryset = Group.objects.order_by("name")
    with django_assert_num_queries(1):
        page = page_of(queryset, "limit=10")
    for _step in range(15):
        with django_assert_num_queries(1):
            page = follow(queryset, page, "next")
    with django_assert_num_queries(1):
        page = follow(queryset, page, "previous")
    with django_assert_num_queries(2) as queries:
        page = follow(queryset, {"next": page["next"] + "&count=true"}, "next")
    assert page["count"] == 203
    assert list(page) == ["count", "next", "previous", "results"]
    assert "ORDER BY" not in queries[0]["sql"]
    assert "count" not in page_of(queryset, "count=false")


@pytest.mark.postgres
def test_postgresql_seeks_to_the_row():
    make_groups(2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE auth_permission, auth_group")
        cursor.execute("SET LOCAL enable_seqscan = off")
    keyset = Keyset.of(Permission.objects.order_by("content_type_id", "codename"))
    condition = keyset.condition(keyset.position(Permission.objects.all()[9]))
    plan = Permission.objects.order_by(*keyset.order_by()).filter(condition)[:5].explain()
    # Of two indexes that begin alike the planner takes either; both seek.
    assert "Index Cond: (ROW(" in plan or "Index Cond: (content_type_id >=" in plan
