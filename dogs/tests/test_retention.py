"""How files go: deleted, with their sender, after their time; bytes and row as one."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_threads import together
from dogs import retention, services, tasks
from dogs.models import RelayedFile
from dogs.tests.factories import RelayedFileFactory
from tests.asserts import assert_problem
from users.services import remove_user
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stored(settings, tmp_path):
    """Return a function that lists the stored bytes."""
    settings.MEDIA_ROOT = str(tmp_path)
    return lambda: sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def deletions():
    entries = JournalEntry.objects.filter(model="dogs.RelayedFile", action="delete")
    return list(entries.order_by("id").values_list("object_id", "reason"))


# -- by its sender -------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["pending", "sent", "failed"])
def test_a_sender_deletes_a_file(user_api, stored, django_capture_on_commit_callbacks, status):
    file = RelayedFileFactory(owner=user_api.user, status=status)
    other = RelayedFileFactory()
    with django_capture_on_commit_callbacks(execute=True):
        response = user_api.delete(f"/api/files/{file.pk}")
        assert stored() == sorted([file.pk.hex, other.pk.hex])
    assert (response.status_code, response.content) == (204, b"")
    assert RelayedFile.objects.get() == other
    assert stored() == [other.pk.hex]
    assert deletions() == [(str(file.pk), "")]
    assert_problem(user_api.delete(f"/api/files/{file.pk}"), 404, "not_found")
    assert_problem(user_api.get(f"/api/files/{file.pk}"), 404, "not_found")


def test_who_else_may(user_api, client_for):
    file = RelayedFileFactory()
    assert_problem(user_api.delete(f"/api/files/{file.pk}"), 404, "not_found")
    refused = client_for(Role.SUPPORT).delete(f"/api/files/{file.pk}")
    assert_problem(refused, 403, "permission_denied")
    assert RelayedFile.objects.count() == 1
    assert deletions() == []
    assert client_for(Role.ADMIN).delete(f"/api/files/{file.pk}").status_code == 204


def test_a_file_that_waited_is_not_sent_any_more(user_api, published):
    file = RelayedFileFactory(owner=user_api.user)
    user_api.delete(f"/api/files/{file.pk}")
    services.relay_file(pk=str(file.pk))
    assert RelayedFile.objects.count() == 0


def test_a_file_deleted_while_it_is_sent_leaves_no_row(user_api, monkeypatch):
    file = RelayedFileFactory(owner=user_api.user)

    class Relay:
        def post_file(self, *_args):
            assert user_api.delete(f"/api/files/{file.pk}").status_code == 204
            return {"filename": "remote"}

    monkeypatch.setattr(services, "upstream", lambda *_args, **_bounds: Relay())
    services.relay_file(pk=str(file.pk))
    assert RelayedFile.objects.count() == 0
    actions = JournalEntry.objects.filter(model="dogs.RelayedFile").values_list("action", flat=True)
    assert list(actions) == ["delete"]


def test_bytes_that_resist_are_an_orphans(
    user_api, stored, monkeypatch, django_capture_on_commit_callbacks
):
    file = RelayedFileFactory(owner=user_api.user)

    def refuse(*_args):
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", refuse)
        with django_capture_on_commit_callbacks(execute=True):
            assert user_api.delete(f"/api/files/{file.pk}").status_code == 204
    assert (RelayedFile.objects.count(), stored()) == (0, [file.pk.hex])
    monkeypatch.setattr(retention, "ORPHAN_AGE", timedelta(seconds=-60))
    assert tasks.remove_orphans() == 1
    assert stored() == []


def test_bytes_that_are_gone_already_do_no_harm(user_api, django_capture_on_commit_callbacks):
    file = RelayedFileFactory(owner=user_api.user)
    Path(file.file.path).unlink()
    with django_capture_on_commit_callbacks(execute=True):
        assert user_api.delete(f"/api/files/{file.pk}").status_code == 204


# -- with its sender -----------------------------------------------------------------------------
def test_a_removed_user_takes_the_files_along(
    client_for, stored, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    leaver = UserFactory()
    mine = RelayedFileFactory.create_batch(5, owner=leaver)
    kept = RelayedFileFactory()
    with django_capture_on_commit_callbacks(execute=True):
        assert client_for(Role.ADMIN).delete(f"/api/users/{leaver.pk}").status_code == 204
    assert RelayedFile.objects.get() == kept
    assert stored() == [kept.pk.hex]
    expected = [(str(pk), "the sender's account was removed") for pk in sorted(f.pk for f in mine)]
    assert deletions() == expected
    assert retention.erase_files_of(user_id=leaver.pk) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_upload_and_the_removal_of_its_sender_at_once(client_for):
    for _ in range(4):
        user = UserFactory()
        client = client_for(user)

        def act(turn, user=user, client=client):
            if turn:
                return remove_user(user=user)
            upload = SimpleUploadedFile("a", b"x")
            return client.post("/api/files", {"file": upload}, format="multipart").status_code

        sent, removed = together(2, act)
        assert (sent in {202, 401}, removed) == (True, None)
        assert not RelayedFile.objects.filter(owner=user).exists()


# -- after its time ------------------------------------------------------------------------------
def test_files_go_after_their_time(
    settings, stored, monkeypatch, django_capture_on_commit_callbacks
):
    settings.FILES_KEEP_DAYS = 30
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    old, young = (timezone.now() - timedelta(days=days) for days in (31, 29))
    gone = [RelayedFileFactory(status=status, due_at=old) for status in ("sent", "failed") * 2]
    kept = [
        RelayedFileFactory(status="pending", due_at=old),
        RelayedFileFactory(status="sent", due_at=young, created_at=old),
        RelayedFileFactory(status="failed", due_at=young),
    ]
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.purge_files() == 4
    assert set(RelayedFile.objects.all()) == set(kept)
    assert stored() == sorted(file.pk.hex for file in kept)
    assert sorted(deletions()) == sorted((str(file.pk), "kept for 30 days") for file in gone)
    assert tasks.purge_files() == 0


def test_one_run_is_bounded_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(retention, "BATCH_ROWS", 1)
    monkeypatch.setattr(retention, "MAX_BATCHES", 2)
    RelayedFileFactory.create_batch(
        3, status="sent", due_at=timezone.now() - timedelta(days=40_000)
    )
    assert [tasks.purge_files() for _ in range(3)] == [2, 1, 0]


def test_a_batch_costs_the_same_at_1_10_and_50_rows():
    counts = []
    for size in (1, 9, 40):
        RelayedFileFactory.create_batch(
            size, status="sent", due_at=timezone.now() - timedelta(days=40_000)
        )
        with CaptureQueriesContext(connection) as queries:
            assert retention.purge_files() == size
        counts.append(len(queries))
    assert len(set(counts)) == 1
