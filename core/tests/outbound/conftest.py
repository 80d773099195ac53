"""The sandbox, upstreams that call it, and what anybody logs meanwhile."""

import contextlib
import uuid

import pytest

from core.outbound import client
from core.outbound.breaker import Breaker


@pytest.fixture
def server(sandbox_server):
    """A healthy sandbox that nobody has called yet."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def make(server):
    """Build upstreams with wide bounds and a breaker of their own that stays out of the way."""
    with contextlib.ExitStack() as stack:

        def build(base_url=None, **options):
            name = f"test-{uuid.uuid4().hex}"
            options = {
                "connect_timeout": 10,
                "read_timeout": 10,
                "total_deadline": 20,
                "backoff": 0.01,
                "breaker": Breaker(name, threshold=1000),
                **options,
            }
            upstream = client.Upstream(name, base_url or f"{server.url}/dogs/api", **options)
            stack.callback(upstream.close)
            return upstream

        yield build


@pytest.fixture
def lines(logged):
    """How to get at our own lines among everything that anybody logs."""

    def own():
        return [record for record in logged if record.name == "plaza.outbound"]

    return own
