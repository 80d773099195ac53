"""What a read of dogs costs: counted, never timed, so that a busy machine breaks no test."""

import gc
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dogs.tests.factories import DogFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fast(settings):
    """Count on the fast path, however the suite is run."""
    settings.FAST_READS = True


def calls_of(run):
    """Return how many calls, of Python and of C functions, ``run`` makes in this thread."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    gc.collect()  # what it calls is nobody's cost
    gc.disable()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


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
