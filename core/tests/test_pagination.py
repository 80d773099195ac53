"""Pages: every walk shows every row once, in order, at one query a page; forged cursors are 400."""

import base64
import datetime as dt
import random
import uuid
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Count, DecimalField, F, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Length, Mod
from django.test import RequestFactory
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.api.keyset import END, NEXT, PREVIOUS, START, Cursor, CursorError, Keyset
from core.api.pagination import InvalidCursor, KeysetPagination

pytestmark = pytest.mark.django_db


def page_of(queryset, query="", *, path="/api/things", ordering=()):
    """Return the body of one page, as a view would answer it."""
    request = Request(RequestFactory().generic("GET", path, QUERY_STRING=query))
    view = type("View", (), {"ordering": ordering})()
    paginator = KeysetPagination()
    rows = paginator.paginate_queryset(queryset, request, view)
    return paginator.get_paginated_response(rows).data


def query_of(link):
    address, _mark, query = link.partition("?")
    assert address == "http://testserver/api/things"
    return query


def walk(queryset, query="limit=50", *, link="next", **options):
    """Return all pages from ``query`` on, following ``link``."""
    pages = [page_of(queryset, query, **options)]
    while pages[-1][link]:
        pages.append(page_of(queryset, query_of(pages[-1][link]), **options))
        assert len(pages) < 500
    return pages


def rows_of(pages):
    return [row for page in pages for row in page["results"]]


def make_groups(count):
    names = [f"g{index:05d}" for index in range(count)]
    random.Random(7).shuffle(names)
    Group.objects.bulk_create(Group(name=name) for name in names)


def assert_walks(queryset, limit, **options):
    """Walk forth to the end and back to the start: the pages are the ordered list's slices."""
    expected = list(queryset.order_by(*Keyset.of(queryset, options.get("ordering", ())).order_by()))
    slices = [expected[at : at + limit] for at in range(0, len(expected), limit)] or [[]]
    forth = walk(queryset, f"limit={limit}", **options)
    assert [page["results"] for page in forth] == slices
    assert forth[0]["previous"] is None
    assert all(page["previous"] for page in forth[1:])
    assert forth[-1]["next"] is None
    if len(forth) > 1:
        back = walk(queryset, query_of(forth[-1]["previous"]), link="previous", **options)
        assert [page["results"] for page in back] == slices[-2::-1]
        assert all(page["next"] for page in back)
        again = walk(queryset, query_of(back[-1]["next"]), **options)
        assert [page["results"] for page in again] == slices[1:]


@pytest.mark.parametrize("count", [0, 1, 50, 51, 203])
@pytest.mark.parametrize("ordering", [(), ("name",), ("-name",), ("-pk",), "id"])
def test_a_walk_shows_every_row_once_forth_and_back(count, ordering):
    make_groups(count)
    assert_walks(Group.objects.all(), 50, ordering=ordering)


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
    make_groups(53)
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


def follow(queryset, page, link):
    return page_of(queryset, query_of(page[link]))


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
    assert "Index Cond: (ROW(" in plan


# --- Links and parameters ------------------------------------------------------------------------


def test_links_keep_the_request_s_parameters():
    make_groups(6)
    page = page_of(Group.objects.all(), "limit=2&search=a%20%C3%B1%26b&count=true")
    assert query_of(page["next"]).startswith("limit=2&search=a+%C3%B1%26b&count=true&cursor=")
    second = follow(Group.objects.all(), page, "next")
    assert query_of(second["next"]).count("cursor=") == 1
    assert query_of(second["previous"]).startswith("limit=2&search=a+%C3%B1%26b&count=true&cursor=")


def test_a_path_is_escaped_in_links():
    make_groups(2)
    page = page_of(Group.objects.all(), "limit=1", path="/api/ñ/a b")
    assert page["next"].startswith("http://testserver/api/%C3%B1/a%20b?limit=1&cursor=")


def test_a_cursor_works_with_and_without_a_trailing_slash():
    make_groups(4)
    query = query_of(page_of(Group.objects.all(), "limit=2")["next"])
    assert len(page_of(Group.objects.all(), query, path="/api/things/")["results"]) == 2


