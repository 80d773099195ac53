"""Pages: full unless the end is reached, resumed where they stopped, with the exact documents."""

import datetime as dt
import uuid
from decimal import Decimal

import orjson
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.roles import Role
from stores import clock, constants
from stores.constants import State, VersionState
from stores.models import Product
from stores.sync.documents import visit_document
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_sync import get_page, pull_all
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
COLLECTIONS = ("products", "portfolios", "establishments", "visits", "cases")
SYNC_ROUTES = ["/api/sync", *[f"/api/sync/{name}" for name in COLLECTIONS]]


@pytest.fixture
def seller():
    return SellerFactory()


@pytest.fixture
def phone(client_for, seller):
    return client_for(seller)


def epoch() -> str:
    return str(clock.reading().epoch)


def many_products(count: int) -> list[Product]:
    with transaction.atomic():
        made = Product.objects.bulk_create(
            Product(sku=f"S-{place}", sku_key=f"s-{place}", name=f"Leche {place}")
            for place in range(count)
        )
        clock.stamp(*made)
    return made


def ids(answer) -> list[str]:
    return [document["id"] for document in answer.json()["documents"]]


def test_a4_the_first_sync_comes_in_full_pages(phone, seller):
    products = many_products(300)
    for _ in range(40):
        AssignmentFactory(seller=seller)
    sizes, seen, checkpoint = [], [], None
    for _ in range(4):
        answer = get_page(phone, "products", checkpoint, limit=100)
        sizes.append(len(ids(answer)))
        seen += ids(answer)
        before, checkpoint = checkpoint, answer.json()["checkpoint"]
    assert sizes == [100, 100, 100, 0]
    assert seen == [str(product.pk) for product in products]
    assert checkpoint == before == {"epoch": epoch(), "seq": products[-1].seq}
    establishments = get_page(phone, "establishments", limit=100)
    assert len(ids(establishments)) == len(set(ids(establishments))) == 40
    assert get_page(phone, "establishments", establishments.json()["checkpoint"]).json() == {
        "documents": [],
        "checkpoint": establishments.json()["checkpoint"],
    }


def test_a4_a_phone_that_died_after_two_pages_goes_on_with_the_third(client_for, seller):
    many_products(300)
    phone, kept, checkpoint = client_for(seller), [], None
    for _ in range(2):
        answer = get_page(phone, "products", checkpoint)
        kept += ids(answer)
        checkpoint = answer.json()["checkpoint"]
    get_page(phone, "products", checkpoint)  # on its way when the phone died
    rest, _ = pull_all(client_for(seller), "products", checkpoint)
    kept += [document["id"] for document in rest]
    assert len(kept) == len(set(kept)) == 300


