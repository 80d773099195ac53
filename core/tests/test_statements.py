"""Statements that are compiled once give what a queryset gives, whatever the values are."""

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import connection
from django.db.models import Count, Max
from django.test.utils import CaptureQueriesContext

from core.api import statements
from core.api.statements import Mark, Statement, rows_from, share
from users.tests.factories import UserFactory


def log(user) -> LogEntry:
    return LogEntry.objects.create(user=user, action_flag=ADDITION, object_repr="x")


def of_user() -> Statement:
    user = Mark(0, LogEntry._meta.get_field("user"))
    return Statement(LogEntry.objects.filter(user_id=user).values("id", "action_time", "user_id"))


def test_rows_are_those_of_the_queryset(db):
    entries = [log(user) for user in UserFactory.create_batch(3)]
    statement = of_user()
    for one in entries:
        wanted = LogEntry.objects.filter(user=one.user).values("id", "action_time", "user_id")
        assert statement.dicts([one.user_id]) == list(wanted)
    first = entries[0]
    assert statement.rows([first.user_id]) == [(first.pk, first.action_time, first.user_id)]


def test_whole_rows_are_the_querysets_objects(db):
    entries = [log(user) for user in UserFactory.create_batch(2)]
    user = Mark(0, LogEntry._meta.get_field("user"))
    statement = Statement(LogEntry.objects.filter(user_id=user))
    found = statement.objects([entries[0].user_id])
    assert found == [entries[0]]
    assert found[0].__dict__.keys() == LogEntry.objects.get(pk=entries[0].pk).__dict__.keys()
    assert found[0].action_time == entries[0].action_time
    assert (found[0]._state.adding, found[0]._state.db) == (False, "default")
    assert statement.objects([0]) == []


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (LogEntry.objects.all(), True),
        (LogEntry.objects.filter(action_flag=ADDITION).order_by("-pk"), True),
        (LogEntry.objects.select_for_update(of=("self",)), True),
        (LogEntry.objects.values("id"), False),
        (LogEntry.objects.only("id"), False),
        (LogEntry.objects.defer("object_repr"), False),
        (LogEntry.objects.select_related("user"), False),
        (LogEntry.objects.prefetch_related("user"), False),
        (LogEntry.objects.annotate(number=Count("user")), False),
        (LogEntry.objects.distinct(), False),
    ],
    ids=range(10),
)
def test_whole_rows_are_told_from_others(queryset, expected):
    assert statements.is_whole(queryset) is expected


def test_a_value_is_no_column_to_group_by(db):
    entries = [log(user) for user in UserFactory.create_batch(2)]
    log(entries[0].user)
    most = Mark(0, LogEntry._meta.get_field("id"))
    grouped = LogEntry.objects.values("user_id").annotate(number=Count("id"), latest=Max("id"))
    statement = Statement(grouped.filter(latest__gt=most).order_by("user_id"))
    assert [(row["user_id"], row["number"]) for row in statement.dicts([0])] == [
        (entries[0].user_id, 2),
        (entries[1].user_id, 1),
    ]


@pytest.mark.parametrize("key", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_no_row_can_have_finds_none_and_asks_nobody(db, key):
    log(UserFactory())
    with CaptureQueriesContext(connection) as queries:
        assert of_user().rows([key]) == []
    assert len(queries) == 0


@pytest.mark.parametrize("key", ["nobody", [], {}])
def test_what_is_no_number_is_refused_as_a_queryset_refuses_it(db, key):
    with pytest.raises((TypeError, ValueError)):
        of_user().rows([key])


@pytest.mark.parametrize("key", ["0", "-1", "9" * 18, "9" * 30, "x", "1.5", "٣"])
def test_a_key_that_no_row_has_is_not_found(admin_api, key):
    response = admin_api.get(f"/api/journal/{key}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_only_a_shared_queryset_is_compiled_once(db):
    def found(queryset):
        return rows_from(queryset, "all", ["id"], [], lambda _values: queryset.order_by("id"))

    own, shared = (LogEntry.objects.values("id") for _ in range(2))
    assert share(shared) is shared
    first = log(UserFactory())
    assert found(own) == found(shared) == [{"id": first.pk}]
    second = log(UserFactory())
    assert found(own) == found(shared) == [{"id": first.pk}, {"id": second.pk}]
    keys = [key[0] for key in statements.kept if isinstance(key, tuple)]
    assert any(key is shared for key in keys)
    assert not any(key is own for key in keys)


@pytest.mark.postgres
def test_a_limit_holds_for_each_key_wherever_the_other_values_stand(db):
    first, second, nobody = UserFactory.create_batch(3)
    entries = {user.pk: [log(user) for _ in range(4)] for user in (first, second)}
    log(first).delete()
    LogEntry.objects.create(user=first, action_flag=ADDITION, object_repr="%s other")
    user = Mark(0, LogEntry._meta.get_field("user"))
    rows = LogEntry.objects.filter(action_flag=ADDITION, user_id=user, object_repr="x")
    statement = Statement(rows.values("id", "user_id", "action_time").order_by("-id")[:2])
    found = statement.dicts_of_each([first.pk, nobody.pk, second.pk])
    assert found == [
        {"id": entry.pk, "user_id": entry.user_id, "action_time": entry.action_time}
        for user in (first, second)
        for entry in entries[user.pk][:1:-1]
    ]
    assert statement.dicts_of_each([]) == []
