"""Repeated statements are prepared once for each connection, and say what they always said."""

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import ProgrammingError, connection, transaction

from core.api.statements import Mark, Statement
from core.postgresql import prepared
from core.postgresql.repeated import Repeated
from users.tests.factories import UserFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _new_session():
    connection.close()
    yield
    connection.close()


def prepared_texts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
        return [text.partition(" AS ")[2] for (text,) in cursor.fetchall()]


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(Repeated(sql), values)
        return cursor.fetchall()


def test_a_kept_statement_is_prepared_once_and_finds_what_the_queryset_finds():
    users = UserFactory.create_batch(2)
    entries = [
        LogEntry.objects.create(user=user, action_flag=ADDITION, object_repr="x") for user in users
    ]
    place = Mark(0, LogEntry._meta.get_field("user"))
    statement = Statement(LogEntry.objects.filter(user_id=place).values("id", "action_time"))
    for _ in range(7):  # from the sixth time on the server may use one plan for all values
        for user, entry in zip(users, entries, strict=True):
            assert statement.rows([user.pk]) == [(entry.pk, entry.action_time)]
            assert statement.rows([user.pk], limit=0) == []
    assert prepared_texts() == [
        statement.sql % "$1",
        f"{statement.sql} LIMIT 0" % "$1",
    ]


@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        ("SELECT 1", (), [(1,)]),
        ("SELECT 7 %% 4", (), [(3,)]),
        ("SELECT 'a%%' WHERE 'abc' LIKE %s", ("a%",), [("a%",)]),
        ("SELECT %s::text || %s::text", ("é%s'", "\\"), [("é%s'\\",)]),
        ("SELECT 1 WHERE 3 = ANY(%s)", ([1, 3],), [(1,)]),
    ],
    ids=["no places", "per cent", "like", "texts", "array"],
)
def test_places_and_per_cents_are_told_apart(sql, values, expected):
    for _ in range(2):
        assert ask(sql, *values) == expected
    assert len(prepared_texts()) == 1


def test_nothing_is_prepared_within_a_transaction():
    with transaction.atomic():
        assert ask("SELECT %s::int", 5) == [(5,)]
        assert prepared_texts() == []
    ask("SELECT %s::int", 5)
    assert len(prepared_texts()) == 1


def test_nothing_is_prepared_through_a_pooler(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "POOLED", True)
    assert ask("SELECT %s::int", 5) == [(5,)]
    assert prepared_texts() == []


def test_other_statements_are_not_prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [5])
    assert prepared_texts() == []


@pytest.fixture
def _table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE prepared_test (id int); INSERT INTO prepared_test VALUES (5)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE prepared_test")


@pytest.mark.usefixtures("_table")
@pytest.mark.parametrize(
    ("query", "before", "after", "found"),
    [
        ("SELECT id FROM prepared_test WHERE 1 = %s", 1, 1, "5"),  # another result
        ("SELECT 7 FROM prepared_test WHERE id = %s", 5, "5", 7),  # another comparison
    ],
    ids=["result", "comparison"],
)
def test_a_column_of_another_type_is_read_as_it_is_now(query, before, after, found):
    assert len(ask(query, before)) == 1
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE prepared_test ALTER id TYPE text")
    assert ask(query, after) == [(found,)]
    assert prepared_texts() == []
    assert ask(query, after) == [(found,)]
    assert len(prepared_texts()) == 1


def test_a_statement_that_was_dropped_is_prepared_anew():
    ask("SELECT %s::int", 5)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert ask("SELECT %s::int", 5) == [(5,)]
    assert ask("SELECT %s::int", 6) == [(6,)]
    assert len(prepared_texts()) == 1


def test_a_new_session_has_prepared_nothing():
    ask("SELECT %s::int", 5)
    connection.close()
    assert prepared_texts() == []
    assert ask("SELECT %s::int", 5) == [(5,)]


def test_what_another_client_of_the_session_prepared_is_the_same():
    ask("SELECT %s::int", 5)
    connection.connection.calls.clear()
    assert ask("SELECT %s::int", 6) == [(6,)]
    assert len(prepared_texts()) == 1


def test_what_cannot_be_prepared_is_sent_as_it_is():
    for _ in range(2):
        assert ask("SHOW lock_timeout") == [("5s",)]
    assert prepared_texts() == []


def test_an_error_of_the_statement_is_its_own():
    for _ in range(2):
        with pytest.raises(ProgrammingError, match="no_such_table"):
            ask("SELECT 1 FROM no_such_table WHERE 1 = %s", 1)
    assert ask("SELECT %s::int", 5) == [(5,)]


def test_a_connection_prepares_so_many_and_no_more(monkeypatch):
    monkeypatch.setattr(prepared, "MAX_PREPARED", 2)
    for number in range(4):
        assert ask(f"SELECT {number}") == [(number,)]
    assert prepared_texts() == ["SELECT 0", "SELECT 1"]
