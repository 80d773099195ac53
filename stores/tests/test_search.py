"""The catalogue is found however it is typed; business keys that look alike are one key."""

import pytest
from django.urls import reverse

from core.keys import Refresh
from stores import reference
from stores.models import Product
from stores.tests.factories import EstablishmentFactory, PortfolioFactory, ProductFactory
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


def ids(api, path, words):
    answer = api.get(path, {"search": words})
    assert answer.status_code == 200
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize("words", ["pinon", "PIÑÓN", "dangelo", "d\u2019angelo", "smorrebrod"])
def test_search_forgives_everywhere(admin_api, words):
    name = "Piñón D'Angelo Smørrebrød"
    rows = {
        "/api/products": ProductFactory(name=name),
        "/api/establishments": EstablishmentFactory(name=name),
        "/api/portfolios": PortfolioFactory(name=name),
    }
    ProductFactory(name="Avena")
    for path, row in rows.items():
        assert ids(admin_api, path, words) == [row.pk], path


def test_places_are_found_without_accents(admin_api, client):
    reference.load()
    cities = admin_api.get("/api/cities", {"search": "medellin"}).json()["results"]
    assert [city["name"] for city in cities] == ["Medellín"]
    client.force_login(admin_api.user)
    page = client.get(reverse("admin:stores_department_changelist"), {"q": "bogota"})
    assert [one.code for one in page.context["cl"].result_list] == ["11"]


def test_reference_data_that_is_loaded_again_changes_nothing():
    reference.load()
    assert reference.load() == "0 rows of places and typologies"


@pytest.mark.parametrize("sku", ["lec-1", "LEC\u034f-1", "LEC-1\ufe0f", "\uff2cEC-1"])
def test_business_keys_that_look_alike_are_one(admin_api, sku):
    ProductFactory(sku="LEC-1")
    answer = admin_api.post("/api/products", {"sku": sku, "name": "Leche"})
    assert_problem(answer, 409, "sku_taken")
    assert Product.objects.count() == 1


@pytest.mark.parametrize("name", ["\u3164", "\u2800"])
def test_a_product_has_a_name_that_shows(admin_api, name):
    answer = admin_api.post("/api/products", {"sku": "LEC-1", "name": name})
    assert_problem(answer, 400, "invalid", field="name")
    assert not Product.objects.exists()


def test_keys_of_former_rules_are_made_anew():
    product = ProductFactory(sku="LEC-1", name="Łaciate")
    Product._default_manager.bulk_update([product_with(product)], ["sku_key", "search_key"])
    assert Refresh(Product).run() == 2
    product.refresh_from_db()
    assert (product.sku_key, product.search_key.split()[0]) == ("lec-1", "lec-1")


def product_with(product):
    product.sku_key, product.search_key = "lec\u034f-1", "łaciate"
    return product
