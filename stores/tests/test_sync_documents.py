"""Documents of schema 1, exactly: a field more would be another schema."""

import datetime as dt
import uuid
from decimal import Decimal

import orjson
import pytest
from django.db import transaction
from django.utils import timezone

from stores import clock
from stores.constants import VersionState
from stores.sync.documents import visit_document
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_sync import get_page, pull_all

pytestmark = pytest.mark.django_db


def epoch() -> str:
    return str(clock.reading().epoch)


def test_a_product(phone):
    product = ProductFactory(
        sku="LEC-UHT-1L",
        name="Leche entera UHT 1 L",
        gtin="9520010000018",
        brand="Alba",
        category="leche",
        is_competitor=True,
    )
    assert get_page(phone, "products").json() == {
        "documents": [
            {
                "id": str(product.pk),
                "sku": "LEC-UHT-1L",
                "gtin": "9520010000018",
                "name": "Leche entera UHT 1 L",
                "brand": "Alba",
                "category": "leche",
                "is_competitor": True,
                "_deleted": False,
            }
        ],
        "checkpoint": {"epoch": epoch(), "seq": product.seq},
    }


def test_a_product_without_gtin_says_null(phone):
    ProductFactory(gtin="")
    assert get_page(phone, "products").json()["documents"][0]["gtin"] is None


def test_an_inactive_product_is_a_tombstone(phone):
    product = ProductFactory(inactive=True)
    documents = get_page(phone, "products").json()["documents"]
    assert documents == [{"id": str(product.pk), "_deleted": True}]


def test_a_published_version_of_a_portfolio(phone):
    products = [ProductFactory(), ProductFactory()]
    version = VersionFactory(
        products=products, number=3, valid_from="2026-11-01", valid_until="2026-12-31"
    )
    assert get_page(phone, "portfolios").json()["documents"] == [
        {
            "id": str(version.pk),
            "portfolio_id": str(version.portfolio_id),
            "typology": "minimarket",
            "region": "antioquia-eje",
            "version": 3,
            "valid_from": "2026-11-01",
            "valid_until": "2026-12-31",
            "product_ids": [product.pk for product in products],
            "_deleted": False,
        }
    ]


def test_a_retired_version_is_a_tombstone_and_a_draft_is_nothing(phone):
    draft = VersionFactory(draft=True)
    assert get_page(phone, "portfolios").json()["documents"] == []
    assert phone.get("/api/sync").json()["heads"]["portfolios"] == 0
    version = VersionFactory(state=VersionState.RETIRED)
    answer = get_page(phone, "portfolios")
    assert answer.json()["documents"] == [{"id": str(version.pk), "_deleted": True}]
    assert answer.json()["checkpoint"]["seq"] == version.seq > draft.seq


def test_a_discarded_draft_leaves_no_trace(phone):
    draft = VersionFactory(draft=True)
    draft.delete()
    assert get_page(phone, "portfolios").json()["documents"] == []


def test_an_establishment(phone, seller):
    portfolio = PortfolioFactory()
    store = EstablishmentFactory(
        code="EST-000881",
        name="Minimercado La 33",
        address="Calle 33 # 65-10",
        portfolio=portfolio,
        lat=6.24,
        lon=-75.58,
        geofence_m=200,
    )
    assignment = AssignmentFactory(
        seller=seller, establishment=store, valid_from="2026-11-01", valid_until="2027-01-31"
    )
    assert get_page(phone, "establishments").json() == {
        "documents": [
            {
                "id": str(store.pk),
                "code": "EST-000881",
                "name": "Minimercado La 33",
                "address": "Calle 33 # 65-10",
                "city": {"code": "05001", "name": "Medellín"},
                "region": "antioquia-eje",
                "typology": "minimarket",
                "portfolio_id": str(portfolio.pk),
                "location": {"lat": 6.24, "lon": -75.58},
                "geofence_m": 200,
                "assigned_from": "2026-11-01",
                "assigned_until": "2027-01-31",
                "_deleted": False,
            }
        ],
        "checkpoint": {"epoch": epoch(), "seq": assignment.seq},
    }


