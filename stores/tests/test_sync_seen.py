"""Phones are noted when they were here: rarely, and never at a request's expense."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.tests.helpers_threads import together
from stores.models import SyncSeen
from stores.services import phones
from stores.tests.factories import ProductFactory

FIVE_MINUTES = dt.timedelta(minutes=5)


def note(**headers: str):
    """Return a request that has only headers."""
    meta = {f"HTTP_X_{name.upper()}": value for name, value in headers.items()}
    return type("Request", (), {"META": meta})()


def test_a_pull_notes_the_phone_and_what_it_says(phone, seller):
    before = timezone.now()
    headers = {"X-App-Version": "3.2.0 (Android 14)", "X-Sync-Backlog": "17"}
    assert phone.get("/api/sync/products", headers=headers).status_code == 200
    seen = SyncSeen.objects.get()
    assert (seen.seller_id, seen.app_version, seen.backlog) == (seller.pk, "3.2.0 (Android 14)", 17)
    assert before <= seen.last_pull_at <= timezone.now()
    assert seen.last_push_at is None


def test_the_head_notes_it_too_and_so_does_a_304(phone):
    etag = phone.get("/api/sync")["ETag"]
    phones.remembered.clear()
    SyncSeen.objects.update(last_pull_at=timezone.now() - FIVE_MINUTES)
    assert phone.get("/api/sync", headers={"If-None-Match": etag}).status_code == 304
    assert SyncSeen.objects.get().last_pull_at > timezone.now() - FIVE_MINUTES


def test_it_is_written_once_in_five_minutes(phone):
    phone.get("/api/sync", headers={"X-Sync-Backlog": "1"})
    first = SyncSeen.objects.get()
    with CaptureQueriesContext(connection) as queries:
        phone.get("/api/sync", headers={"X-Sync-Backlog": "2"})
    assert not [query for query in queries if "syncseen" in query["sql"]], "the process remembers"
    phones.remembered.clear()  # another process
    phone.get("/api/sync", headers={"X-Sync-Backlog": "3"})
    again = SyncSeen.objects.get()
    assert (again.backlog, again.last_pull_at) == (1, first.last_pull_at)
    phones.remembered.clear()
    SyncSeen.objects.update(last_pull_at=timezone.now() - FIVE_MINUTES)
    phone.get("/api/sync", headers={"X-Sync-Backlog": "4"})
    later = SyncSeen.objects.get()
    assert later.backlog == 4
    assert later.last_pull_at > first.last_pull_at


def test_pulls_and_pushes_are_noted_apart(seller):
    phones.note_phone(seller.pk, note(app_version="3.2.0"), pushed=False)
    phones.note_phone(seller.pk, note(sync_backlog="3"), pushed=True)
    seen = SyncSeen.objects.get()
    assert (seen.app_version, seen.backlog) == ("3.2.0", 3)
    assert seen.last_pull_at is not None
    assert seen.last_push_at is not None


@pytest.mark.parametrize("version", ["", " ", "x" * 41, "a\x00b", "a\tb", "a\u202eb"])
def test_an_unreadable_app_version_leaves_the_one_of_before(seller, version):
    phones.note_phone(seller.pk, note(app_version="3.2.0"), pushed=False)
    phones.note_phone(seller.pk, note(app_version=version), pushed=True)
    assert SyncSeen.objects.get().app_version == "3.2.0"


@pytest.mark.parametrize("backlog", ["", "-1", "100001", "1.5", "٣", "x", "9" * 30, "1e3", " 5"])
def test_an_unreadable_backlog_leaves_the_one_of_before(seller, backlog):
    phones.note_phone(seller.pk, note(sync_backlog="100000"), pushed=False)
    phones.note_phone(seller.pk, note(sync_backlog=backlog), pushed=True)
    assert SyncSeen.objects.get().backlog == 100_000


def test_a_backlog_of_none_is_zero(seller):
    phones.note_phone(seller.pk, note(sync_backlog="7"), pushed=False)
    phones.note_phone(seller.pk, note(sync_backlog="0"), pushed=True)
    assert SyncSeen.objects.get().backlog == 0


def test_who_is_refused_is_not_noted(phone, user_api, api):
    for client in (user_api, api):
        client.get("/api/sync")
    phone.get("/api/sync/products?limit=0")
    phone.get("/api/sync/nothing")
    assert not SyncSeen.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_is_no_reason_to_fail(phone, request):
    ProductFactory()
    request.getfixturevalue("read_only")
    for path in ("/api/sync", "/api/sync/products", "/api/sync/visits"):
        phones.remembered.clear()
        assert phone.get(path).status_code == 200
    assert phones.remembered, "nor does each request try again"
    assert not SyncSeen.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_phone_whose_seller_is_gone_is_not_noted_and_nothing_fails(seller):
    phones.note_phone(seller.pk + 1_000, note(), pushed=False)
    assert not SyncSeen.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_processes_at_once_write_one_row(seller):
    def write(number: int) -> None:
        phones.write_seen(seller.pk, "last_pull_at", "3.2.0", number)

    assert together(8, write) == [None] * 8
    assert SyncSeen.objects.count() == 1


def test_the_memory_of_phones_is_bounded(seller, monkeypatch):
    monkeypatch.setattr(phones, "MAX_REMEMBERED_PHONES", 3)
    monkeypatch.setattr(phones, "write_seen", lambda *_: None)
    for seller_id in range(10):
        phones.note_phone(seller_id, note(), pushed=False)
        assert len(phones.remembered) <= 3
