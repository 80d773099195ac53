"""Regions, typologies and cities: whoever works with stores reads them."""

import pytest

from core.roles import Role
from stores.tests.factories import CityFactory, DepartmentFactory, RegionFactory, TypologyFactory
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
MEDELLIN = {
    "code": "05001",
    "name": "Medellín",
    "department": "05",
    "region": "antioquia-eje",
    "lat": 6.2518,
    "lon": -75.5636,
}


@pytest.fixture
def seller(client_for):
    return client_for(Role.SELLER)


@pytest.fixture
def cali(db):
    valle = DepartmentFactory(
        code="76", name="Valle del Cauca", region=RegionFactory(code="pacifico", name="Pacífico")
    )
    return CityFactory(code="76001", name="Cali", search_key="cali", department=valle)


def names(answer):
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()["results"]]


@pytest.mark.parametrize("role", [Role.SELLER, Role.SUPPORT, Role.ADMIN])
def test_lists_and_details(client_for, role):
    CityFactory()
    TypologyFactory()
    client = client_for(role)
    region = {"code": "antioquia-eje", "name": "Antioquia y Eje Cafetero"}
    typology = {"code": "minimarket", "name": "Minimercado", "visits_per_month": 4}
    for path, row in (("regions", region), ("typologies", typology), ("cities", MEDELLIN)):
        assert client.get(f"/api/{path}").json()["results"] == [row]
        answer = client.get(f"/api/{path}/{row['code']}")
        assert (answer.status_code, answer.json()) == (200, row)
        assert answer["ETag"]
        assert_problem(client.get(f"/api/{path}/none"), 404, "not_found")
        assert_problem(client.post(f"/api/{path}", row), 405, "method_not_allowed")


@pytest.mark.parametrize("path", ["regions", "typologies", "cities"])
def test_who_may_not_read(client_for, api, path):
    for role in (Role.USER, Role.CLINICIAN):
        assert_problem(client_for(role).get(f"/api/{path}"), 403, "permission_denied")
    assert_problem(api.get(f"/api/{path}"), 401, "not_authenticated")


@pytest.mark.parametrize("words", ["medellin", "MEDELLÍN", "medellín", "dell"])
def test_cities_are_found_without_accents(seller, cali, words):
    CityFactory()
    assert names(seller.get("/api/cities", {"search": words})) == ["Medellín"]


def test_cities_by_department_and_region(seller, cali):
    CityFactory()
    assert names(seller.get("/api/cities")) == ["Cali", "Medellín"]
    assert names(seller.get("/api/cities?department=76")) == ["Cali"]
    assert names(seller.get("/api/cities?region=antioquia-eje")) == ["Medellín"]
    assert names(seller.get("/api/cities?region=llanos")) == []
    assert names(seller.get("/api/cities?ordering=-code")) == ["Cali", "Medellín"]
    assert_problem(seller.get("/api/cities?country=CO"), 400, "invalid", field="country")


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_a_list_of_cities_is_two_queries(seller, rows, django_assert_num_queries):
    for number in range(rows):
        CityFactory(code=f"05{number:03}", name=f"City {number}")
    with django_assert_num_queries(2):  # who calls, cities
        assert len(names(seller.get("/api/cities"))) == rows
