"""Lists of products, and who may do what with them."""

import pytest

from core.models import JournalEntry
from core.roles import Role
from stores.tests.factories import ProductFactory
from stores.tests.helpers_catalogue import LECHE
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(client_for):
    return client_for(Role.SELLER)


def names(answer):
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()["results"]]


def test_states_in_lists(admin_api, seller):
    ProductFactory(name="Kumis")
    ProductFactory(name="Avena", inactive=True)
    both = ["Kumis", "Avena"]
    expected = {"": ["Kumis"], "?state=active": ["Kumis"]}
    for query, found in {**expected, "?state=inactive": ["Avena"], "?state=all": both}.items():
        assert names(admin_api.get(f"/api/products{query}")) == found
    for query, found in {**expected, "?state=inactive": [], "?state=all": ["Kumis"]}.items():
        assert names(seller.get(f"/api/products{query}")) == found
    assert_problem(admin_api.get("/api/products?state=x"), 400, "invalid", field="state")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "cafe"}, ["Bebida de café"]),
        ({"search": "CAFÉ bebida"}, ["Bebida de café"]),
        ({"search": "lec-uht"}, [LECHE["name"]]),
        ({"search": "952001"}, [LECHE["name"]]),
        ({"category": "leche"}, [LECHE["name"]]),
        ({"brand": "La Vaquita"}, [LECHE["name"]]),
        ({"gtin": "09520010000018"}, [LECHE["name"]]),
        ({"gtin": "x"}, []),
        ({"sku": "lec-uht-1l"}, [LECHE["name"]]),
        ({"is_competitor": "true"}, ["Bebida de café"]),
        ({"ordering": "-name"}, [LECHE["name"], "Bebida de café"]),
        ({"ordering": "name"}, ["Bebida de café", LECHE["name"]]),
    ],
)
def test_filters(seller, query, found):
    ProductFactory(**LECHE)
    ProductFactory(name="Bebida de café", is_competitor=True)
    assert names(seller.get("/api/products", query)) == found


@pytest.mark.parametrize("rows", [1, 10, 50])
def test_a_list_is_two_queries(admin_api, rows, django_assert_num_queries):
    for _ in range(rows):
        ProductFactory()
    for query in ("", "?state=all", "?search=leche"):
        with django_assert_num_queries(2):  # who calls, products
            assert len(names(admin_api.get(f"/api/products{query}"))) == rows


# -- who may --------------------------------------------------------------------------------------
ROUTES = [
    ("get", "/api/products"),
    ("get", "/api/products/{pk}"),
    ("get", "/api/products.csv"),
    ("post", "/api/products"),
    ("post", "/api/products/bulk"),
    ("put", "/api/products/{pk}"),
    ("patch", "/api/products/{pk}"),
    ("delete", "/api/products/{pk}"),
]
READS = {Role.SELLER: 2, Role.SUPPORT: 3, Role.USER: 0, Role.CLINICIAN: 0}


@pytest.mark.parametrize("role", READS)
def test_who_may_not(client_for, role):
    product, client = ProductFactory(), client_for(role)
    with nothing_changes():
        for method, path in ROUTES[READS[role] :]:
            answer = getattr(client, method)(path.format(pk=product.pk), LECHE)
            assert_problem(answer, 403, "permission_denied")
    for _method, path in ROUTES[: min(2, READS[role])]:
        assert client.get(path.format(pk=product.pk)).status_code == 200


def test_nobody_without_a_token(api):
    product = ProductFactory()
    with nothing_changes():
        for method, path in ROUTES:
            answer = getattr(api, method)(path.format(pk=product.pk), LECHE)
            assert_problem(answer, 401, "not_authenticated")


def test_reads_leave_no_line(admin_api, seller):
    product = ProductFactory()
    seller.get("/api/products")
    seller.get(f"/api/products/{product.pk}")
    assert not JournalEntry.objects.exists()
