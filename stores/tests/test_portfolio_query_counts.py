"""Lists of portfolios, versions and assignments cost the same at 1, 10 and 50 rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stores.tests.factories import (
    AssignmentFactory,
    PortfolioFactory,
    ProductFactory,
    RegionFactory,
    VersionFactory,
)
from stores.tests.helpers_dates import day

pytestmark = pytest.mark.django_db


def queries_of(client, path):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code == 200
    return len(captured), len(answer.json()["results"])


def counts_of(client, path, make):
    """Return queries and rows of a list of 1, 10 and 50 rows."""
    counts, rows = [], 0
    for wanted in (1, 10, 50):
        for number in range(rows, wanted):
            make(number)
        rows = wanted
        counts.append(queries_of(client, path))
    return counts


@pytest.mark.parametrize("role", ["ADMIN", "SELLER"])
def test_portfolios(client_for, role):
    products = ProductFactory.create_batch(3)

    def make(number):
        portfolio = PortfolioFactory(region=RegionFactory(code=f"r{number}"))
        VersionFactory(portfolio=portfolio, valid_until=day(4), products=products)
        VersionFactory(portfolio=portfolio, valid_from=day(5), products=products[1:])
        VersionFactory(portfolio=portfolio, draft=True)

    # who calls, portfolios, versions, items with their SKUs
    expected = [(4, 1), (4, 10), (4, 50)]
    assert counts_of(client_for(role), "/api/portfolios", make) == expected


def test_versions(client_for):
    portfolio, products = PortfolioFactory(), ProductFactory.create_batch(3)

    def make(number):
        from_day = day(number * 2)
        VersionFactory(
            portfolio=portfolio, valid_from=from_day, valid_until=from_day, products=products
        )

    # who calls, the portfolio, its versions, items with their SKUs
    expected = [(4, 1), (4, 10), (4, 50)]
    path = f"/api/portfolios/{portfolio.pk}/versions"
    assert counts_of(client_for("SUPPORT"), path, make) == expected


@pytest.mark.parametrize("query", ["", "?state=all&city=05001"])
@pytest.mark.parametrize("role", ["ADMIN", "SELLER"])
def test_assignments(client_for, role, query):
    client = client_for(role)
    mine = {"seller": client.user} if role == "SELLER" else {}
    expected = [(2, 1), (2, 10), (2, 50)]  # who calls, assignments
    path = f"/api/assignments{query}"
    assert counts_of(client, path, lambda _: AssignmentFactory(**mine)) == expected


def test_single_resources(client_for, django_assert_num_queries):
    version, assignment = VersionFactory(products=[ProductFactory()]), AssignmentFactory()
    client = client_for("SUPPORT")
    with django_assert_num_queries(4):  # who calls, portfolio, versions, items
        client.get(f"/api/portfolios/{version.portfolio_id}")
    with django_assert_num_queries(3):  # who calls, version, items
        client.get(f"/api/portfolios/{version.portfolio_id}/versions/{version.number}")
    with django_assert_num_queries(2):  # who calls, assignment
        client.get(f"/api/assignments/{assignment.pk}")
