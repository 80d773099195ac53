"""What the database refuses of photos."""

import pytest
from django.utils import timezone

from stores.constants import PhotoFault, PhotoState
from stores.tests.factories import PhotoFactory
from stores.tests.helpers_constraints import change, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("odd", [{"offset": 1_001}, {"bytes": 0, "offset": 0}])
def test_no_more_bytes_arrive_than_the_photo_has_and_it_has_some(odd):
    refused("stores_photo_offset", change, PhotoFactory(), **odd)


def test_a_photos_type_is_known():
    refused("stores_photo_type_known", change, PhotoFactory(), type="text/plain")


@pytest.mark.parametrize(
    "odd",
    [
        {"state": "gone"},
        {"offset": 999},
        {"file": ""},
        {"received_at": None},
        {"fault": PhotoFault.BROKEN},
        {"state": PhotoState.RECEIVING, "file": "", "received_at": None},
        {"state": PhotoState.FAILED, "file": "", "expires_at": None},
        {"state": PhotoState.FAILED, "fault": PhotoFault.BROKEN, "expires_at": None},
        {"state": PhotoState.EXPIRED, "expires_at": None, "fault": PhotoFault.BROKEN},
        {"state": PhotoState.EXPIRED, "file": ""},
    ],
    ids=[
        "unknown",
        "stored in part",
        "stored without a file",
        "stored, but never received",
        "stored and unusable",
        "all arrived, but not stored",
        "unusable without a reason",
        "unusable with a file",
        "expired and unusable",
        "expired, and expires",
    ],
)
def test_a_photos_state_says_what_is_there(odd):
    refused("stores_photo_state_known", change, PhotoFactory(), **odd)


def test_each_state_of_a_photo_can_be():
    photo = PhotoFactory()
    change(photo, expires_at=None)
    change(photo, state=PhotoState.FAILED, fault=PhotoFault.BROKEN, file="")
    change(photo, state=PhotoState.EXPIRED, fault="")
    change(photo, file="photos/ab/cd/abcd.jpg")
    receiving = {"state": PhotoState.RECEIVING, "received_at": None, "offset": 999, "file": ""}
    change(photo, **receiving, expires_at=timezone.now())
    photo.refresh_from_db()
    assert (photo.state, photo.offset) == (PhotoState.RECEIVING, 999)