def test_an_establishment_with_the_fewest_fields_says_null(phone, seller):
    store = EstablishmentFactory(lat=None, lon=None)
    AssignmentFactory(seller=seller, establishment=store)
    document = get_page(phone, "establishments").json()["documents"][0]
    assert document["location"] is None
    assert document["portfolio_id"] is None
    assert document["assigned_until"] is None


def test_an_establishment_on_the_equator_has_a_location(phone, seller):
    AssignmentFactory(seller=seller, establishment=EstablishmentFactory(lat=0.0, lon=0.0))
    document = get_page(phone, "establishments").json()["documents"][0]
    assert document["location"] == {"lat": 0.0, "lon": 0.0}


DOC = '{"id":"%s", "captured_at":"2026-11-27T08:14:05.120-05:00","seen":[15,12],"note":"ñ é }"}'


def test_a_visit_is_what_the_phone_sent_to_the_byte_and_what_was_made_of_it(phone, seller):
    version = VersionFactory(number=4)
    key = uuid.uuid4()
    visit = VisitFactory(
        id=key,
        seller=seller,
        portfolio_version=version,
        doc=DOC % key,
        state="flagged",
        flags=["far"],
        received_at=dt.datetime(2026, 11, 27, 13, 30, tzinfo=dt.UTC),
        occurred_at=dt.datetime(2026, 11, 27, 13, 14, 5, 120000, tzinfo=dt.UTC),
        day=dt.date(2026, 11, 27),
        must_have=3,
        present=2,
        compliance=Decimal(2) / 3,
        missing=[7],
        photos_missing=1,
    )
    answer = get_page(phone, "visits")
    wanted = (DOC % key).encode()[:-1] + (
        b',"state":"flagged","flags":["far"],"received_at":"2026-11-27T13:30:00Z",'
        b'"occurred_at":"2026-11-27T13:14:05.120000Z","day":"2026-11-27","portfolio_version":4,'
        b'"must_have":3,"present":2,"compliance":"0.6667","missing":[7],"photos_missing":1,'
        b'"_deleted":false}'
    )
    assert answer.content == b'{"documents":[%s],"checkpoint":{"epoch":"%s","seq":1}}' % (
        wanted,
        epoch().encode(),
    )
    assert visit_document(visit, 4) == wanted, "a push answers the same"


def test_a_visit_without_a_list_in_force_and_a_void_one(phone, seller):
    VisitFactory(seller=seller, state="void", establishment=None)
    document = get_page(phone, "visits").json()["documents"][0]
    assert document["state"] == "void"
    assert document["_deleted"] is False
    unknown = ("portfolio_version", "must_have", "present", "compliance")
    assert [document[name] for name in unknown] == [None] * 4
    assert document["missing"] == []


def test_a_document_says_the_same_whatever_zone_a_time_is_held_in(seller):
    visit = VisitFactory(seller=seller)
    before = visit_document(visit, None)
    visit.received_at = timezone.localtime(visit.received_at)
    assert visit_document(visit, None) == before
    assert orjson.loads(before)["received_at"].endswith("Z")


def test_the_first_pull_of_visits_begins_with_recent_ones(phone, seller):
    now = timezone.now()
    old = [
        VisitFactory(seller=seller, received_at=now - dt.timedelta(days=days))
        for days in (60, 40, 31)
    ]
    recent = [
        VisitFactory(seller=seller, received_at=now - dt.timedelta(days=days)) for days in (29, 1)
    ]
    VisitFactory(received_at=now)  # somebody else's
    with transaction.atomic():
        clock.stamp(old[1], key=clock.seller_key(seller.pk))  # corrected: it is news
    documents, checkpoint = pull_all(phone, "visits", limit=1)
    expected = [str(visit.pk) for visit in [*recent, old[1]]]
    assert [document["id"] for document in documents] == expected
    assert checkpoint["seq"] == old[1].seq
    everything, _ = pull_all(phone, "visits", {"epoch": epoch(), "seq": 1})
    assert [document["id"] for document in everything] == [str(old[2].pk), *expected]


def test_only_old_visits_are_an_empty_first_page(phone, seller):
    VisitFactory(seller=seller, received_at=timezone.now() - dt.timedelta(days=31))
    answer = get_page(phone, "visits")
    assert answer.json() == {"documents": [], "checkpoint": {"epoch": epoch(), "seq": 0}}
