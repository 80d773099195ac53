"""Photos and their disks: full, away, or with bytes lost; what was acknowledged stays."""

import errno

import pytest

from stores.services import uploads
from stores.tests.helpers_photos import (
    announced,
    cut,
    offset_of,
    padded,
    refused,
    send,
)
from stores.tests.helpers_unchanged import nothing_changes

pytestmark = pytest.mark.django_db
DATA = padded(30_000)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def full(*_arguments, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_takes_nothing_and_loses_nothing(phone, monkeypatch):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    with monkeypatch.context() as patch, nothing_changes():
        patch.setattr("os.fsync", full)
        answer = send(phone, path, DATA[1_000:2_000], 1_000)
        refused(answer, 507, "storage_full")
        assert answer["Retry-After"] == "30"
        refused(send(phone, path, DATA[1_000:], 1_000), 507, "storage_full")
    assert offset_of(phone, path) == 1_000
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204


def test_bytes_that_a_disk_has_lost_are_asked_for_again(phone, media):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    part = next((media / "uploads").iterdir())
    part.write_bytes(DATA[:400])
    answer = send(phone, path, DATA[1_000:], 1_000)
    assert refused(answer, 409, "upload_offset")["offset"] == 400
    part.unlink()
    assert refused(send(phone, path, DATA[400:], 400), 409, "upload_offset")["offset"] == 0
    assert send(phone, path, DATA).status_code == 204


def test_bytes_that_were_never_acknowledged_are_written_over(phone, media):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    part = next((media / "uploads").iterdir())
    part.write_bytes(DATA[:1_000] + b"of a process that was killed")
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204


def test_a_storage_that_is_away_loses_nothing(phone, monkeypatch):
    path = announced(phone, DATA)

    def away(*_arguments, **_options):
        raise RuntimeError("the bucket does not answer")

    with monkeypatch.context() as patch, nothing_changes():
        patch.setattr("stores.photos.files.DiskPhotos.save", away)
        refused(send(phone, path, DATA), 503, "photos_away")
    assert offset_of(phone, path) == 0
    assert send(phone, path, DATA).status_code == 204


def test_a_seller_who_is_deactivated_meanwhile_sends_the_end_again(phone, seller, monkeypatch):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    finish = uploads.finish

    def deactivated(photo, part):
        type(seller).objects.filter(pk=seller.pk).update(is_active=False)
        return finish(photo, part)

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "finish", deactivated)
        assert send(phone, path, DATA[1_000:], 1_000).status_code == 401
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 401
    type(seller).objects.filter(pk=seller.pk).update(is_active=True)
    assert offset_of(phone, path) == 1_000
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204


def test_a_cut_body_of_no_bytes_changes_nothing(phone):
    path = announced(phone, DATA)
    cut(phone, path, DATA, 0, 0)
    assert offset_of(phone, path) == 0
