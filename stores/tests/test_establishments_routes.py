"""Establishments over HTTP: where they are, what holds there, and who has them on the phone."""

import datetime as dt

import pytest

from core.roles import Role
from stores import clock
from stores.models import Establishment
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    DepartmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    RegionFactory,
    TypologyFactory,
    today,
)
from stores.tests.helpers_catalogue import FEWEST, LA_33, history_of
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def places(db):
    TypologyFactory()
    valle = DepartmentFactory(
        code="76", name="Valle del Cauca", region=RegionFactory(code="pacifico", name="Pacífico")
    )
    CityFactory(code="76001", name="Cali", search_key="cali", department=valle)
    return CityFactory()


# -- create ---------------------------------------------------------------------------------------
def test_a1_create(admin_api):
    portfolio = PortfolioFactory()
    before = clock.reading().seq
    answer = admin_api.post("/api/establishments", LA_33, format="json")
    row = Establishment.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": row.pk,
            "code": "EST-000881",
            "name": "Minimercado La 33",
            "address": "Calle 33 # 65-10",
            "city": "05001",
            "region": "antioquia-eje",
            "typology": "minimarket",
            "portfolio": portfolio.pk,
            "own_portfolio": None,
            "location": {"lat": 6.24, "lon": -75.58},
            "geofence_m": 150,
            "state": "active",
        },
    )
    assert answer["Location"] == f"/api/establishments/{row.pk}"
    assert admin_api.get(answer["Location"]).json() == answer.json()
    assert answer["ETag"] == admin_api.get(answer["Location"])["ETag"]
    assert row.seq == clock.reading().seq == before + 1
    [(action, changes)] = history_of(row)
    assert (action, changes["city"]) == ("create", [None, "05001"])


def test_the_fewest_fields(admin_api):
    answer = admin_api.post("/api/establishments", FEWEST)
    row = Establishment.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": row.pk,
            "code": row.code,
            **FEWEST,
            "region": "antioquia-eje",
            "portfolio": None,
            "own_portfolio": None,
            "location": None,
            "geofence_m": 150,
            "state": "active",
        },
    )
    assert row.code.startswith("E-")


@pytest.mark.parametrize("name", FEWEST)
def test_what_is_needed(admin_api, name):
    body = {key: value for key, value in FEWEST.items() if key != name}
    with nothing_changes():
        answer = admin_api.post("/api/establishments", body)
        assert_problem(answer, 400, "invalid", field=name)


def test_a1_a_code_is_one_whatever_its_case(admin_api):
    EstablishmentFactory(code="EST-000881")
    other = EstablishmentFactory()
    with nothing_changes():
        body = {**LA_33, "code": "est-000881"}
        answer = admin_api.post("/api/establishments", body, format="json")
        assert_problem(answer, 409, "code_taken")
        answer = admin_api.patch(f"/api/establishments/{other.pk}", {"code": "est-000881"})
        assert_problem(answer, 409, "code_taken")


@pytest.mark.parametrize(
    ("name", "value", "field", "code"),
    [
        ("city", "99999", "city", "does_not_exist"),
        ("city", 5001, "city", "not_text"),
        ("city", None, "city", "null"),
        ("city", True, "city", "not_text"),
        ("city", "0" * 6000, "city", "does_not_exist"),
        ("typology", "castle", "typology", "does_not_exist"),
        ("typology", ["minimarket"], "typology", "not_text"),
        ("portfolio", 987654321, "portfolio", "does_not_exist"),
        ("portfolio", "1", "portfolio", "invalid"),
        ("portfolio", True, "portfolio", "invalid"),
        ("portfolio", 2**63 - 1, "portfolio", "does_not_exist"),
        ("portfolio", -1, "portfolio", "does_not_exist"),
        ("location", {"lat": 91, "lon": 0}, "location.lat", "max_value"),
        ("location", {"lat": 0, "lon": -180.5}, "location.lon", "min_value"),
        ("location", {"lat": True, "lon": 0}, "location.lat", "invalid"),
        ("location", {"lat": "6.2", "lon": 0}, "location.lat", "invalid"),
        ("location", {"lat": None, "lon": 0}, "location.lat", "null"),
        ("location", {"lat": 6.2}, "location.lon", "required"),
        ("location", {}, "location.lat", "required"),
        ("location", [6.2, -75.5], "location", "invalid"),
        ("location", 2**62, "location", "invalid"),
        ("geofence_m", 0, "geofence_m", "min_value"),
        ("geofence_m", 20_001, "geofence_m", "max_value"),
        ("geofence_m", 2**62, "geofence_m", "max_value"),
        ("geofence_m", 1.5, "geofence_m", "invalid"),
        ("geofence_m", None, "geofence_m", "null"),
        ("state", "closed", "state", "invalid_choice"),
        ("code", "a,b", "code", "invalid_code"),
    ],
)
def test_bad_fields(admin_api, name, value, field, code):
    row = EstablishmentFactory()
    body = {**FEWEST, name: value}
    with nothing_changes():
        for answer in (
            admin_api.post("/api/establishments", body, format="json"),
            admin_api.patch(f"/api/establishments/{row.pk}", {name: value}, format="json"),
        ):
            errors = assert_problem(answer, 400, "invalid", field=field)["errors"]
            assert code in [error["code"] for error in errors]


