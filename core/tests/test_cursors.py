"""Links, cursors and orderings: they travel exactly, and forged ones are 400."""

import base64
import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F
from rest_framework.exceptions import ValidationError

from core.api.pagination.keyset import END, NEXT, PREVIOUS, START, Cursor, CursorError, Keyset
from core.api.pagination.paginator import InvalidCursor
from core.tests.helpers_pages import follow, make_groups, page_of, query_of

pytestmark = pytest.mark.django_db


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
