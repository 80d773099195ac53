"""Photos and their visits, whichever comes first (A21, A22)."""

import uuid

import pytest

from stores.models import Photo, Visit, VisitRevision
from stores.services.corrections import apply_revision
from stores.tests.factories import AssignmentFactory, SellerFactory
from stores.tests.helpers_photos import (
    announce,
    announced,
    declared,
    digest,
    offset_of,
    picture,
    send,
    uploaded,
)
from stores.tests.helpers_push import push, pushed, visit
from stores.tests.helpers_sync import pull_all

pytestmark = pytest.mark.django_db
DATA, OTHER = picture(), picture(seed=1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def key():
    return uuid.uuid4()


def left(client) -> list[int]:
    """Return what the phone's visits say of photos to come, after a pull."""
    return [document["photos_missing"] for document in pull_all(client, "visits")[0]]


def test_a_visit_counts_down_while_its_photos_come(phone, store):
    keys = [uuid.uuid4(), uuid.uuid4()]
    photos = [declared(keys[0], DATA), declared(keys[1], OTHER)]
    (master,) = pushed(phone, visit(store, photos=photos))
    assert master["photos_missing"] == 2
    before = Visit.objects.get().seq
    first = uploaded(phone, DATA, key=keys[0])
    assert (str(first.visit_id), first.expires_at, left(phone)) == (master["id"], None, [1])
    uploaded(phone, OTHER, key=keys[1], visit=master["id"])
    (document,), _checkpoint = pull_all(phone, "visits")[:2]
    assert document == {**master, "photos_missing": 0}
    assert Visit.objects.get().seq == before + 2


def test_a22_the_photo_comes_first_and_the_visit_later(phone, store, key):
    photo = uploaded(phone, DATA, key=key)
    assert (photo.visit_id, photo.expires_at is None) == (None, False)
    (master,) = pushed(phone, visit(store, photos=[declared(key, DATA)]))
    photo.refresh_from_db()
    assert (str(photo.visit_id), photo.expires_at) == (master["id"], None)
    assert (master["photos_missing"], left(phone)) == (0, [0])


def test_a_photo_in_part_counts_when_it_is_whole(phone, store, key):
    path = announced(phone, DATA, key=key)
    send(phone, path, DATA[:100])
    (master,) = pushed(phone, visit(store, photos=[declared(key, DATA)]))
    assert master["photos_missing"] == 1
    send(phone, path, DATA[100:], 100)
    assert left(phone) == [0]


def test_a21_a_wrong_hash_is_refused_and_the_photo_still_missing(phone, store, key):
    pushed(phone, visit(store, photos=[declared(key, DATA)]))
    path = announced(phone, OTHER, key=key, sha256=digest(DATA))
    assert send(phone, path, OTHER).status_code == 460
    assert (offset_of(phone, path), left(phone)) == (0, [1])


def test_another_photo_than_the_visit_declares_does_not_count(phone, store, key):
    """A21, as the visit sees it: and the right one takes its place."""
    pushed(phone, visit(store, photos=[declared(key, DATA)]))
    photo = uploaded(phone, OTHER, key=key)
    assert (photo.visit_id, photo.expires_at is None, left(phone)) == (None, False, [1])
    right = uploaded(phone, DATA, key=key)
    assert (right.sha256, right.expires_at, left(phone)) == (digest(DATA), None, [0])
    assert Photo.objects.filter(state="expired").exclude(file="").count() == 1


def test_a_photo_of_a_visit_is_not_replaced(phone, store, key):
    pushed(phone, visit(store, photos=[declared(key, DATA)]))
    uploaded(phone, DATA, key=key)
    answer = announce(phone, OTHER, key=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "photo_differs")
    assert left(phone) == [0]


def test_a_photo_that_two_visits_declare_counts_for_both(phone, store, key):
    masters = [pushed(phone, visit(store, photos=[declared(key, DATA)]))[0] for _number in range(2)]
    uploaded(phone, DATA, key=key)
    assert left(phone) == [0, 0]
    assert str(Photo.objects.get().visit_id) in {master["id"] for master in masters}
    (third,) = pushed(phone, visit(store, photos=[declared(key, DATA)]))
    assert third["photos_missing"] == 0


def test_a_photo_that_a_visit_declares_twice_is_one(phone, store, key):
    photos = [declared(key, DATA), declared(str(key).upper(), DATA)]
    (master,) = pushed(phone, visit(store, photos=photos))
    uploaded(phone, DATA, key=key)
    assert (master["photos_missing"], left(phone)) == (2, [0])


def test_a_visit_that_is_named_takes_a_photo_that_it_does_not_declare(phone, store):
    (master,) = pushed(phone, visit(store))
    late = uploaded(phone, DATA, visit=master["id"])
    assert (str(late.visit_id), late.expires_at, left(phone)) == (master["id"], None, [0])
    sent = visit(store)
    early = uploaded(phone, OTHER, visit=sent["id"])
    assert early.expires_at is not None
    pushed(phone, sent)
    early.refresh_from_db()
    assert (str(early.visit_id), early.expires_at) == (sent["id"], None)


def test_photos_and_visits_of_two_sellers_never_meet(phone, store, client_for, key):
    other = SellerFactory()
    theirs = client_for(other)
    place = AssignmentFactory(seller=other).establishment
    mine = uploaded(phone, DATA, key=key)
    (master,) = pushed(theirs, visit(place, photos=[declared(key, DATA)]))
    assert master["photos_missing"] == 1
    named = uploaded(phone, OTHER, visit=master["id"])
    mine.refresh_from_db()
    assert (mine.visit_id, mine.expires_at is None) == (None, False)
    assert named.expires_at is not None
    assert left(theirs) == [1]


def test_a_photo_without_a_usable_id_is_never_here(phone, store, key):
    bare = {"sha256": digest(DATA)}
    (master,) = pushed(phone, visit(store, photos=[bare, {**bare, "id": 7}]))
    uploaded(phone, DATA, key=key)
    assert (master["photos_missing"], left(phone)) == (2, [2])


def test_a_push_again_changes_nothing_about_photos(phone, store, key):
    sent = visit(store, photos=[declared(key, DATA)])
    pushed(phone, sent)
    uploaded(phone, DATA, key=key)
    before = Visit.objects.get().seq
    (again,) = push(phone, sent).json()
    assert (again["photos_missing"], Visit.objects.get().seq) == (0, before)


def test_a_revision_that_is_applied_counts_anew(phone, store, key):
    sent = visit(store)
    pushed(phone, sent)
    uploaded(phone, DATA, key=key)
    pushed(phone, {**sent, "photos": [declared(key, DATA), declared(uuid.uuid4(), OTHER)]})
    assert VisitRevision.objects.count() == 1
    made = apply_revision(visit=Visit.objects.get(), number=1)
    assert made.photos_missing == 1
    assert Photo.objects.get().visit_id == made.pk


def test_the_head_says_how_much_of_a_photo_to_send_at_once(phone):
    assert phone.get("/api/sync").json()["upload_chunk"] == 131_072
