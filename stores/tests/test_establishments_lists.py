"""Lists of establishments, and who may do what with them."""

import pytest

from core.roles import Role
from stores.tests.factories import (
    AssignmentFactory,
    CityFactory,
    DepartmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    RegionFactory,
    TypologyFactory,
)
from stores.tests.helpers_catalogue import LA_33
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places(db):
    TypologyFactory()
    valle = DepartmentFactory(
        code="76", name="Valle del Cauca", region=RegionFactory(code="pacifico", name="Pacífico")
    )
    CityFactory(code="76001", name="Cali", search_key="cali", department=valle)
    return CityFactory()


def ids(answer):
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_a_seller_sees_what_is_on_the_phone(client_for, admin_api):
    mine = AssignmentFactory()
    AssignmentFactory(seller=mine.seller, ended=True)
    twice = AssignmentFactory(ended=True)
    again = AssignmentFactory(seller=twice.seller, establishment=twice.establishment)
    other = AssignmentFactory().establishment_id
    for assignment in (mine, again):
        seller = client_for(assignment.seller)
        for query in ("", "?state=all", "?search=minimercado"):
            found = ids(seller.get(f"/api/establishments{query}"))
            assert found == [assignment.establishment_id]
        assert ids(seller.get("/api/establishments?state=inactive")) == []
        assert_problem(seller.get(f"/api/establishments/{other}"), 404, "not_found")
    assert len(ids(admin_api.get("/api/establishments"))) == 4


def test_filters(admin_api):
    here = EstablishmentFactory(code="EST-A", name="Tienda El Ávila")
    there = EstablishmentFactory(
        city=CityFactory(code="76001"), typology=TypologyFactory(code="kiosk", name="Quiosco")
    )
    gone = EstablishmentFactory(state="inactive")
    seller = AssignmentFactory(establishment=there).seller_id
    former = AssignmentFactory(establishment=there, ended=True).seller_id
    for query, found in {
        "": [here, there],
        "state=all": [here, there, gone],
        "state=inactive": [gone],
        "city=76001": [there],
        "department=05": [here],
        "region=pacifico": [there],
        "typology=kiosk": [there],
        f"seller={seller}": [there],
        f"seller={former}": [],
        "code=est-a": [here],
        "search=avila": [here],
        "search=calle+33": [here, there],
        "ordering=-id": [there, here],
    }.items():
        assert ids(admin_api.get(f"/api/establishments?{query}")) == [one.pk for one in found]
    for query, name in {"state=x": "state", "seller=0": "seller", "seller=a": "seller"}.items():
        answer = admin_api.get(f"/api/establishments?{query}")
        assert_problem(answer, 400, "invalid", field=name)


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_a_list_is_two_queries(admin_api, client_for, rows, django_assert_num_queries):
    assignment = AssignmentFactory()
    PortfolioFactory()
    for _ in range(rows - 1):
        AssignmentFactory(seller=assignment.seller)
    for client in (admin_api, client_for(assignment.seller)):
        with django_assert_num_queries(2):  # who calls, establishments with what holds there
            assert len(ids(client.get("/api/establishments"))) == rows


# -- who may --------------------------------------------------------------------------------------
ROUTES = [
    ("get", "/api/establishments"),
    ("get", "/api/establishments/{pk}"),
    ("get", "/api/establishments.csv"),
    ("post", "/api/establishments"),
    ("post", "/api/establishments/bulk"),
    ("put", "/api/establishments/{pk}"),
    ("patch", "/api/establishments/{pk}"),
    ("delete", "/api/establishments/{pk}"),
]
READS = {Role.SELLER: 2, Role.SUPPORT: 3, Role.USER: 0, Role.CLINICIAN: 0}


@pytest.mark.parametrize("role", READS)
def test_who_may_not(client_for, role):
    row, client = EstablishmentFactory(), client_for(role)
    with nothing_changes():
        for method, path in ROUTES[READS[role] :]:
            answer = getattr(client, method)(path.format(pk=row.pk), LA_33, format="json")
            assert_problem(answer, 403, "permission_denied")


def test_nobody_without_a_token(api):
    row = EstablishmentFactory()
    with nothing_changes():
        for method, path in ROUTES:
            answer = getattr(api, method)(path.format(pk=row.pk), {})
            assert_problem(answer, 401, "not_authenticated")
