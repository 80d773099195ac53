"""What the page of an unrecognised product shows: photos, the place on them, and suggestions."""

import re

import pytest

from core.roles import Role
from stores.models import ProductAlias, Unrecognised, UnrecognisedGroup
from stores.tests.factories import PhotoFactory, ProductFactory, VisitFactory
from stores.tests.factories_cases import GroupFactory, ItemFactory
from stores.tests.factories_recognition import RecognitionFactory
from stores.tests.helpers_admin import page, signed_in
from stores.tests.helpers_cases import GTIN
from stores.tests.test_admin_recognising import recognise_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def support():
    return signed_in(Role.SUPPORT)


@pytest.fixture
def listed():
    return ProductFactory(name="Yogur griego")


@pytest.fixture
def group():
    return ItemFactory().group


def stored():
    """Return what a look must leave as it was."""
    return [
        list(UnrecognisedGroup.objects.values()),
        list(Unrecognised.objects.values()),
        ProductAlias.objects.count(),
    ]


def test_a_suggestion_is_chosen_and_never_sent_by_itself(support, group, listed):
    item = Unrecognised.objects.filter(group=group).first()
    photo = PhotoFactory(seller=item.seller, visit_id=item.visit_id, expires_at=None)
    item.photo_id, item.box = photo.pk, [0.1, 0.2, 0.3, 0.4]
    item.save()
    one = {"product": listed.pk, "kind": "gtin", "value": GTIN, "confidence": None}
    RecognitionFactory(photo=photo, found=[{**one, "box": [0.1, 0.2, 0.1, 0.1]}])
    before = stored()
    shown = support.get(recognise_page(group))
    text = page(shown)
    form = shown.context["form"]
    assert form.initial["resolution"] == "alias_of"
    assert f'<option value="{listed.pk}" selected>' in text
    assert f"Suggestion of the barcode reader: {listed} ({GTIN})." in text
    assert f'src="/admin/stores/photo/{photo.pk}/picture"' in text
    assert 'x="0.1000" y="0.2000" width="0.3000" height="0.4000"' in text
    assert "previewed" not in shown.context
    assert stored() == before


def test_a_box_is_drawn_with_points_in_every_language(support, group):
    item = Unrecognised.objects.filter(group=group).first()
    item.photo_id = PhotoFactory(seller=item.seller).pk
    item.box = [0.25, 0.5, 0.125, 0.25]
    item.save()
    text = page(support.get(recognise_page(group), headers={"Accept-Language": "es"}))
    assert 'x="0.2500" y="0.5000" width="0.1250" height="0.2500"' in text


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_the_page_costs_the_same_for_many_items(support, django_assert_max_num_queries, rows):
    group = GroupFactory()
    for _ in range(rows):
        visit = VisitFactory()
        photo = PhotoFactory(seller=visit.seller, visit_id=visit.pk, expires_at=None)
        ItemFactory(visit=visit, group=group, photo_id=photo.pk)
        product = {"product": ProductFactory().pk, "kind": "label", "value": "x"}
        RecognitionFactory(photo=photo, found=[{**product, "box": None, "confidence": 0.5}])
    with django_assert_max_num_queries(16):
        text = page(support.get(recognise_page(group)))
    assert len(re.findall(r"<figure>", text)) == min(rows, 3)
    assert text.count("Suggestion of the") == min(rows, 3)
