"""One nginx with two nodes for each process of the suite."""

import pytest

from scripts import proxy
from tests.helpers_nginx import Front, node_in


@pytest.fixture(scope="session")
def front(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front")
    nginx = proxy.Proxy(
        folder / "nginx",
        MAX_UPLOAD_BYTES="100000",
        LOGIN_RATE="1r/m",
        LOGIN_BURST="3",
        origins=["https://front.example"],
    )
    with node_in(folder) as one, node_in(folder) as other:
        nginx.nodes({one.port: "", other.port: ""})
        with nginx:
            yield Front(folder, nginx, [one, other])


@pytest.fixture
def fresh(front):
    """The same with an empty log and every node trusted again."""
    front.log.write_text("")
    return front
