"""What the database refuses of products, places, establishments, visits and clocks."""

import uuid
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone

from stores import clock
from stores.constants import State
from stores.models import Clock, DirtyDay, RejectedUpload, VisitRevision
from stores.tests.factories import (
    CityFactory,
    EstablishmentFactory,
    ProductFactory,
    SellerFactory,
    VisitFactory,
)
from stores.tests.helpers_constraints import change, copy, refused

pytestmark = pytest.mark.django_db
GTIN = "9520010000018"


def test_one_product_of_a_sku_whatever_its_case():
    product = ProductFactory(sku="LEC-1")
    refused("stores_product_sku_unique", copy, product, sku="lec-1")


def test_one_product_of_a_gtin_whatever_its_zeros_and_any_number_without():
    product = ProductFactory(gtin=GTIN)
    refused("stores_product_gtin_unique", copy, product, sku="other", gtin=f"0{GTIN}")
    ProductFactory(gtin="")
    ProductFactory(gtin="")


@pytest.mark.parametrize("empty", [{"sku_key": ""}, {"name": ""}])
def test_a_product_has_a_sku_and_a_name(empty):
    refused("stores_product_named", change, ProductFactory(), **empty)


@pytest.mark.parametrize(
    "odd",
    [
        {"state": "gone"},
        {"state": State.INACTIVE},
        {"inactive_on": timezone.localdate()},
    ],
    ids=["unknown", "inactive since never", "active since"],
)
def test_a_products_state_is_known_and_says_since_when_it_is_inactive(odd):
    refused("stores_product_state_known", change, ProductFactory(), **odd)


@pytest.mark.parametrize("odd", [{"lat": 91}, {"lat": -91}, {"lon": 181}, {"lon": -181}])
def test_a_city_is_on_earth(odd):
    refused("stores_city_on_earth", change, CityFactory(), **odd)


def test_one_establishment_of_a_code_whatever_its_case():
    establishment = EstablishmentFactory(code="EST-1")
    refused("stores_establishment_code_unique", copy, establishment, code="est-1")


@pytest.mark.parametrize("empty", [{"code_key": ""}, {"name": ""}, {"address": ""}])
def test_an_establishment_has_a_code_a_name_and_an_address(empty):
    refused("stores_establishment_named", change, EstablishmentFactory(), **empty)


def test_an_establishments_state_is_known():
    refused("stores_establishment_state_known", change, EstablishmentFactory(), state="gone")


@pytest.mark.parametrize("odd", [{"lat": 91}, {"lon": -181}, {"lat": None}, {"lon": None}])
def test_an_establishment_is_on_earth_or_has_no_position(odd):
    establishment = EstablishmentFactory()
    refused("stores_establishment_on_earth", change, establishment, **odd)
    change(establishment, lat=None, lon=None)


@pytest.mark.parametrize("metres", [0, 20_001])
def test_an_establishments_radius_has_bounds(metres):
    refused("stores_establishment_radius", change, EstablishmentFactory(), geofence_m=metres)


def test_a_visits_state_is_known():
    refused("stores_visit_state_known", change, VisitFactory(), state="rejected")


@pytest.mark.parametrize(
    "odd",
    [
        {"must_have": 2, "present": 3, "compliance": 1},
        {"must_have": 2, "present": 1, "compliance": None},
        {"must_have": None, "present": None, "compliance": 1},
        {"must_have": 0, "present": 0, "compliance": 0},
    ],
    ids=["more than all", "no ratio", "a ratio of nothing", "nought of nought"],
)
def test_a_visits_compliance_is_that_of_its_numbers(odd):
    refused("stores_visit_compliance", change, VisitFactory(), **odd)


def revision(**values):
    fields = {"visit_id": uuid.uuid4(), "number": 1, "digest": "a" * 64, "doc": "{}"}
    return VisitRevision.objects.create(received_at=timezone.now(), **{**fields, **values})


def test_a_visit_has_one_revision_of_a_content_and_of_a_number():
    first = revision()
    refused("stores_revision_digest_unique", copy, first, number=2)
    refused("stores_revision_number_unique", copy, first, digest="b" * 64)


def test_a_seller_has_one_rejected_upload_of_a_content():
    upload = RejectedUpload.objects.create(
        seller=SellerFactory(), digest="a" * 64, raw="{}", received_at=timezone.now()
    )
    refused("stores_rejected_digest_unique", copy, upload, visit_id=uuid.uuid4())
    copy(upload, seller_id=SellerFactory().pk)


def test_a_day_of_a_seller_is_marked_once():
    now = timezone.now()
    mark = DirtyDay.objects.create(seller=SellerFactory(), day=now.date(), marked_at=now)
    refused("stores_dirty_day_unique", copy, mark)


@pytest.mark.parametrize(
    ("key", "epoch"),
    [(clock.CATALOGUE, None), (clock.seller_key(1), uuid.uuid4()), ("other", None)],
    ids=["catalogue without", "seller with", "neither"],
)
def test_the_catalogues_clock_has_an_epoch_and_a_sellers_none(key, epoch):
    refused("stores_clock_epoch", Clock.objects.create, key=key, epoch=epoch)


def test_every_constraint_has_its_test():
    folder = Path(__file__).parent
    texts = "".join(path.read_text() for path in folder.glob("test_*models.py"))
    names = [
        constraint.name
        for model in apps.get_app_config("stores").get_models()
        for constraint in model._meta.constraints
    ]
    assert [name for name in names if f'"{name}"' not in texts] == []
