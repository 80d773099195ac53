"""What may be on a photo, for those who decide: the route, and the order of suggestions."""

import pytest

from core.roles import Role
from stores.constants import State
from stores.recognition.port import Box
from stores.recognition.suggestions import Sight, box_from, suggestions_for
from stores.tests.factories import PhotoFactory, ProductFactory
from stores.tests.factories_recognition import RecognitionFactory

pytestmark = pytest.mark.django_db


def found(product, box=None, confidence=None, value="x", kind="label"):
    key = product and product.pk
    return {"product": key, "kind": kind, "value": value, "box": box, "confidence": confidence}


def test_support_reads_what_was_found(client_for):
    product = ProductFactory()
    one = found(product, [0.1, 0.2, 0.3, 0.4], 0.75, "kumis")
    look = RecognitionFactory(found=[one], adapter="http")
    RecognitionFactory(found=[one])
    answer = client_for(Role.SUPPORT).get(f"/api/photos/{look.photo_id}/suggestions")
    assert answer.status_code == 200
    [result] = answer.json()["results"]
    assert {**result, "asked_at": None, "done_at": None} == {
        "adapter": "http",
        "status": "done",
        "found": [one],
        "problem": "",
        "asked_at": None,
        "done_at": None,
    }


def test_a_photo_that_nobody_looked_at_has_an_empty_list(client_for):
    answer = client_for(Role.SUPPORT).get(f"/api/photos/{PhotoFactory().pk}/suggestions")
    assert answer.json()["results"] == []


@pytest.mark.parametrize("key", ["0192d3a0-7c1e-7b44-9d52-3f8a1c2b4d5e", "1", "x"])
def test_a_photo_that_is_not_there_has_none(client_for, key):
    assert client_for(Role.SUPPORT).get(f"/api/photos/{key}/suggestions").status_code == 404


@pytest.mark.parametrize(("role", "status"), [("SELLER", 403), ("USER", 403), ("ADMIN", 200)])
def test_only_support_sees_suggestions(client_for, role, status):
    look = RecognitionFactory()
    answer = client_for(role).get(f"/api/photos/{look.photo_id}/suggestions")
    assert answer.status_code == status


def test_the_likeliest_product_is_first_and_what_lies_elsewhere_is_something_else():
    kumis, yogurt, far = ProductFactory.create_batch(3)
    here, there = [0.1, 0.1, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2]
    photo = PhotoFactory()
    RecognitionFactory(
        photo=photo,
        found=[
            found(kumis, here, 0.4),
            found(yogurt, [0.25, 0.25, 0.1, 0.1], 0.9, "yogur"),
            found(far, there, 0.99),
            found(None, here, 0.99),
        ],
    )
    RecognitionFactory(photo=photo, adapter="http", found=[found(kumis, here, 0.6)])
    sight = Sight(photo.pk, Box(0.1, 0.1, 0.2, 0.2))
    seen = suggestions_for([sight])
    assert [(one.product, one.confidence) for one in seen] == [(kumis, 0.6), (yogurt, 0.9)]
    assert seen[1][1:] == ("barcode", "yogur", 0.9)
    assert [one.product for one in suggestions_for([Sight(photo.pk, None)])] == [
        kumis,
        far,
        yogurt,
    ]


def test_a_code_is_sure_and_what_is_not_in_use_or_not_looked_at_yet_is_not_suggested():
    code, guess = ProductFactory.create_batch(2)
    gone = ProductFactory(state=State.INACTIVE, inactive_on="2026-01-01")
    photo = PhotoFactory()
    RecognitionFactory(photo=photo, found=[found(gone), found(guess, None, 0.9), found(code)])
    RecognitionFactory(photo=photo, adapter="http", waiting=True, found=[found(guess)])
    assert [one.product for one in suggestions_for([Sight(photo.pk, None)])] == [code, guess]
    assert suggestions_for([]) == []


def test_suggestions_take_two_queries(django_assert_num_queries):
    looks = [RecognitionFactory(found=[found(ProductFactory())]) for _ in range(20)]
    with django_assert_num_queries(2):
        assert len(suggestions_for([Sight(look.photo_id, None) for look in looks])) == 20


@pytest.mark.parametrize(
    ("stored", "box"),
    [
        ([0.1, 0.2, 0.3, 0.4], (0.1, 0.2, 0.3, 0.4)),
        ([0, 0, 1, 1], (0, 0, 1, 1)),
        ([0.5, 0.5, 2, 2], (0.5, 0.5, 0.5, 0.5)),
        ([-1, -1, 1.5, 1.5], (0, 0, 0.5, 0.5)),
    ],
)
def test_a_box_of_a_phone_is_cut_to_the_picture(stored, box):
    assert box_from(stored) == pytest.approx(box)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        [0, 0, 1],
        [0, 0, 0, 0],
        [2, 2, 1, 1],
        [0, 0, -1, 1],
        ["0", 0, 1, 1],
        [True, 0, 1, 1],
        [0, 0, float("nan"), 1],
        [float("inf"), 0, 1, 1],
        [0, 0, 1, 1, 1],
    ],
)
def test_what_is_no_box_is_none(stored):
    assert box_from(stored) is None
