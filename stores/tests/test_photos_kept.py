"""How long photos are kept, who may look at them, and what is left of a removed seller."""

import datetime as dt

import pytest
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from stores import tasks
from stores.constants import PhotoState
from stores.models import Photo
from stores.photos import files
from stores.photos.errors import StorageAway
from stores.services import photo_retention, retention
from stores.tests.factories import SellerFactory
from stores.tests.helpers_admin import ADMIN, listed, page, signed_in
from stores.tests.helpers_constraints import change
from stores.tests.helpers_photos import (
    TUS,
    announce,
    announced,
    declared,
    files_in,
    picture,
    send,
    uploaded,
)
from stores.tests.helpers_push import pushed, visit

pytestmark = pytest.mark.django_db
DATA = picture()
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def looks(photo: Photo) -> list[int | None]:
    """Return who looked at a photo, by the journal."""
    reads = JournalEntry.objects.filter(action="read", model="stores.Photo", object_id=photo.pk)
    return list(reads.values_list("actor_id", flat=True))


# -- time ------------------------------------------------------------------------------------------
def test_an_unfinished_upload_is_gone_after_a_day(phone):
    path = announced(phone, DATA)
    send(phone, path, DATA[:100])
    photo = Photo.objects.get()
    assert DAY - dt.timedelta(minutes=1) < photo.expires_at - timezone.now() <= DAY
    change(photo, expires_at=timezone.now())
    assert phone.head(path, **TUS).status_code == 410
    assert send(phone, path, DATA[100:], 100).json()["code"] == "photo_expired"
    retention.remove_what_is_old()
    assert files_in("uploads") == []
    photo.refresh_from_db()
    assert (photo.state, photo.file) == (PhotoState.EXPIRED, "")
    assert phone.head(path, **TUS).status_code == 410
    again = announce(phone, DATA, key=photo.pk)
    assert (again.status_code, again["Upload-Offset"]) == (201, "0")
    assert send(phone, path, DATA).status_code == 204


def test_each_piece_gives_an_upload_another_day(phone):
    path = announced(phone, DATA)
    change(Photo.objects.get(), expires_at=timezone.now() + dt.timedelta(hours=1))
    send(phone, path, DATA[:100])
    assert Photo.objects.get().expires_at > timezone.now() + dt.timedelta(hours=23)


def test_a_photo_that_no_visit_has_is_gone_after_a_week(phone, store):
    kept, gone = uploaded(phone, DATA), uploaded(phone, picture(seed=1))
    assert DAY * 7 - dt.timedelta(minutes=1) < gone.expires_at - timezone.now() <= DAY * 7
    pushed(phone, visit(store, photos=[declared(kept.pk, DATA)]))
    change(gone, expires_at=timezone.now())
    assert retention.remove_what_is_old()["photos"] == 1
    assert [path.name for path in files_in("photos")] == [kept.file.rpartition("/")[2]]
    (master,) = pushed(phone, visit(store, photos=[declared(gone.pk, picture(seed=1))]))
    assert master["photos_missing"] == 1
    assert uploaded(phone, picture(seed=1), key=gone.pk).expires_at is None


def test_old_photos_go_and_their_rows_with_them(phone, store, settings):
    old, new = uploaded(phone, DATA), uploaded(phone, picture(seed=1))
    pushed(phone, visit(store, photos=[declared(old.pk, DATA)]))
    settings.PHOTOS_MONTHS = 3
    change(old, created_at=timezone.now() - DAY * 94)
    assert retention.remove_what_is_old() == {
        "revisions": 0,
        "rejected": 0,
        "positions": 0,
        "photos": 1,
        "photo_files": 1,
    }
    assert list(Photo.objects.all()) == [new]
    assert len(files_in("photos")) == 1
    entry = JournalEntry.objects.get(model="stores.Photo", action="delete")
    assert (entry.count, entry.reason) == (1, "retention")
    assert retention.remove_what_is_old()["photos"] == 0


def test_a_file_stays_while_another_photo_has_it(phone, client_for):
    photos = [uploaded(phone, DATA), uploaded(client_for(SellerFactory()), DATA)]
    for photo, left in zip(photos, (1, 0), strict=True):
        change(photo, expires_at=timezone.now())
        retention.remove_what_is_old()
        assert len(files_in("photos")) == left


def test_a_file_that_is_deleted_in_between_is_kept_again(phone, media, monkeypatch):
    keep, kept = files.keep, []

    def lost(name, part):
        keep(name, part)
        if not kept:  # somebody deletes it before the row says that it is needed
            (media / name).unlink()
        kept.append(name)

    monkeypatch.setattr(files, "keep", lost)
    photo = uploaded(phone, DATA)
    assert len(kept) == 2
    assert (media / photo.file).read_bytes() == DATA


