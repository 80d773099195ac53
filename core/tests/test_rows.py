"""Rows written by SQL that is kept are those that ``save()`` writes."""

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import signals
from django.forms import model_to_dict
from django.test.utils import CaptureQueriesContext

from core.models import JournalEntry
from core.rows import store, store_changes
from users.models import Session
from users.tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def new(user, **fields):
    """Return an entry that is not stored."""
    return LogEntry(user=user, action_flag=ADDITION, object_repr="Ñandú", **fields)


def test_a_new_row_is_the_one_that_save_writes():
    user = UserFactory()
    kept, saved = new(user), new(user)
    saved.save()
    with CaptureQueriesContext(connection) as queries:
        store(kept)
    assert len(queries) == 1
    assert kept.pk == saved.pk + 1
    assert (kept._state.adding, kept._state.db) == (False, "default")
    stored = [model_to_dict(LogEntry.objects.get(pk=one.pk)) for one in (kept, saved)]
    assert [{**row, "id": 0} for row in stored] == [{**stored[0], "id": 0}] * 2


def test_a_key_of_the_models_own_stays():
    given = SessionFactory.build(user=UserFactory())
    key = given.pk
    store(given)
    assert given.pk == key
    assert Session.objects.get().pk == key


def test_constraints_hold():
    first = SessionFactory()
    again = SessionFactory.build(user=first.user, id=first.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        store(again)
    assert Session.objects.count() == 1
    assert again._state.adding


def test_only_the_named_fields_are_stored():
    user, other = UserFactory.create_batch(2)
    entry, untouched = new(user), new(user)
    entry.save()
    untouched.save()
    entry.object_repr, entry.action_flag, entry.user = "Puma", CHANGE, other
    with CaptureQueriesContext(connection) as queries:
        store_changes(entry, ["object_repr", "user"])
    assert len(queries) == 1
    row = LogEntry.objects.get(pk=entry.pk)
    assert (row.object_repr, row.user_id, row.action_flag) == ("Puma", other.pk, ADDITION)
    assert LogEntry.objects.get(pk=untouched.pk).object_repr == "Ñandú"


def test_a_row_that_is_gone_cannot_be_changed():
    entry = new(UserFactory())
    entry.save()
    LogEntry.objects.all().delete()
    entry.object_repr = "Puma"
    with pytest.raises(DatabaseError, match="is gone"):
        store_changes(entry, ["object_repr"])


def test_who_listens_to_saves_hears_of_them():
    heard = []
    user = UserFactory()

    def listen(sender, instance, created, **_):
        heard.append((sender, instance.pk, created))

    signals.post_save.connect(listen, sender=LogEntry)
    try:
        entry = new(user)
        store(entry)
        store_changes(entry, ["object_repr"])
    finally:
        signals.post_save.disconnect(listen, sender=LogEntry)
    assert heard == [(LogEntry, entry.pk, True), (LogEntry, entry.pk, False)]


def test_a_save_of_the_models_own_is_called(monkeypatch):
    user = UserFactory()
    called = []
    monkeypatch.setattr(type(user), "save", lambda self, **given: called.append(given))
    store_changes(user, ["name"])
    store(user)
    assert called == [{"update_fields": ["name"]}, {"force_insert": True}]
    assert JournalEntry.objects.count() == 0
