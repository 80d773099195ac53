"""One nginx with two nodes for each process of the suite."""

import pytest

from scripts import proxy
from tests.fronts import Front, start_node


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front")
    nodes = [start_node(folder) for _ in range(2)]
    nginx = proxy.Proxy(
        folder / "nginx",
        MAX_UPLOAD_BYTES="100000",
        LOGIN_RATE="1r/s",
        LOGIN_BURST="3",
    )
    nginx.nodes({node.port: "" for node in nodes})
    with nginx:
        yield Front(folder, nginx, nodes)
    for node in nodes:
        node.kill()


@pytest.fixture
def fresh(front):
    """The same with an empty log and every node trusted again."""
    front.log.write_text("")
    return front