# -- change ---------------------------------------------------------------------------------------
def test_a_change_moves_the_version_and_a_change_of_nothing_does_not(admin_api):
    row = EstablishmentFactory()
    path = f"/api/establishments/{row.pk}"
    body = {"name": row.name, "city": "05001", "location": {"lat": row.lat, "lon": row.lon}}
    with nothing_changes():
        assert admin_api.patch(path, body, format="json").status_code == 200
    before = clock.reading().seq
    answer = admin_api.patch(path, {"city": "76001", "location": None}, format="json")
    assert answer.status_code == 200
    assert answer.json()["region"] == "pacifico"
    assert answer.json()["location"] is None
    assert admin_api.get(path).json() == answer.json()
    assert answer["ETag"] == admin_api.get(path)["ETag"]
    row.refresh_from_db()
    assert (row.city_id, row.lat, row.lon, row.seq) == ("76001", None, None, before + 1)
    [(action, changes)] = history_of(row)
    assert (action, sorted(changes)) == ("change", ["city", "lat", "lon"])


def test_if_match_compares_what_holds_there(admin_api):
    row = EstablishmentFactory()
    path = f"/api/establishments/{row.pk}"
    etag = admin_api.get(path)["ETag"]
    assert admin_api.patch(path, {"name": "A"}, HTTP_IF_MATCH=etag).status_code == 200
    etag = admin_api.get(path)["ETag"]
    PortfolioFactory()
    with nothing_changes():
        answer = admin_api.patch(path, {"name": "B"}, HTTP_IF_MATCH=etag)
        assert_problem(answer, 412, "precondition_failed")


def test_the_own_portfolio_comes_before_that_of_typology_and_region(admin_api):
    by_place = PortfolioFactory()
    own = PortfolioFactory(typology=TypologyFactory(code="kiosk", name="Quiosco"))
    path = f"/api/establishments/{EstablishmentFactory().pk}"

    def shown(answer):
        assert answer.status_code == 200
        return answer.json()["portfolio"], answer.json()["own_portfolio"]

    assert shown(admin_api.get(path)) == (by_place.pk, None)
    assert shown(admin_api.patch(path, {"portfolio": own.pk})) == (own.pk, own.pk)
    assert shown(admin_api.get(path)) == (own.pk, own.pk)
    answer = admin_api.patch(path, {"portfolio": None}, format="json")
    assert shown(answer) == (by_place.pk, None)
    assert shown(admin_api.patch(path, {"typology": "kiosk"})) == (own.pk, None)
    assert shown(admin_api.patch(path, {"city": "76001"})) == (None, None)


# -- lifecycle ------------------------------------------------------------------------------------
def test_a_put_keeps_what_it_leaves_out(admin_api):
    own = PortfolioFactory()
    stored = EstablishmentFactory(portfolio=own, lat=6.5, lon=-75.5, geofence_m=80)
    names = ("code", "name", "address", "city", "typology")
    path = f"/api/establishments/{stored.pk}"
    before = admin_api.get(path).json()
    sent = {**{name: before[name] for name in names}, "name": "Otra"}
    answer = admin_api.put(path, sent, format="json")
    assert (answer.status_code, answer.json()) == (200, {**before, "name": "Otra"})
    assert before["own_portfolio"] == own.pk
    assert (before["location"], before["geofence_m"]) == ({"lat": 6.5, "lon": -75.5}, 80)


def test_delete_ends_the_assignments_and_patch_brings_only_the_establishment_back(
    admin_api, client_for
):
    row = EstablishmentFactory()
    running = AssignmentFactory(establishment=row)
    coming = AssignmentFactory(establishment=row, valid_from=today() + 9 * DAY)
    over = AssignmentFactory(establishment=row, valid_until=today() - DAY)
    ended = AssignmentFactory(establishment=row, ended=True)
    other = AssignmentFactory()
    path = f"/api/establishments/{row.pk}"
    seller = client_for(running.seller)
    assert seller.get(path).status_code == 200
    before = clock.reading().seq

    assert admin_api.delete(path).status_code == 204

    row.refresh_from_db()
    for one in (running, coming, over, ended, other):
        one.refresh_from_db()
    assert row.state == "inactive"
    assert (running.state, running.valid_until, running.released_on) == ("ended", today(), today())
    last = today() + 9 * DAY
    assert (coming.state, coming.valid_until, coming.released_on) == ("ended", last, today())
    assert (over.state, over.valid_until, over.released_on) == ("ended", today() - DAY, None)
    assert (other.state, other.valid_until) == ("active", None)
    stamped = sorted([running.seq, coming.seq, over.seq, row.seq])
    assert stamped == [before + number for number in (1, 2, 3, 4)]
    assert clock.reading().seq == before + 4
    assert max(ended.seq, other.seq) <= before
    assert history_of(row) == [("delete", {"state": ["active", "inactive"]})]
    day = today().isoformat()
    assert history_of(running) == [
        (
            "change",
            {"state": ["active", "ended"], "valid_until": [None, day], "released_on": [None, day]},
        )
    ]
    assert_problem(seller.get(path), 404, "not_found")
    for client in (admin_api, client_for(Role.SUPPORT)):
        assert client.get(path).json()["state"] == "inactive"
    with nothing_changes():
        assert admin_api.delete(path).status_code == 204

    answer = admin_api.patch(path, {"state": "active"})
    assert (answer.status_code, answer.json()["state"]) == (200, "active")
    assert clock.reading().seq == before + 5
    running.refresh_from_db()
    assert running.state == "ended"
    assert_problem(seller.get(path), 404, "not_found")


def test_patch_inactive_ends_the_assignments_too(admin_api):
    assignment = AssignmentFactory()
    path = f"/api/establishments/{assignment.establishment_id}"
    assert admin_api.patch(path, {"state": "inactive"}).status_code == 200
    assignment.refresh_from_db()
    assert (assignment.state, assignment.valid_until) == ("ended", today())
