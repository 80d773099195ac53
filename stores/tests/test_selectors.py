"""Which portfolio holds for an establishment: its own, else that of its typology and region."""

import pytest

from stores.selectors import resolved_establishments
from stores.tests.factories import (
    CityFactory,
    DepartmentFactory,
    EstablishmentFactory,
    PortfolioFactory,
    RegionFactory,
    TypologyFactory,
)

pytestmark = pytest.mark.django_db


def test_the_own_portfolio_wins_over_that_of_typology_and_region(django_assert_num_queries):
    of_the_pair = PortfolioFactory()
    other = PortfolioFactory(typology=TypologyFactory(code="bakery", name="Panadería"))
    centro = RegionFactory(code="centro", name="Centro")
    bogota = CityFactory(
        code="11001",
        name="Bogotá",
        department=DepartmentFactory(code="11", name="Bogotá, D.C.", region=centro),
    )
    plain = EstablishmentFactory()
    special = EstablishmentFactory(portfolio=other)
    elsewhere = EstablishmentFactory(city=bogota)
    without_list = EstablishmentFactory(typology=TypologyFactory(code="kiosk", name="Quiosco"))
    with django_assert_num_queries(1):
        found = dict(resolved_establishments().values_list("pk", "resolved_portfolio"))
    assert found == {
        plain.pk: of_the_pair.pk,
        special.pk: other.pk,
        elsewhere.pk: None,
        without_list.pk: None,
    }
