"""One platform and one browser for all tests here, and both front doors."""

from pathlib import Path

import pytest

from scripts import local, proxy
from tests.browser import chromium
from tests.browser.staff import MOST_PRESSES, Staff
from tests.browser.swagger import Docs

HERE = Path(__file__).parent
FRONT_END_PORT = proxy.free_port()
# Another name than the platform's: another site, not just another port.
FRONT_END = f"http://localhost:{FRONT_END_PORT}"


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items):
    """Keep the tests of a file together, but for those that say what they belong to."""
    for item in items:
        if Path(item.path).parent == HERE and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


@pytest.fixture(scope="session")
def node(driver, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with local.running(folder, CORS_ALLOWED_ORIGINS=FRONT_END) as started:
        yield started


@pytest.fixture(scope="session")
def nginx(node, tmp_path_factory):
    if proxy.nginx_path() is None:
        pytest.skip("nginx is not installed")  # the node alone is tried all the same
    front = proxy.Proxy(tmp_path_factory.mktemp("nginx"), origins=[FRONT_END])
    front.nodes({node.port: ""})
    with front:
        yield front


@pytest.fixture(scope="session")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def driver(downloads):
    if lacking := chromium.missing():
        pytest.skip(lacking)  # names the program that is not installed here
    started = chromium.start(downloads)
    yield started
    started.quit()


@pytest.fixture(params=["node /docs", "nginx /api/docs"])
def docs(request, driver):
    """Swagger UI, whose console must have nothing to say at the end.

    Either door to the platform: a node alone, and nginx in front of it.
    """
    door, path = request.param.split()
    page = Docs(driver, f"http://127.0.0.1:{request.getfixturevalue(door).port}", path)
    yield page
    assert chromium.complaints(driver, page.refused) == []


@pytest.fixture(params=["es", "en"])
def staff(request, driver, node):
    """Somebody at the home page; at the end nothing went wrong and few things were pressed."""
    person = Staff(driver, node.port, request.param)
    person.open()
    yield person
    person.is_content()
    assert 0 < len(person.presses) <= MOST_PRESSES, person.presses
    person.leave()
