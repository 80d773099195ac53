"""Photos by tus 1.0: announced, sent in pieces over links that break, and whole at the end."""

import uuid

import pytest

from core.roles import Role
from stores.constants import PhotoState
from stores.models import Photo
from stores.tests.factories import SellerFactory
from stores.tests.helpers_photos import (
    PHOTOS,
    TUS,
    announce,
    announced,
    cut,
    digest,
    files_in,
    offset_of,
    padded,
    picture,
    send,
    uploaded,
)
from tests.asserts import problem_of

pytestmark = pytest.mark.django_db
DATA = padded(300_000)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def test_what_is_offered_is_said_to_anybody(api):
    for path in (PHOTOS, f"{PHOTOS}/{uuid.uuid4()}"):
        answer = api.options(path)
        assert answer.status_code == 204
        said = {name: answer[name] for name in answer.headers if name.startswith("Tus-")}
        assert said == {
            "Tus-Resumable": "1.0.0",
            "Tus-Version": "1.0.0",
            "Tus-Extension": "creation,creation-with-upload,checksum,expiration",
            "Tus-Max-Size": "8388608",
            "Tus-Checksum-Algorithm": "sha256,sha1",
        }


def test_a_photo_is_announced_sent_and_stored(phone, seller, media):
    data = picture()
    key = uuid.uuid4()
    answer = announce(phone, data, key=key, kind="fridge")
    assert (answer.status_code, answer["Location"]) == (201, f"{PHOTOS}/{key}")
    assert (answer["Upload-Offset"], answer["Tus-Resumable"]) == ("0", "1.0.0")
    assert answer["Upload-Expires"].endswith("GMT")
    answer = send(phone, answer["Location"], data)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, str(len(data)))
    assert "Upload-Expires" not in answer
    photo = Photo.objects.get()
    assert (photo.pk, photo.seller, photo.kind) == (key, seller, "fridge")
    assert (photo.state, photo.offset, photo.sha256) == ("stored", len(data), digest(data))
    sha = digest(data)
    assert photo.file == f"photos/{sha[:2]}/{sha[2:4]}/{sha}.jpg"
    assert (media / photo.file).read_bytes() == data
    assert files_in("uploads") == []


@pytest.mark.parametrize("is_reset", [False, True], ids=["ends", "reset"])
def test_each_of_three_pieces_is_cut_once_in_the_middle(phone, media, is_reset):
    """A20: what arrived stays, and no byte is stored twice."""
    path = announced(phone, DATA)
    accepted = 0
    for start in range(0, len(DATA), 100_000):
        piece = DATA[start : start + 100_000]
        cut(phone, path, piece, start, 50_000, is_reset=is_reset)
        assert offset_of(phone, path) == start + 50_000
        accepted += 50_000
        answer = send(phone, path, piece[50_000:], start + 50_000)
        assert answer.status_code == 204
        accepted += 50_000
    assert accepted == 300_000
    photo = Photo.objects.get()
    assert (photo.state, photo.offset) == (PhotoState.STORED, 300_000)
    stored = (media / photo.file).read_bytes()
    assert (len(stored), digest(stored)) == (300_000, digest(DATA))


def test_bytes_come_with_the_announcement(phone):
    answer = announce(phone, DATA, body=DATA[:1_000])
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "1000")
    answer = send(phone, answer["Location"], DATA[1_000:], 1_000)
    assert answer.status_code == 204
    whole = announce(phone, picture(), body=picture())
    assert (whole.status_code, Photo.objects.filter(state="stored").count()) == (201, 2)


def test_the_same_id_again_is_the_same_upload(phone):
    key = uuid.uuid4()
    path = announced(phone, DATA, key=key)
    send(phone, path, DATA[:1_000])
    again = announce(phone, DATA, key=key, body=DATA[:500])
    assert (again.status_code, again["Location"]) == (200, path)
    assert again["Upload-Offset"] == "1000"
    send(phone, path, DATA[1_000:], 1_000)
    again = announce(phone, DATA, key=key)
    assert (again.status_code, again["Upload-Offset"]) == (200, "300000")
    assert (Photo.objects.count(), len(files_in("photos"))) == (1, 1)


def test_the_same_photo_twice_is_one_file(phone, client_for):
    other = client_for(SellerFactory())
    photos = [uploaded(client, picture()) for client in (phone, phone, other)]
    assert len({photo.file for photo in photos}) == 1
    assert len(files_in("photos")) == 1


def test_bytes_that_begin_elsewhere_are_refused(phone):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    for offset in (0, 999, 1_001, 300_000):
        answer = send(phone, path, b"x", offset)
        assert problem_of(answer)["code"] == "upload_offset"
        assert (answer.status_code, answer["Upload-Offset"]) == (409, "1000")
    assert offset_of(phone, path) == 1_000


def test_no_bytes_change_nothing(phone):
    path = announced(phone, DATA)
    answer = send(phone, path, b"")
    assert (answer.status_code, answer["Upload-Offset"]) == (204, "0")


def test_more_bytes_than_announced_are_refused(phone):
    path = announced(phone, picture())
    answer = send(phone, path, picture() + b"x")
    assert (answer.status_code, problem_of(answer)["code"]) == (413, "photo_too_large")
    assert offset_of(phone, path) == 0


def test_another_sellers_upload_is_not_there(phone, client_for):
    path = announced(phone, DATA)
    other = client_for(SellerFactory())
    assert other.head(path, **TUS).status_code == 404
    assert other.get(path).status_code == 404
    assert send(other, path, DATA).status_code == 404
    assert other.get(f"{path}/file").status_code == 404
    taken = announce(other, DATA, key=path.rpartition("/")[2])
    assert (taken.status_code, problem_of(taken)["code"]) == (409, "photo_id_taken")
    assert offset_of(phone, path) == 0
    assert send(phone, path, DATA).status_code == 204


def test_bytes_that_another_seller_guesses_at_stay(phone, client_for):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    assert send(client_for(SellerFactory()), path, DATA[1_000:], 1_000).status_code == 404
    assert send(phone, path, DATA[1_000:], 1_000).status_code == 204


def test_where_a_photo_stands_is_told(phone, seller):
    path = announced(phone, DATA)
    send(phone, path, DATA[:1_000])
    answer = phone.get(path)
    photo = Photo.objects.get()
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("expires_at") > body.pop("created_at")
    assert body == {
        "id": str(photo.pk),
        "visit_id": None,
        "sha256": digest(DATA),
        "bytes": 300_000,
        "offset": 1_000,
        "type": "image/jpeg",
        "kind": "",
        "state": "receiving",
        "fault": "",
        "received_at": None,
    }
    head = phone.head(path, **TUS)
    assert (head["Upload-Length"], head["Cache-Control"]) == ("300000", "no-store")


@pytest.mark.parametrize("role", [Role.USER, Role.SUPPORT, Role.ADMIN])
def test_only_sellers_send_photos(client_for, role):
    client = client_for(role)
    assert announce(client, DATA).status_code == 403
    assert send(client, f"{PHOTOS}/{uuid.uuid4()}", DATA).status_code == 403
    assert Photo.objects.count() == 0


def test_an_upload_is_not_deleted_by_its_seller(phone):
    path = announced(phone, DATA)
    answer = phone.delete(path, **TUS)
    assert (answer.status_code, answer["Tus-Resumable"]) == (405, "1.0.0")
    assert offset_of(phone, path) == 0
