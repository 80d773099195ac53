"""Establishments in bulk, by their codes."""

import pytest

from stores import clock
from stores.models import Assignment, Establishment
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    EstablishmentFactory,
    PortfolioFactory,
    TypologyFactory,
    today,
)
from stores.tests.helpers_catalogue import FEWEST, done, faults, send
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
STORES = "/api/establishments/bulk"
STORE = {**FEWEST, "code": "EST-1"}


@pytest.fixture
def _places(db):
    CityFactory()
    CityFactory(code="76001", name="Cali")
    TypologyFactory()


@pytest.mark.usefixtures("_places")
def test_establishments(admin_api):
    own = PortfolioFactory()
    kept = EstablishmentFactory(code="est-1", name=STORE["name"])
    before = clock.reading().seq
    body = [
        STORE,
        {**STORE, "code": "EST-2", "portfolio": own.pk, "location": {"lat": 6.25, "lon": -75}},
    ]
    assert done(send(admin_api, STORES, body)) == (1, 0, 1, 0)
    kept.refresh_from_db()
    assert (kept.lat, kept.seq) == (6.2442, before)
    new = Establishment.objects.get(code="EST-2")
    assert (new.portfolio, new.lat, new.lon, new.geofence_m) == (own, 6.25, -75, 150)
    assert (new.seq, clock.reading().seq) == (before + 1, before + 1)
    assert done(send(admin_api, STORES, [{"code": "EST-2", "location": None}])) == (0, 1, 0, 0)
    new.refresh_from_db()
    assert (new.lat, new.lon, new.portfolio) == (None, None, own)
    with nothing_changes():
        assert done(send(admin_api, STORES, [{"code": "EST-2", "city": "05001"}])) == (0, 0, 1, 0)


@pytest.mark.usefixtures("_places")
def test_bad_establishments(admin_api):
    body = [
        {**STORE, "code": "A", "city": "99999"},
        {**STORE, "code": "B", "typology": 7},
        {**STORE, "code": "C", "portfolio": 2**63 - 1},
        {**STORE, "code": "D", "portfolio": True},
        {**STORE, "code": "E", "location": {"lat": 6.2}},
        {**STORE, "code": "F", "geofence_m": 0},
        {"code": "G"},
        {**STORE, "code": "H", "city": ["05001"]},
    ]
    with nothing_changes():
        answer = send(admin_api, STORES, body)
        assert_problem(answer, 422, "bulk_refused")
    assert faults(answer) == [
        (0, "city", "does_not_exist"),
        (1, "typology", "not_text"),
        (2, "portfolio", "does_not_exist"),
        (3, "portfolio", "invalid"),
        (4, "location.lon", "required"),
        (5, "geofence_m", "min_value"),
        (6, "address", "required"),
        (6, "city", "required"),
        (6, "name", "required"),
        (6, "typology", "required"),
        (7, "city", "not_text"),
    ]


def test_establishments_that_become_inactive_end_their_assignments(admin_api):
    assignments = [AssignmentFactory() for _ in range(3)]
    codes = [one.establishment.code for one in assignments]
    before = clock.reading().seq
    body = [
        {"code": codes[0], "state": "inactive"},
        {"code": codes[1], "state": "inactive"},
        {"code": codes[2], "name": "Tienda"},
    ]
    assert done(send(admin_api, STORES, body)) == (0, 3, 0, 0)
    assert clock.reading().seq == before + 5
    for assignment in assignments:
        assignment.refresh_from_db()
    assert [one.state for one in assignments] == ["ended", "ended", "active"]
    assert [one.released_on for one in assignments] == [today(), today(), None]
    assert Assignment.objects.filter(seq__gt=before).count() == 2
    with nothing_changes():
        assert done(send(admin_api, STORES, body)) == (0, 0, 3, 0)


@pytest.mark.usefixtures("_places")
@pytest.mark.parametrize("count", [1, 10, 50])
def test_establishments_take_the_same_queries(admin_api, count, django_assert_num_queries):
    AssignmentFactory()
    body = [{**STORE, "code": f"EST-N{number}"} for number in range(count)]
    with django_assert_num_queries(10):  # as products, with cities and typologies for the GTINs
        assert admin_api.post(STORES, body, format="json").json()["created"] == count
