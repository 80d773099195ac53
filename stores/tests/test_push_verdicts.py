"""What is made of a visit: its day, its flags, its must-have list (A12 to A16, A19)."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.utils import timezone

from stores.constants import OLDEST_VISIT, State, VisitState
from stores.models import Assignment, Product, Visit
from stores.services.facts import Period
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    ProductFactory,
    SellerFactory,
    TypologyFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_push import FIX, moment, pushed, visit
from stores.tests.helpers_sync import pull_all

pytestmark = pytest.mark.django_db

NIGHT = "2026-11-27T23:30:00-05:00"
HOUR = dt.timedelta(hours=1)


def at(monkeypatch, text: str) -> None:
    """Let it be a moment for whatever asks timezone.now()."""
    now = dt.datetime.fromisoformat(text)
    monkeypatch.setattr(timezone, "now", lambda: now)


def verdict(phone, document):
    """Send one visit; return what was made of it."""
    (answer,) = pushed(phone, document)
    return answer


def move(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


# -- the day -------------------------------------------------------------------------------------
def test_a13_the_day_is_that_of_the_time_zone(phone, store, monkeypatch):
    at(monkeypatch, "2026-11-28T04:45:00+00:00")
    answer = verdict(phone, visit(store, captured_at=NIGHT))
    assert (answer["day"], answer["flags"]) == ("2026-11-27", [])
    assert answer["occurred_at"] == "2026-11-28T04:30:00Z"
    assert answer["captured_at"] == NIGHT


def test_a14_a_wrong_clock_with_its_offset_is_put_right(phone, store):
    fast = moment(-3 * HOUR)
    answer = verdict(phone, visit(store, captured_at=fast, clock_offset_ms=-10_800_000))
    assert answer["flags"] == []
    assert answer["day"] == timezone.localdate().isoformat()
    told = dt.datetime.fromisoformat(fast) - 3 * HOUR
    assert Visit.objects.get().occurred_at == told
    assert Visit.objects.get().captured_at == dt.datetime.fromisoformat(fast)


def test_a14_a_wrong_clock_without_its_offset_counts_when_it_comes(phone, store):
    answer = verdict(phone, visit(store, captured_at=moment(-3 * HOUR)))
    assert (answer["state"], answer["flags"]) == ("flagged", ["clock"])
    assert answer["occurred_at"] == answer["received_at"]
    assert answer["day"] == timezone.localdate().isoformat()


@pytest.mark.parametrize(
    "captured_at",
    [
        "2026-11-27T08:14:05",
        "1980-01-01T00:00:00-05:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999999-12:00",
    ],
)
def test_a15_an_impossible_time_is_flagged_and_counts_when_it_comes(phone, store, captured_at):
    answer = verdict(phone, visit(store, captured_at=captured_at))
    assert answer["flags"] == ["clock"]
    assert answer["day"] == timezone.localdate().isoformat()
    assert answer["captured_at"] == captured_at


@pytest.mark.parametrize("offset", [2**63 - 1, -(2**63), 10**12])
def test_an_impossible_offset_is_flagged(phone, store, offset):
    assert verdict(phone, visit(store, clock_offset_ms=offset))["flags"] == ["clock"]


def test_a_clock_is_believed_up_to_the_bounds(phone, seller):
    for seconds, flags in (
        (-9 * 60, []),
        (-11 * 60, ["clock"]),
        (OLDEST_VISIT.total_seconds() - 60, []),
        (OLDEST_VISIT.total_seconds() + 60, ["clock"]),
    ):
        store = AssignmentFactory(seller=seller).establishment
        captured = moment(dt.timedelta(seconds=seconds))
        assert verdict(phone, visit(store, captured_at=captured))["flags"] == flags, seconds


def test_the_time_in_the_store_is_the_phones_own_difference(phone, store):
    start, end = "2026-11-27T08:14:05.120-05:00", "2026-11-27T13:26:41Z"
    for ended_at, seconds in ((end, 756), (None, None), ("2026-11-27T08:00:00-05:00", None)):
        answer = verdict(phone, visit(store, captured_at=start, ended_at=ended_at))
        assert Visit.objects.get(pk=answer["id"]).seconds == seconds


# -- the position --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("location", "flags"),
    [
        (None, ["no_location"]),
        (FIX, []),
        ({**FIX, "lat": 6.2622}, ["far"]),  # 2 km
        ({**FIX, "lat": 6.2622, "accuracy_m": 3000}, []),
        ({"lat": 6.2442, "lon": -75.5812}, []),
        ({**FIX, "taken_at": 40}, ["stale_location"]),
        ({**FIX, "taken_at": 9}, []),
        ({**FIX, "taken_at": -1}, []),
    ],
)
def test_a19_a_position_is_judged_and_never_refuses(phone, store, location, flags):
    if location and "taken_at" in location:  # minutes ago
        location["taken_at"] = moment(dt.timedelta(minutes=location["taken_at"]))
    answer = verdict(phone, visit(store, location=location))
    assert (answer["flags"], answer["location"]) == (flags, location)


def test_a_distance_is_kept(phone, store):
    verdict(phone, visit(store, location={**FIX, "lat": 6.2622}))
    assert Visit.objects.get().distance_m == pytest.approx(2002, abs=2)


def test_an_establishment_without_a_position_is_never_far(phone, seller):
    store = AssignmentFactory(
        seller=seller, establishment=EstablishmentFactory(lat=None, lon=None)
    ).establishment
    assert verdict(phone, visit(store))["flags"] == []
    assert Visit.objects.get().distance_m is None


# -- the must-have list --------------------------------------------------------------------------
def test_a12_compliance_is_that_of_the_version_in_force_and_stays(phone, store):
    products = [ProductFactory() for _ in range(45)]
    first = VersionFactory(products=products[:40])
    seen = [product.pk for product in products[10:45]]
    answer = verdict(phone, visit(store, seen=seen, portfolio_version_id=str(first.pk)))
    expected = {
        "must_have": 40,
        "present": 30,
        "compliance": "0.7500",
        "portfolio_version": first.number,
        "missing": [product.pk for product in products[:10]],
        "flags": [],
    }
    assert {name: answer[name] for name in expected} == expected
    stored = Visit.objects.get()
    assert (stored.must_have, stored.present, stored.compliance) == (40, 30, Decimal("0.7500"))
    assert stored.portfolio_version_id == first.pk
    # A new version since today: what happened before is compared with the old one.
    first.valid_until = move(-1)
    first.save()
    second = VersionFactory(portfolio=first.portfolio, products=products[:20], valid_from=move(0))
    before = verdict(phone, visit(store, seen=seen, captured_at=moment(dt.timedelta(days=1))))
    assert (before["portfolio_version"], before["compliance"]) == (first.number, "0.7500")
    late = visit(
        store, seen=seen, portfolio_version_id=first.pk, captured_at=moment(dt.timedelta())
    )
    now = verdict(phone, late)
    assert (now["portfolio_version"], now["compliance"]) == (second.number, "0.5000")
    assert now["flags"] == ["old_portfolio", "duplicate_same_day"]


def test_a12_a_list_without_products_in_use_gives_no_compliance(phone, store):
    version = VersionFactory(products=[ProductFactory(inactive=True)])
    answer = verdict(phone, visit(store))
    assert (answer["must_have"], answer["present"], answer["compliance"]) == (0, 0, None)
    assert (answer["portfolio_version"], answer["missing"]) == (version.number, [])


def test_no_list_in_force_gives_no_numbers(phone, store):
    VersionFactory(products=[ProductFactory()], valid_from=move(1))
    VersionFactory(draft=True, portfolio=PortfolioFactory(typology=TypologyFactory(code="bakery")))
    answer = verdict(phone, visit(store, portfolio_version_id="7"))
    assert (answer["must_have"], answer["present"], answer["compliance"]) == (None, None, None)
    assert (answer["portfolio_version"], answer["flags"]) == (None, ["old_portfolio"])


def test_the_list_is_that_of_typology_and_region_or_the_establishments_own(phone, seller):
    theirs = VersionFactory(products=[ProductFactory()])
    own = VersionFactory(
        products=[ProductFactory(), ProductFactory()],
        portfolio=PortfolioFactory(typology=TypologyFactory(code="bakery")),
    )
    plain = AssignmentFactory(seller=seller).establishment
    special = AssignmentFactory(
        seller=seller, establishment=EstablishmentFactory(portfolio=own.portfolio)
    ).establishment
    answers = pushed(phone, visit(plain), visit(special))
    assert [(answer["portfolio_version"], answer["must_have"]) for answer in answers] == [
        (theirs.number, 1),
        (own.number, 2),
    ]


def test_compliance_is_rounded_half_up(phone, store):
    products = [ProductFactory() for _ in range(32)]
    VersionFactory(products=products)
    assert verdict(phone, visit(store, seen=[products[0].pk]))["compliance"] == "0.0313"  # 0.03125


def test_a16_a_product_retired_since_the_phones_sync_is_flagged(phone, store):
    kept, retired = ProductFactory(), ProductFactory(inactive=True)
    VersionFactory(products=[kept, retired])
    answer = verdict(phone, visit(store, seen=[kept.pk, retired.pk, kept.pk]))
    assert (answer["flags"], answer["must_have"]) == (["retired_product"], 1)
    assert Visit.objects.get().seen == [kept.pk, retired.pk], "each once"
    documents, _ = pull_all(phone, "products")
    assert {"id": str(retired.pk), "_deleted": True} in documents
    yesterday = visit(store, seen=[retired.pk], captured_at=moment(dt.timedelta(days=1)))
    before = verdict(phone, yesterday)
    assert (before["flags"], before["must_have"]) == ([], 2), "in use on that day"


@pytest.mark.parametrize("seen", [[0], [-5], [2**63 - 1], [999_999]])
def test_an_unknown_product_is_flagged(phone, store, seen):
    assert verdict(phone, visit(store, seen=seen))["flags"] == ["unknown_product"]


# -- who, where ----------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["999999", "no id", "", "00881", None, 0, -1, 2**63 - 1])
def test_an_unknown_establishment_is_flagged_and_its_text_kept(phone, place):
    VersionFactory(products=[ProductFactory()])
    answer = verdict(phone, {**visit("1"), "establishment": place})
    assert (answer["flags"], answer["establishment"]) == (["unknown_establishment"], place)
    assert (answer["must_have"], answer["present"], answer["compliance"]) == (None, None, None)
    stored = Visit.objects.get()
    assert (stored.establishment, stored.city, stored.region, stored.typology) == (None, *[""] * 3)


def test_the_place_of_that_day_stays(phone, store):
    verdict(phone, visit(store))
    store.city = CityFactory(code="76001", name="Cali")
    store.save()
    stored = Visit.objects.get()
    assert (stored.city, stored.region, stored.typology) == ("05001", "antioquia-eje", "minimarket")


@pytest.mark.parametrize(
    ("period", "flags"),
    [
        ({"valid_from": 0}, []),
        ({"valid_from": 1}, ["not_assigned"]),
        ({"valid_from": -9, "valid_until": -1}, ["not_assigned"]),
        ({"valid_from": -9, "valid_until": 0}, []),
        ({"valid_from": -9, "valid_until": -1, "released_on": 0}, []),
        ({"valid_from": 0, "valid_until": 0, "released_on": 0}, []),
        ({"valid_from": 5, "valid_until": 5, "released_on": 0}, ["not_assigned"]),
    ],
)
def test_assignment_is_judged_by_the_day(phone, seller, period, flags):
    dates = {name: move(days) for name, days in period.items()}
    store = AssignmentFactory(seller=seller, **dates).establishment
    answer = verdict(phone, visit(store, captured_at=moment(dt.timedelta())))
    assert answer["flags"] == flags


def test_a_period_covers_the_days_that_the_query_says():
    chance = random.Random(7)
    day = move(0)

    def some(none: bool) -> dt.date | None:
        return None if none and chance.random() < 0.3 else move(chance.randint(-3, 3))

    for _ in range(80):
        start = some(False)
        until = some(True)
        until = until and max(start, until)
        made = AssignmentFactory(valid_from=start, valid_until=until, released_on=some(True))
        period = Period(made.valid_from, made.valid_until, made.released_on)
        covered = Assignment.objects.covering(day).filter(pk=made.pk).exists()
        assert period.covers(day) == covered, period


def test_the_second_seller_of_a_day_is_flagged_the_first_is_not(phone, store, client_for):
    other = AssignmentFactory(establishment=store, seller=SellerFactory()).seller
    first = verdict(phone, visit(store))
    second = verdict(client_for(other), visit(store))
    assert (first["flags"], second["flags"]) == ([], ["second_seller"])
    third = verdict(client_for(other), visit(store))
    assert third["flags"] == ["second_seller", "duplicate_same_day"]


def test_the_second_visit_of_a_day_is_flagged_in_the_order_of_the_batch(phone, store):
    early, late = visit(store, id="f" * 8 + "-0000-4000-8000-000000000001"), visit(store)
    answers = pushed(phone, early, late)
    assert [answer["flags"] for answer in answers] == [[], ["duplicate_same_day"]]
    assert [answer["flags"] for answer in pushed(phone, late, early)] == [
        ["duplicate_same_day"],
        [],
    ], "not decided again"


def test_void_visits_and_those_of_a_wrong_clock_do_not_count(phone, seller, store):
    VisitFactory(establishment=store, seller=seller, state=VisitState.VOID)
    VisitFactory(establishment=store, seller=seller, state="flagged", flags=["clock"])
    pushed(phone, visit(store, seen=None))
    wrong = verdict(phone, visit(store, captured_at="2026-01-01T00:00:00"))
    assert wrong["flags"] == ["clock"]
    assert verdict(phone, visit(store))["flags"] == []


def test_the_number_of_photos_to_come_is_kept(phone, store):
    photos = [{"id": str(number), "sha256": "a" * 64, "bytes": 1} for number in range(3)]
    assert verdict(phone, visit(store, photos=photos))["photos_missing"] == 3


def test_an_inactive_establishment_is_known(phone, seller, store):
    store.state = State.INACTIVE
    store.save()
    assert verdict(phone, visit(store))["flags"] == []
    assert Product.objects.count() == 0
