"""Photos while several things happen at once: no byte twice, no visit missed, no file lost."""

import io
import uuid

import pytest

from core.tests.helpers_threads import together
from stores.models import Photo, Visit
from stores.photos import files
from stores.photos.errors import UploadOffset
from stores.photos.headers import Announcement
from stores.services import photo_retention, uploads, visits
from stores.sync import batch
from stores.tests.factories import AssignmentFactory, SellerFactory
from stores.tests.helpers_photos import declared, digest, padded, picture
from stores.tests.helpers_push import as_text, visit

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
DATA = padded(300_000)
ROUNDS = 5


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def said(data: bytes, key: uuid.UUID | None = None) -> Announcement:
    return Announcement(key or uuid.uuid4(), None, digest(data), len(data), "image/jpeg", "shelf")


def announced(seller, data: bytes, key: uuid.UUID | None = None) -> Photo:
    return uploads.announce(seller_id=seller.pk, said=said(data, key))[0]


def append(photo: Photo, data: bytes, offset: int = 0) -> Photo:
    read = uploads.own_photo(photo_id=photo.pk, seller_id=photo.seller_id)
    return uploads.append(photo=read, offset=offset, body=io.BytesIO(data))


def test_an_upload_that_is_announced_at_once_begins_once():
    seller, one = SellerFactory(), said(DATA)
    found = together(8, lambda _number: uploads.announce(seller_id=seller.pk, said=one))
    assert [is_new for _photo, is_new in found].count(True) == 1
    assert Photo.objects.count() == 1


def test_the_same_bytes_at_once_are_taken_once(media):
    seller = SellerFactory()
    for place in range(0, len(DATA), 100_000):
        photo = Photo.objects.first() or announced(seller, DATA)
        piece = DATA[place : place + 100_000]
        found = together(8, lambda _number, to=photo, what=piece, at=place: append(to, what, at))
        taken = [one for one in found if isinstance(one, Photo)]
        refused = [one.extra["offset"] for one in found if isinstance(one, UploadOffset)]
        assert (len(taken), len(refused)) == (1, 7), found
        assert set(refused) == {place + 100_000}
    stored = Photo.objects.get()
    assert (media / stored.file).read_bytes() == DATA


def test_a_photo_and_its_visit_find_each_other_whoever_is_first():
    assignment = AssignmentFactory()
    seller, store = assignment.seller, assignment.establishment
    for seed in range(ROUNDS):
        data, key = picture(seed=seed), uuid.uuid4()
        photo = announced(seller, data, key)
        sent = visit(store, photos=[declared(key, data)])
        documents = batch.read(as_text(sent).encode())

        def act(number, to=photo, what=data, rows=documents):
            if number:
                return append(to, what)
            return visits.receive(seller_id=seller.pk, documents=rows)

        found = together(2, act)
        assert not [one for one in found if isinstance(one, Exception)], found
        photo.refresh_from_db()
        assert (str(photo.visit_id), photo.expires_at) == (sent["id"], None)
        assert Visit.objects.get(pk=sent["id"]).photos_missing == 0


def test_photos_of_one_visit_that_end_at_once_are_all_counted():
    assignment = AssignmentFactory()
    seller, store = assignment.seller, assignment.establishment
    pictures = {uuid.uuid4(): picture(seed=seed) for seed in range(6)}
    sent = visit(store, photos=[declared(key, data) for key, data in pictures.items()])
    visits.receive(seller_id=seller.pk, documents=batch.read(as_text(sent).encode()))
    photos = [announced(seller, data, key) for key, data in pictures.items()]
    found = together(6, lambda number: append(photos[number], pictures[photos[number].pk]))
    assert not [one for one in found if isinstance(one, Exception)], found
    assert Visit.objects.get().photos_missing == 0


def test_a_file_that_somebody_needs_is_there_whoever_else_lets_go_of_it():
    data = picture()
    for _round in range(ROUNDS):
        old, new = announced(SellerFactory(), data), announced(SellerFactory(), data)
        append(old, data)
        Photo.objects.filter(pk=old.pk).update(state="expired", expires_at=None)

        def act(number, to=new):
            return append(to, data) if number else photo_retention.delete_files()

        found = together(2, act)
        assert not [one for one in found if isinstance(one, Exception)], found
        stored = Photo.objects.get(pk=new.pk)
        assert (stored.state, files.is_kept(stored.file)) == ("stored", True)
        Photo.objects.all().delete()