def test_a_storage_that_is_away_is_asked_again_later(phone, monkeypatch):
    photo = uploaded(phone, DATA)
    change(photo, expires_at=timezone.now())

    def away(_name):
        raise StorageAway

    with monkeypatch.context() as patch:
        patch.setattr(files, "delete", away)
        retention.remove_what_is_old()
    photo.refresh_from_db()
    assert (photo.state, len(files_in("photos"))) == (PhotoState.EXPIRED, 1)
    assert tasks.delete_photo_files() == 1
    assert files_in("photos") == []


def test_parts_of_no_upload_are_deleted(phone, media):
    announced(phone, DATA)
    for name in ("not-an-upload", "0" * 32):
        path = media / "uploads" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    tasks.delete_photo_files()
    assert len(files_in("uploads")) == 2, "one that is new may be of an upload that begins"


def test_a_removed_sellers_photos_go(
    phone, client_for, published, django_capture_on_commit_callbacks
):
    seller = phone.user
    mine = uploaded(phone, DATA)
    shared = uploaded(phone, picture(seed=1))
    uploaded(client_for(SellerFactory()), picture(seed=1))
    path = announced(phone, picture(seed=2), kind="fridge")
    send(phone, path, picture(seed=2)[:100])
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.erase_seller(user_id=seller.pk) == 0
    assert ("stores.tasks.delete_photo_files", {}) in published
    assert files_in("uploads") == []
    assert tasks.delete_photo_files() == 2  # of one there was none
    assert [one.name for one in files_in("photos")] == [shared.file.rpartition("/")[2]]
    rows = Photo.objects.filter(seller=seller)
    assert set(rows.values_list("state", "kind", "file", "visit_id")) == {
        (PhotoState.EXPIRED, "", "", None)
    }
    assert not files.is_kept(mine.file)


def test_expiring_takes_as_many_rows_as_there_are(phone, monkeypatch):
    monkeypatch.setattr(photo_retention, "BATCH_ROWS", 2)
    for seed in range(5):
        change(uploaded(phone, picture(seed=seed)), expires_at=timezone.now())
    assert retention.remove_what_is_old()["photo_files"] == 5


# -- who looks -------------------------------------------------------------------------------------
def test_a_seller_looks_at_their_own_photo(phone):
    photo = uploaded(phone, DATA)
    answer = phone.get(f"/api/photos/{photo.pk}/file")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert b"".join(answer.streaming_content) == DATA
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert (answer["Content-Length"], looks(photo)) == (str(len(DATA)), [])


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_a_look_at_a_sellers_photo_is_in_the_journal(phone, client_for, role):
    photo, client = uploaded(phone, DATA), client_for(role)
    answer = client.get(f"/api/photos/{photo.pk}/file")
    assert b"".join(answer.streaming_content) == DATA
    assert looks(photo) == [client.user.pk]


def test_a_picture_that_is_not_there_is_not_found(phone, client_for, media):
    path = announced(phone, DATA)
    support = client_for(Role.SUPPORT)
    assert support.get(f"{path}/file").status_code == 404
    photo = uploaded(phone, DATA)
    (media / photo.file).unlink()
    assert support.get(f"/api/photos/{photo.pk}/file").status_code == 404
    assert looks(photo) == []


def test_support_looks_at_photos_in_the_admin(phone):
    photo = uploaded(phone, DATA)
    failed = announced(phone, b"text")
    send(phone, failed, b"text")
    support = signed_in(Role.SUPPORT)
    assert len(listed(support.get(f"{ADMIN}photo/"))) == 2
    address = f"{ADMIN}photo/{photo.pk}/picture"
    assert address in page(support.get(f"{ADMIN}photo/{photo.pk}/change/"))
    assert looks(photo) == []
    answer = support.get(address)
    assert b"".join(answer.streaming_content) == DATA
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"].startswith("no-store")
    assert looks(photo) == [support.user.pk]
    key = failed.rpartition("/")[2]
    text = page(support.get(f"{ADMIN}photo/{key}/change/"))
    assert "no JPEG, PNG or WebP" in text
    assert support.get(f"{ADMIN}photo/{key}/picture").status_code == 404


def test_nobody_else_looks_at_photos_in_the_admin(phone, client):
    photo = uploaded(phone, DATA)
    assert client.get(f"{ADMIN}photo/{photo.pk}/picture").status_code == 302
    seller = signed_in(Role.SELLER)
    assert seller.get(f"{ADMIN}photo/{photo.pk}/picture").status_code in {302, 403, 404}
    assert looks(photo) == []