@pytest.mark.parametrize("limit", [1, 7, 499, 500])
def test_every_page_is_full_but_the_last_whatever_is_a_tombstone(phone, limit):
    products = many_products(20)
    with transaction.atomic():
        for product in products[3:9]:
            product.state, product.inactive_on = State.INACTIVE, timezone.localdate()
            product.save()
        clock.stamp(*products[3:9])
    sizes, checkpoint = [], None
    while not sizes or sizes[-1] == limit:
        answer = get_page(phone, "products", checkpoint, limit=limit)
        sizes.append(len(ids(answer)))
        checkpoint = answer.json()["checkpoint"]
    assert sizes == [limit] * (20 // limit) + [20 % limit]


def test_limit_is_100_when_absent(phone):
    many_products(101)
    assert len(ids(get_page(phone, "products"))) == 100


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_first_empty_page_stands_at_zero(phone, name):
    answer = get_page(phone, name)
    assert answer.json() == {"documents": [], "checkpoint": {"epoch": epoch(), "seq": 0}}
    again = get_page(phone, name, answer.json()["checkpoint"])
    assert again.json() == answer.json()


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


# -- what a phone may ask -----------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["0", "501", "abc", "1.5", "٣", "-1", "", " 5", "1e2", "9" * 30])
def test_a4_a_limit_out_of_range_is_refused_and_never_clamped(phone, limit):
    for name in COLLECTIONS:
        body = assert_problem(get_page(phone, name, limit=limit), 400, "invalid", field="limit")
        assert body["errors"][0]["code"] == "invalid"


@pytest.mark.parametrize("seq", ["-1", "abc", "1.5", "٣", "", "9" * 19, "9" * 30, "0x1"])
def test_a_malformed_seq_is_refused(phone, seq):
    answer = get_page(phone, "products", {"epoch": epoch(), "seq": seq})
    assert_problem(answer, 400, "invalid", field="seq")


@pytest.mark.parametrize(
    "value", ["x", "", "018f", "{018f}", f"urn:uuid:{uuid.UUID(int=7)}", "0" * 32]
)
def test_a_malformed_epoch_is_refused(phone, value):
    answer = get_page(phone, "products", {"epoch": value, "seq": 0})
    assert_problem(answer, 400, "invalid", field="epoch")


def test_half_a_checkpoint_is_refused(phone):
    for name in COLLECTIONS:
        assert_problem(get_page(phone, name, seq=0), 400, "invalid", field="epoch")
        assert_problem(get_page(phone, name, epoch=epoch()), 400, "invalid", field="seq")


@pytest.mark.parametrize("schema", ["0", "2", "-1", "x", "1.0", "", "٣", "9" * 30])
def test_an_unknown_schema_is_refused(phone, schema):
    assert_problem(get_page(phone, "products", schema=schema), 400, "invalid", field="schema")


def test_a_retired_schema_wants_an_upgrade(phone, monkeypatch):
    assert get_page(phone, "products", schema=1).status_code == 200
    monkeypatch.setattr(constants, "RETIRED_SCHEMAS", (1,))
    monkeypatch.setattr(constants, "SCHEMAS", (2,))
    monkeypatch.setattr(constants, "SCHEMA", 2)
    assert_problem(get_page(phone, "products", schema=1), 426, "upgrade_required")
    assert get_page(phone, "products").status_code == 200


def test_what_a_route_does_not_know_is_refused(phone):
    assert_problem(get_page(phone, "products", since=1), 400, "invalid", field="since")
    assert_problem(phone.get("/api/sync?limit=1"), 400, "invalid", field="limit")
    twice = phone.get("/api/sync/products?limit=1&limit=2")
    assert_problem(twice, 400, "invalid", field="limit")


@pytest.mark.parametrize("name", ["unknown", "Products", "PRODUCTS", "products'", "x" * 300, "é"])
def test_an_unknown_collection_is_not_found(phone, name):
    assert_problem(get_page(phone, name), 404, "not_found")


def test_a_position_ahead_of_the_clock_means_to_begin_anew(phone, seller):
    ProductFactory()
    VisitFactory(seller=seller)
    now = clock.reading()
    ahead = {"epoch": str(now.epoch), "seq": now.seq + 1}
    for name in ("products", "portfolios", "establishments"):
        body = assert_problem(get_page(phone, name, ahead), 409, "resync_required")
        assert body["epoch"] == str(now.epoch)
        at = {"epoch": str(now.epoch), "seq": now.seq}
        assert get_page(phone, name, at).json() == {"documents": [], "checkpoint": at}
    visits = {"epoch": str(now.epoch), "seq": 1}  # the seller's own clock
    assert get_page(phone, "visits", visits).json() == {"documents": [], "checkpoint": visits}
    answer = get_page(phone, "visits", {**visits, "seq": 2})
    assert assert_problem(answer, 409, "resync_required")["epoch"] == str(now.epoch)
    answer = get_page(phone, "cases", visits)
    assert assert_problem(answer, 409, "resync_required")["epoch"] == str(now.epoch)


def test_an_epoch_is_the_same_in_any_case(phone):
    product = ProductFactory()
    at = {"epoch": epoch().upper(), "seq": product.seq}
    assert get_page(phone, "products", at).json()["checkpoint"]["epoch"] == epoch()


def test_the_language_changes_no_byte(phone, seller):
    AssignmentFactory(seller=seller)
    VersionFactory(products=[ProductFactory()])
    VisitFactory(seller=seller)
    for path in SYNC_ROUTES:
        plain = phone.get(path).content
        assert phone.get(path, headers={"Accept-Language": "es-CO"}).content == plain


# -- A32: who may ask, and for whose --------------------------------------------------------------


@pytest.mark.parametrize("path", SYNC_ROUTES)
def test_a32_the_door_is_the_sellers(client_for, api, path):
    for role in Role.values:
        if role != Role.SELLER:
            answer = client_for(role).get(path)
            assert_problem(answer, 403, "permission_denied")
            assert answer["Server-Time"]
    answer = api.get(path)
    assert_problem(answer, 401, "not_authenticated")
    assert answer["Server-Time"]


def test_a32_what_is_another_sellers_is_in_no_collection(client_for):
    mine, other = SellerFactory(), SellerFactory()
    AssignmentFactory(seller=other)
    VisitFactory(seller=other)
    phone = client_for(mine)
    for name in ("establishments", "visits"):
        assert get_page(phone, name).json() == {
            "documents": [],
            "checkpoint": {"epoch": epoch(), "seq": 0},
        }
    heads = phone.get("/api/sync").json()["heads"]
    assert heads == {"products": 0, "portfolios": 0, "establishments": 0, "visits": 0}


@pytest.mark.parametrize("path", SYNC_ROUTES[:-2])
def test_only_reading_is_offered_here(phone, path):
    before = clock.reading()
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(phone, method)(path, {}, format="json")
        assert_problem(answer, 405, "method_not_allowed")
        assert answer["Server-Time"]
    assert clock.reading() == before


# -- what it costs ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["products", "portfolios", "establishments", "visits"])
def test_a_pull_costs_the_same_whatever_it_brings(phone, seller, name):
    make = {
        "products": ProductFactory,
        "portfolios": lambda: VersionFactory(
            valid_from=dt.date(2020, 1, 1), valid_until=dt.date(2020, 1, 2), state="retired"
        ),
        "establishments": lambda: AssignmentFactory(seller=seller),
        "visits": lambda: VisitFactory(seller=seller, portfolio_version=version),
    }[name]
    version = VersionFactory() if name == "visits" else None
    phone.get("/api/sync")  # notes the phone, once in five minutes
    counts, rows = [], 0
    for wanted in (1, 10, 50):
        for _ in range(wanted - rows):
            make()
        rows = wanted
        with CaptureQueriesContext(connection) as queries:
            answer = get_page(phone, name)
        counts.append((len(queries), len(ids(answer))))
        with CaptureQueriesContext(connection) as queries:
            assert ids(get_page(phone, name, answer.json()["checkpoint"])) == []
        assert len(queries) == 2  # who calls; the clock, which says that nothing is new
    assert counts == [(3, 1), (3, 10), (3, 50)]  # who calls, the clock, the page