def test_the_default_is_fifty():
    make_groups(203)
    assert len(page_of(Group.objects.all())["results"]) == 50
    assert len(page_of(Group.objects.all(), "limit=200")["results"]) == 200


@pytest.mark.parametrize("value", ["", "0", "-1", "201", "1.5", "ten", "9" * 5000, "%D9%A3", "1_0"])
def test_a_limit_out_of_bounds_is_400(value, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(ValidationError) as caught:
        page_of(Group.objects.all(), f"limit={value}")
    assert list(caught.value.detail) == ["limit"]


@pytest.mark.parametrize("value", ["", "yes", "2"])
def test_a_count_that_is_no_flag_is_400(value):
    with pytest.raises(ValidationError) as caught:
        page_of(Group.objects.all(), f"count={value}")
    assert list(caught.value.detail) == ["count"]


# --- Cursors -------------------------------------------------------------------------------------


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def good_token():
    make_groups(9)
    return query_of(page_of(Group.objects.order_by("name"), "limit=2")["next"]).partition(
        "cursor="
    )[2]


def raw_of(token):
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


HOSTILE = {
    "empty": lambda _t: "",
    "one letter": lambda _t: "a",
    "word": lambda _t: "garbage",
    "zero": lambda _t: "0",
    "number": lambda _t: "50",
    "null": lambda _t: "null",
    "path": lambda _t: "../../etc/passwd",
    "sql": lambda _t: "%27%20OR%201%3D1--",
    "drf": lambda _t: "cD0yMDI0LTAxLTAx",
    "drf reverse": lambda _t: "cj0xJnA9NDg3",
    "nul": lambda t: t + "%00",
    "newline": lambda t: t + "%0A",
    "space": lambda t: "%20" + t,
    "padding": lambda t: t + "%3D%3D",
    "unicode": lambda t: t + "%C3%B1",
    "bad utf-8": lambda _t: "%FF%FE",
    "surrogate": lambda _t: "%ED%A0%80",
    "plain base64": lambda _t: "a%2Bb%2Fc" * 10,
    "all a": lambda _t: "A" * 100,
    "long": lambda _t: "A" * 5000,
    "truncated": lambda t: t[:-1],
    "half": lambda t: t[: len(t) // 2],
    "twice": lambda t: t + t,
    "extended": lambda t: t + "AAAA",
    "upper": lambda t: t.upper(),
    "reversed": lambda t: t[::-1],
    "first bit": lambda t: b64(bytes([raw_of(t)[0] ^ 1]) + raw_of(t)[1:]),
    "last bit": lambda t: b64(raw_of(t)[:-1] + bytes([raw_of(t)[-1] ^ 1])),
    "no tag": lambda t: b64(raw_of(t)[16:]),
    "empty body": lambda t: b64(raw_of(t)[:16]),
    "zero tag": lambda t: b64(bytes(16) + raw_of(t)[16:]),
    "other direction": lambda t: b64(raw_of(t)[:16] + b'["p"' + raw_of(t)[20:]),
    "other position": lambda t: b64(raw_of(t)[:16] + b'["n","zzz"]'),
    "object": lambda t: b64(raw_of(t)[:16] + b'{"a":1}'),
    "deep": lambda t: b64(raw_of(t)[:16] + b"[" * 500),
    "other path": lambda _t: Keyset.of(Group.objects.order_by("name")).encode(
        Cursor(NEXT, ("g00001",)), "/api/others"
    ),
    "other ordering": lambda _t: Keyset.of(Group.objects.order_by("-name")).encode(
        Cursor(NEXT, ("g00001",)), "/api/things"
    ),
    "key ordering": lambda _t: Keyset.of(Group.objects.all()).encode(
        Cursor(NEXT, (1,)), "/api/things"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_cursor_is_400(name, django_assert_num_queries):
    token = HOSTILE[name](good_token())
    with django_assert_num_queries(0), pytest.raises(InvalidCursor) as caught:
        page_of(Group.objects.order_by("name"), f"limit=2&cursor={token}")
    assert (caught.value.status_code, caught.value.detail.code) == (400, "invalid_cursor")
    assert caught.value.extra["errors"][0]["field"] == "cursor"


def test_a_cursor_of_another_secret_is_400(settings):
    token = good_token()
    settings.SECRET_KEY = "another" * 9
    with pytest.raises(InvalidCursor):
        page_of(Group.objects.order_by("name"), f"cursor={token}")


def test_a_cursor_s_last_letter_has_one_spelling():
    keyset = Keyset.of(Group.objects.order_by("name"))
    for name in ("a", "ab", "abc"):
        token = keyset.encode(Cursor(NEXT, (name,)), "/x")
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        accepted = []
        for letter in letters:
            try:
                keyset.decode(token[:-1] + letter, "/x")
            except CursorError:
                continue
            accepted.append(letter)
        assert accepted == [token[-1]]


VALUES = [
    0,
    -(2**63),
    True,
    1.1,
    "",
    'ñandú 😀 "quoted" \\ \n',
    "😀" * 255,
    Decimal("12345678901234567890.1234567890"),
    dt.datetime(2024, 1, 1, 12, 30, 1, 999_999, tzinfo=dt.UTC),
    dt.datetime(2024, 1, 1, 12, 30, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5))),
    dt.datetime(2024, 1, 1),  # noqa: DTZ001 - what a database without zones returns
    dt.date(1, 1, 1),
    dt.time(23, 59, 59, 999_999),
    uuid.UUID(int=2**128 - 1),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("direction", [NEXT, PREVIOUS])
def test_a_position_travels_exactly(value, direction):
    keyset = Keyset.of(Group.objects.order_by("name"))
    cursor = Cursor(direction, (value, 7))
    found = keyset.decode(keyset.encode(cursor, "/x"), "/x")
    assert found == cursor
    assert type(found.position[0]) is type(value)


def test_the_list_s_ends_travel():
    keyset = Keyset.of(Group.objects.all())
    for cursor in (START, END):
        assert keyset.decode(keyset.encode(cursor, "/x"), "/x") == cursor


@pytest.mark.parametrize("value", [None, b"x", object(), [1]])
def test_values_that_no_cursor_carries(value):
    with pytest.raises(ImproperlyConfigured):
        Keyset.of(Group.objects.all()).encode(Cursor(NEXT, (value,)), "/x")


# --- Orderings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queryset", "ordering", "key"),
    [
        (Group.objects.all(), (), "id"),
        (Group.objects.all(), ("-name",), "-name"),
        (Group.objects.order_by("-name"), ("id",), "-name"),
        (Group.objects.all(), ("pk", "name"), "id"),
        (Permission.objects.all(), (), "id"),
        (Permission.objects.all(), ("codename",), "codename,id"),
        (Permission.objects.all(), ("-codename",), "-codename,-id"),
        (Permission.objects.all(), ("-codename", "id"), "-codename,id"),
        (Permission.objects.all(), ("content_type",), "content_type_id,id"),
        (Permission.objects.all(), ("-content_type__model",), "-content_type__model,-id"),
        (Permission.objects.all(), ("content_type__pk",), "content_type__id,id"),
        (Session.objects.all(), ("expire_date",), "expire_date,session_key"),
    ],
)
def test_the_effective_ordering_ends_in_a_unique_column(queryset, ordering, key):
    assert Keyset.of(queryset, ordering).key == key


@pytest.mark.parametrize(
    ("queryset", "ordering"),
    [
        (LogEntry.objects.all(), ("content_type",)),
        (LogEntry.objects.all(), ("content_type__model",)),
        (LogEntry.objects.all(), ("object_id",)),
        (LogEntry.objects.all(), ("change_message",)),
        (Group.objects.all(), ("permissions",)),
        (Group.objects.all(), ("permissions__name",)),
        (ContentType.objects.all(), ("permission",)),
        (Group.objects.all(), ("nonsense",)),
        (Group.objects.all(), ("name__lower",)),
        (Group.objects.order_by("?"), ()),
        (Group.objects.order_by(F("name").desc()), ()),
    ],
)
def test_orderings_that_no_page_can_follow(queryset, ordering):
    with pytest.raises(ImproperlyConfigured):
        Keyset.of(queryset, ordering)
