"""Photos on disk: what was acknowledged is written no more, whoever read the row before."""

import datetime as dt
import errno
import io
import os
import uuid

import pytest
from django.utils import timezone

from stores.models import Photo
from stores.photos import files, parts
from stores.photos.errors import PhotoGone, UploadOffset
from stores.services import photo_retention, uploads
from stores.tests.helpers_constraints import change
from stores.tests.helpers_photos import (
    announce,
    announced,
    digest,
    files_in,
    offset_of,
    padded,
    send,
    uploaded,
)

pytestmark = pytest.mark.django_db
DATA = padded(30_000)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def append(photo: Photo, data: bytes, offset: int = 0) -> Photo:
    return uploads.append(photo=photo, offset=offset, body=io.BytesIO(data))


# -- one file under two names ----------------------------------------------------------------------
def kept_but_not_entered(phone, seller, monkeypatch) -> tuple[str, str]:
    """Send a photo whose file is kept before its seller turns out to be deactivated.

    Returns where the upload is, and the name of the file.
    """
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    keep = files.keep

    def deactivated(name, part):
        keep(name, part)
        type(seller).objects.filter(pk=seller.pk).update(is_active=False)

    with monkeypatch.context() as patch:
        patch.setattr(files, "keep", deactivated)
        assert send(phone, path, DATA[1_000:], 1_000).status_code == 401
    type(seller).objects.filter(pk=seller.pk).update(is_active=True)
    return path, files.name_of(digest(DATA), "image/jpeg")


def test_a_photo_is_not_copied(phone, media):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    number = files_in("uploads")[0].stat().st_ino
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204
    kept = media / Photo.objects.get().file
    assert (kept.stat().st_ino, kept.stat().st_nlink) == (number, 1)
    assert (oct(kept.stat().st_mode & 0o777), files_in("uploads")) == ("0o644", [])


def test_a_file_that_was_kept_is_written_no_more(phone, seller, media, monkeypatch):
    path, name = kept_but_not_entered(phone, seller, monkeypatch)
    assert (media / name).stat().st_nlink == 2
    wrong = DATA[1_000:-1] + b"x"
    assert send(phone, path, wrong[:5_000], 1_000).status_code == 204
    assert (media / name).read_bytes() == DATA
    assert send(phone, path, wrong[5_000:], 6_000).status_code == 460
    assert (media / name).read_bytes() == DATA
    assert (offset_of(phone, path), files_in("uploads")) == (0, [])


def test_the_end_of_a_photo_that_was_kept_is_sent_again(phone, seller, media, monkeypatch):
    path, name = kept_but_not_entered(phone, seller, monkeypatch)
    assert offset_of(phone, path) == 1_000
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204
    assert (media / name).read_bytes() == DATA
    assert files_in("uploads") == []


def test_a_full_disk_keeps_what_arrived_of_a_photo_that_was_kept(phone, seller, monkeypatch):
    path, _name = kept_but_not_entered(phone, seller, monkeypatch)

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("stores.photos.parts.shutil.copyfileobj", full)
        assert send(phone, path, DATA[1_000:], 1_000).status_code == 507
    assert len(files_in("uploads")) == 1
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.ENOTSUP])
def test_where_a_file_has_one_name_it_is_copied(phone, media, monkeypatch, number):
    def refused(*_arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refused)
    photos = [uploaded(phone, DATA) for _time in range(2)]
    assert {(media / photo.file).read_bytes() for photo in photos} == {DATA}
    assert (len(files_in("photos")), files_in("uploads")) == (1, [])


def test_the_same_photo_again_heals_a_spoilt_file(phone, media):
    (media / uploaded(phone, DATA).file).write_bytes(b"spoilt")
    again = uploaded(phone, DATA)
    assert (media / again.file).read_bytes() == DATA
    assert len(files_in("photos")) == 1


def test_names_are_on_disk_before_an_answer_says_so(phone, media, monkeypatch):
    found: list[str] = []

    def noted(directory):
        found.append(str(directory.relative_to(media)))

    monkeypatch.setattr(parts, "synchronise", noted)
    monkeypatch.setattr(files, "synchronise", noted)
    sha = digest(DATA)
    kept = [f"photos/{sha[:2]}/{sha[2:4]}", f"photos/{sha[:2]}", "photos"]
    path = announced(phone, DATA)
    for start, end, names in (
        (0, 1_000, ["uploads", "."]),
        (1_000, 2_000, []),
        (2_000, 30_000, kept),
    ):
        found.clear()
        assert send(phone, path, DATA[start:end], start).status_code == 204
        assert found == names
    found.clear()
    uploaded(phone, DATA)
    assert found == kept


# -- rows that were read before --------------------------------------------------------------------
def test_a_row_that_was_read_before_a_piece_takes_no_second_one(phone):
    path = announced(phone, DATA)
    read = Photo.objects.get()
    send(phone, path, DATA[:1_000])
    with pytest.raises(UploadOffset) as refused:
        append(read, b"x" * 500)
    assert refused.value.extra["offset"] == 1_000
    assert files_in("uploads")[0].read_bytes() == DATA[:1_000]


def test_a_row_that_was_read_before_the_end_changes_nothing(phone, media):
    path = announced(phone, DATA)
    read = Photo.objects.get()
    send(phone, path, DATA)
    for data in (DATA, DATA[:500]):
        with pytest.raises(UploadOffset) as refused:
            append(read, data)
        assert refused.value.extra["offset"] == 30_000
    stored = Photo.objects.get()
    assert (stored.state, (media / stored.file).read_bytes()) == ("stored", DATA)
    assert files_in("uploads") == []


@pytest.mark.parametrize("count", [500, 30_000])
def test_a_row_of_an_older_announcement_takes_nothing(phone, count):
    """The id, the offset and the length are the same; the photo is another one."""
    key, other = uuid.uuid4(), padded(30_000, seed=1)
    path = announced(phone, DATA, key=key)
    read = Photo.objects.get()
    announce(phone, other, key=key)
    with pytest.raises(UploadOffset) as refused:
        append(read, DATA[:count])
    assert refused.value.extra["offset"] == 0
    found = Photo.objects.get()
    assert (found.state, found.offset, found.sha256) == ("receiving", 0, digest(other))
    assert send(phone, path, other).status_code == 204


def test_bytes_of_an_upload_that_expired_meanwhile_are_left_nowhere(phone):
    announced(phone, DATA)
    read = Photo.objects.get()
    change(read, expires_at=timezone.now() - dt.timedelta(days=1))
    photo_retention.remove_photos(timezone.now() - dt.timedelta(days=400))
    read.expires_at = timezone.now() + dt.timedelta(days=1)
    with pytest.raises(PhotoGone):
        append(read, DATA[:500])
    assert files_in("uploads") == []


def test_an_upload_whose_file_goes_at_the_end_begins_anew(phone, monkeypatch):
    """It was announced anew while its last bytes were examined."""
    path = announced(phone, DATA)
    settle = uploads.photos.settle

    def forgotten(*, photo, photo_type, part):
        part.unlink()
        return settle(photo=photo, photo_type=photo_type, part=part)

    with monkeypatch.context() as patch:
        patch.setattr(uploads.photos, "settle", forgotten)
        assert send(phone, path, DATA).status_code == 409
    assert offset_of(phone, path) == 0
    assert send(phone, path, DATA).status_code == 204


# -- statements ------------------------------------------------------------------------------------
def test_a_piece_costs_three_statements(phone, django_assert_num_queries):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    with django_assert_num_queries(3):  # who calls, the row, where it stands then
        assert send(phone, path, DATA[1_000:2_000], 1_000).status_code == 204
