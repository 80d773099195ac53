"""The list of the journal: what it finds, and in an order that an index has."""

import csv
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.admin import base
from core.audit import journal
from core.context import Actor, acting_as
from core.files import writing
from core.models import Action, JournalEntry
from users.models import User
from users.tests.helpers_signed_in import signed_in

pytestmark = pytest.mark.django_db
JOURNAL = "/admin/core/journalentry/"


@pytest.fixture
def support():
    return signed_in()


@pytest.fixture
def line(monkeypatch):
    """Write a line of before: the journal keeps the time itself."""

    def write(day, action=Action.CHANGE, kind="command", actor_id=None):
        with acting_as(Actor(kind, actor_id, kind)), monkeypatch.context() as patched:
            entry = journal.entry(action, User)
            patched.setattr(timezone, "now", lambda: datetime(2026, 3, day, 12, tzinfo=UTC))
            entry.save()
        return entry.pk

    return write


def found(answer):
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def orders(queries):
    """What the statements that read the journal are ordered by, the count's included."""
    read = [each["sql"] for each in queries if 'FROM "core_journalentry"' in each["sql"]]
    assert len(read) == 2
    return [sql.rpartition("ORDER BY ")[2].partition(" LIMIT")[0] for sql in read]


def test_the_newest_entries_are_shown_and_counted_in_the_order_of_the_keys(support, line):
    keys = [line(3), line(1), line(2)]
    with CaptureQueriesContext(connection) as queries:
        answer = support.get(f"{JOURNAL}?actor_kind=command")
    assert found(answer) == keys[::-1]
    assert orders(queries) == ['"core_journalentry"."id" DESC'] * 2


def test_a_period_is_shown_and_counted_in_the_order_of_its_times(support, line):
    keys = {day: line(day) for day in (4, 1, 3, 2)}
    query = {"at__gte": "2026-03-02 00:00:00+00:00", "at__lt": "2026-03-04 00:00:00+00:00"}
    with CaptureQueriesContext(connection) as queries:
        answer = support.get(JOURNAL, query)
    assert found(answer) == [keys[3], keys[2]]
    assert answer.context["cl"].result_count == 2
    order = '"core_journalentry"."at" DESC, "core_journalentry"."id" DESC'
    assert orders(queries) == [order] * 2


def test_a_period_that_spells_nothing_is_refused(support, line):
    line(1)
    answer = support.get(JOURNAL, {"at__gte": "soon"})
    assert (answer.status_code, answer["Location"]) == (302, f"{JOURNAL}?e=1")
    assert support.get(JOURNAL, {"at__year": "2026"}).status_code == 400


@pytest.mark.parametrize("kind", ["task", "command", "anonymous"])
def test_what_nobody_did_is_found_by_the_index_of_actors(support, line, kind):
    kept = line(1, kind=kind)
    line(2, kind="user", actor_id=7)
    with CaptureQueriesContext(connection) as queries:
        answer = support.get(JOURNAL, {"actor_kind": kind, "action__exact": "change"})
    assert found(answer) == [kept]
    listed = [each["sql"] for each in queries if 'FROM "core_journalentry"' in each["sql"]]
    assert all('"core_journalentry"."actor_id" IS NULL' in sql for sql in listed)


def test_what_people_did_is_found(support, line):
    line(1, kind="task")
    kept = line(2, kind="user", actor_id=7)
    assert found(support.get(JOURNAL, {"actor_kind": "user", "action__exact": "change"})) == [kept]


def test_more_entries_than_are_counted(support, line, monkeypatch):
    monkeypatch.setattr(base, "MAX_COUNTED_ROWS", 2)
    keys = [line(day) for day in (1, 2, 3)]
    answer = support.get(JOURNAL, {"actor_kind": "command"})
    assert found(answer) == keys[::-1]
    assert (answer.context["cl"].result_count, answer.context["cl"].paginator.is_more) == (2, True)


def test_the_file_has_each_entry_once_chunk_by_chunk(support, line, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_ROWS", 2)
    keys = [line(day) for day in (3, 1, 2, 5, 4)]
    chosen = {"action": "export_csv", "select_across": "1", "_selected_action": str(keys[0])}
    answer = support.post(f"{JOURNAL}?actor_kind=command", chosen)
    JournalEntry.objects.bulk_create(
        [JournalEntry(actor_kind="command", action=Action.CHANGE, model="users.User")]
    )  # after the first look, so not in the file
    with CaptureQueriesContext(connection) as queries:
        rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert [each["sql"].rpartition(" LIMIT ")[2] for each in queries] == ["2"] * 4
    assert [int(row["id"]) for row in rows][-5:] == keys[::-1]
    exported = JournalEntry.objects.get(action=Action.EXPORT)
    assert (exported.count, exported.reason) == (5, "admin: CSV")
