"""Which rows a test's code writes."""

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def updates_of(model):
    """Collect the UPDATE statements of a model's table; the list is full when the block ends."""
    found = []
    with CaptureQueriesContext(connection) as queries:
        yield found
    start = f'UPDATE "{model._meta.db_table}" '
    found += [query["sql"] for query in queries if query["sql"].startswith(start)]
