"""CSV files out of the catalogue: what they say, and who is on record."""

import datetime as dt

import pytest

from core.models import JournalEntry
from core.roles import Role
from stores.files.sheets import SHEETS, response
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    ProductFactory,
    SellerFactory,
)
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
HEADER = "sku,gtin,name,brand,category,is_competitor,state"


def text_of(name):
    rows = SHEETS[name].bulk.model.objects.all()
    return b"".join(response(name, rows, reason="test").streaming_content).decode()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_export(client_for, role):
    ProductFactory(sku="LEC", gtin="9520010000018", name="Leche, entera", category="leche")
    ProductFactory(sku="=A", name="=1+1", is_competitor=True, inactive=True)
    client = client_for(role)
    answer = client.get("/api/products.csv", HTTP_ACCEPT="text/csv")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="products.csv"'
    assert b"".join(answer.streaming_content).decode().split("\r\n") == [
        HEADER,
        'LEC,9520010000018,"Leche, entera",,leche,false,active',
        "'=A,,'=1+1,,,true,inactive",
        "",
    ]
    line = JournalEntry.objects.get()
    assert (line.action, line.model, line.count) == ("export", "stores.Product", 2)
    assert (line.actor_id, line.reason) == (client.user.pk, "/api/products.csv")


def test_an_export_takes_the_filters_of_the_list(admin_api):
    ProductFactory(sku="A", category="leche")
    ProductFactory(sku="B", category="queso", inactive=True)
    ProductFactory(sku="C", category="queso", name="Queso fresco")
    for query, found in {
        "category=queso": ["B", "C"],
        "state=active": ["A", "C"],
        "search=fresco": ["C"],
    }.items():
        answer = admin_api.get(f"/api/products.csv?{query}")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert [line.partition(",")[0] for line in lines[1:]] == found
    for query in ("limit=1", "ordering=name", "cursor=x", "format=json"):
        answer = admin_api.get(f"/api/products.csv?{query}")
        assert_problem(answer, 400, "invalid", field=query.partition("=")[0])


def test_establishments_and_no_detail_route_in_between(admin_api):
    row = EstablishmentFactory(code="EST-1", name="La 33")
    answer = admin_api.get("/api/establishments.csv")
    assert b"".join(answer.streaming_content).decode().splitlines() == [
        "code,name,address,city,typology,portfolio,lat,lon,geofence_m,state",
        f"EST-1,La 33,{row.address},05001,minimarket,,6.2442,-75.5812,150,active",
    ]
    assert_problem(admin_api.get("/api/products/csv"), 404, "not_found")


def test_assignments(db):
    seller = SellerFactory(email="ana@example.com")
    store = EstablishmentFactory(code="EST-1")
    period = {"valid_from": dt.date(2026, 1, 1), "valid_until": dt.date(2999, 12, 31)}
    AssignmentFactory(seller=seller, establishment=store, **period)
    assert text_of("assignments").splitlines() == [
        "seller,establishment,valid_from,valid_until",
        "ana@example.com,EST-1,2026-01-01,2999-12-31",
    ]


def test_csv_can_be_asked_for_where_there_is_a_file_and_nowhere_else(admin_api):
    for accept in ("text/csv", "text/csv;q=0.9, text/html", "*/*", "application/json"):
        answer = admin_api.get("/api/establishments.csv", HTTP_ACCEPT=accept)
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert_problem(admin_api.get("/api/products", HTTP_ACCEPT="text/csv"), 406, "not_acceptable")
    refused = admin_api.get("/api/products.csv?state=odd", HTTP_ACCEPT="text/csv")
    assert_problem(refused, 400, "invalid", field="state")
    assert_problem(
        admin_api.get("/api/products.csv", HTTP_ACCEPT="text/html"), 406, "not_acceptable"
    )


@pytest.mark.parametrize("kind", ["products", "establishments", "assignments"])
def test_a_mark_by_choice(admin_api, kind):
    ProductFactory()
    EstablishmentFactory()
    plain, marked = (
        b"".join(admin_api.get(f"/api/{kind}.csv?bom={choice}").streaming_content)
        for choice in ("false", "true")
    )
    assert marked == b"\xef\xbb\xbf" + plain
    assert_problem(admin_api.get(f"/api/{kind}.csv?bom=maybe"), 400, "invalid")
