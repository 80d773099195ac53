"""The sandbox, as each test finds it."""

import pytest


@pytest.fixture
def server(sandbox_server):
    """A healthy sandbox that nobody has called yet."""
    sandbox_server.reset()
    return sandbox_server
