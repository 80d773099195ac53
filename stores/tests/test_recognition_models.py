"""What the database refuses of looks at photos, and what it does with those of one that goes."""

import pytest

from stores.models import Recognition
from stores.tests.factories_recognition import RecognitionFactory
from stores.tests.helpers_constraints import change, copy, refused

pytestmark = pytest.mark.django_db


def test_an_adapter_looks_at_a_photo_in_one_row():
    look = RecognitionFactory()
    refused("stores_recognition_unique", copy, look)
    copy(look, adapter="http")


def test_an_adapter_is_known():
    refused("stores_recognition_adapter_known", change, RecognitionFactory(), adapter="manual")


@pytest.mark.parametrize("odd", [{"status": "pending"}, {"status": "lost"}, {"done_at": None}])
def test_only_what_is_done_has_a_time(odd):
    refused("stores_recognition_status_known", change, RecognitionFactory(), **odd)


def test_looks_go_with_their_photo():
    look = RecognitionFactory()
    RecognitionFactory()
    look.photo.delete()
    assert not Recognition.objects.filter(pk=look.pk).exists()
    assert Recognition.objects.count() == 1
