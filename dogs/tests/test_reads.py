"""What a read of dogs costs, and the lock of a write: counted, never timed."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.api import statements
from core.tests.costs import calls_of
from dogs.tests.factories import DogFactory
from dogs.views import DogViewSet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fast(settings):
    """Count on the fast path, however the suite is run."""
    settings.FAST_READS = True


def test_a_row_more_costs_a_handful_of_calls_and_no_query(client):
    DogFactory.create_batch(60)
    for limit in (10, 50):
        client.get(f"/api/dogs?limit={limit}")
    few, many = (
        calls_of(lambda limit=limit: client.get(f"/api/dogs?limit={limit}")) for limit in (10, 50)
    )
    # DRF's own way takes 200. SQLite's texts become times by a dozen calls.
    assert (many - few) / 40 <= 32
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/dogs?limit=50")
    assert len(queries) == 1


def test_one_resource_costs_few_calls_and_one_query(client):
    dog = DogFactory()
    path = f"/api/dogs/{dog.name}"
    client.get(path)
    # The test client's own 700 included; the plain path takes 1,600 more.
    assert calls_of(lambda: client.get(path)) <= 3000
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    assert len(queries) == 1


def test_a_signed_in_read_costs_one_query_more(user_api):
    dog = DogFactory()
    with CaptureQueriesContext(connection) as queries:
        user_api.get(f"/api/dogs/{dog.name}")
    assert len(queries) == 2


def test_a_write_takes_its_row_by_a_kept_statement_that_says_the_same(user_api, settings):
    dog = DogFactory()
    asked = {}
    for fast in (True, True, False):
        settings.FAST_READS = fast
        with CaptureQueriesContext(connection) as queries:
            response = user_api.patch(f"/api/dogs/{dog.name}", {"is_adopted": dog.is_adopted})
        assert response.status_code == 200
        (sql,) = [one["sql"] for one in queries if 'FROM "dogs_dog"' in one["sql"]]
        asked[fast] = re.sub(r" LIMIT \d+|[()]", "", sql)
    assert asked[True] == asked[False]
    assert ("FOR UPDATE" in asked[True]) == (connection.vendor == "postgresql")
    assert (DogViewSet, "lock", "name_key") in statements.kept
    assert user_api.patch("/api/dogs/nobody", {"is_adopted": False}).status_code == 404
