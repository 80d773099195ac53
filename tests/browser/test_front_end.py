"""A page on another site: what CORS_ALLOWED_ORIGINS promises it, judged by a real browser.

Whatever the browser hides from a page is a "network error" to it, whoever answered.
"""

import functools
import json
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from scripts import proxy
from tests.browser import chromium
from tests.browser.calls import ADMIN
from tests.browser.chromium import CSS, until
from tests.browser.conftest import FRONT_END, FRONT_END_PORT

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
needs_dogs = pytest.mark.skipif("dogs" not in settings.PLATFORM_APPS, reason="it is about dogs")
HERE = Path(__file__).resolve().parent
MAX_UPLOAD_BYTES = 100_000
EMAIL, PASSWORD = ADMIN


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def site():
    """The page's own server, which the platform knows nothing of but the origin."""
    handler = functools.partial(Quiet, directory=HERE)
    with ThreadingHTTPServer(("127.0.0.1", FRONT_END_PORT), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield FRONT_END
        server.shutdown()
        thread.join()


@pytest.fixture
def strict(node, tmp_path):
    """An nginx of the test's own: four sign-ins, then one a minute; small uploads."""
    front = proxy.Proxy(
        tmp_path / "strict",
        origins=[FRONT_END],
        LOGIN_RATE="1r/m",
        LOGIN_BURST="3",
        MAX_UPLOAD_BYTES=str(MAX_UPLOAD_BYTES),
    )
    front.nodes({node.port: ""})
    with front:
        yield front


class Page:
    """The opened page; a person types into its form, its own functions do the rest."""

    def __init__(self, driver, site, port):
        self.driver = driver
        driver.get(f"{site}/page.html?platform=http://127.0.0.1:{port}")
        driver.execute_script("localStorage.clear()")

    def sign_in(self, password=PASSWORD):
        form = self.driver.find_element(CSS, "form")
        for name, value in (("email", EMAIL), ("password", password)):
            field = form.find_element(CSS, f"[name={name}]")
            field.clear()
            field.send_keys(value)
        form.find_element(CSS, "button").click()
        output = self.driver.find_element(CSS, "output")
        return json.loads(until(self.driver, lambda: output.text))

    def run(self, script, *arguments):
        """What one of the page's functions returns."""
        return self.driver.execute_async_script(
            f"const [...given] = arguments; const done = given.pop(); {script}.then(done)",
            *arguments,
        )

    def call(self, *arguments):
        return self.run("call(...given)", *arguments)


@pytest.fixture(params=["node", "nginx"])
def page(request, driver, site):
    opened = Page(driver, site, request.getfixturevalue(request.param).port)
    yield opened
    assert chromium.complaints(driver) == []


@pytest.fixture
def limited(driver, site, strict):
    opened = Page(driver, site, strict.port)
    yield opened
    assert chromium.complaints(driver, {401, 413, 429, 502}) == []


def test_a_device_is_handed_out_and_taken_back(page):
    first = page.sign_in()
    assert (first["status"], first["sent"]) == (200, None)
    second = page.sign_in()
    assert (second["status"], second["sent"]) == (200, first["body"]["device"])
    assert page.call("GET", "/api/users/me")["body"]["email"] == EMAIL
    assert page.call("POST", "/api/auth/logout")["status"] == 204


@needs_dogs
def test_a_page_reads_limits_and_entity_tags_and_sends_them_back(page):
    page.sign_in()
    path = f"/api/dogs/Nube-{uuid4().hex}"
    made = page.call("POST", path, {"headers": {"Idempotency-Key": uuid4().hex}, "json": {}})
    assert made["status"] == 201
    assert made["headers"]["location"] == path
    # The worker changes the dog, too, and its tag with it.
    until(page.driver, lambda: page.call("GET", path)["body"]["picture_status"] != "pending")
    seen = page.call("GET", path)
    assert {"etag", "ratelimit", "ratelimit-policy", "x-request-id"} <= {*seen["headers"]}
    tagged = {"If-Match": seen["headers"]["etag"]}
    changed = page.call("PATCH", path, {"headers": tagged, "json": {"is_adopted": False}})
    assert changed["status"] == 200
    assert page.call("DELETE", path)["status"] == 204


@needs_dogs
def test_an_unchanged_answer_comes_from_the_browsers_own_cache(page):
    seen = page.call("GET", "/api/dogs/Lazy")
    again = page.call("GET", "/api/dogs/Lazy")
    assert (again["status"], again["body"]) == (200, seen["body"])
    tag = {"headers": {"If-None-Match": seen["headers"]["etag"]}}
    assert page.call("GET", "/api/dogs/Lazy", tag)["status"] == 304


def test_the_limit_on_signing_in_is_no_network_error(limited):
    statuses = [limited.sign_in("wrong-" + PASSWORD)["status"] for _ in range(2)]
    assert statuses == [401, 401]
    assert [limited.sign_in()["status"] for _ in range(2)] == [200, 200]
    refused = limited.sign_in()
    assert (refused["status"], refused["body"]["code"]) == (429, "too_many_requests")
    assert int(refused["headers"]["retry-after"]) > 0
    assert refused["headers"]["x-request-id"] == refused["body"]["request_id"]
    # No preflight counts, and nothing but signing in is limited so.
    assert limited.call("GET", "/api/users/me")["status"] == 200


@pytest.mark.parametrize("size", [MAX_UPLOAD_BYTES, 40_000_000])
def test_a_file_that_nginx_does_not_take_is_no_network_error(limited, size):
    assert limited.sign_in()["status"] == 200
    refused = limited.run("upload(...given)", size)
    assert (refused["status"], refused["body"]["code"]) == (413, "payload_too_large")
    assert limited.call("GET", "/api/users/me")["status"] == 200


def test_a_page_of_an_origin_that_is_not_named_reads_nothing(driver, site, nginx):
    stranger = Page(driver, site.replace("localhost", "127.0.0.1"), nginx.port)
    assert "Failed to fetch" in stranger.call("GET", "/api/users/me")["failed"]
    assert "Failed to fetch" in stranger.sign_in()["failed"]
    said = chromium.complaints(driver)
    assert [one for one in said if "CORS policy" in one]


def test_no_node_at_all_is_no_network_error(limited, strict):
    assert limited.sign_in()["status"] == 200
    assert limited.call("GET", "/api/users/me")["status"] == 200
    strict.nodes({})
    strict.reload()
    until(limited.driver, lambda: limited.call("GET", "/api/users/me").get("status") != 200)
    for path in ("/api/users/me", "/api/journal"):  # the first has been asked for before
        refused = limited.call("GET", path)
        assert (refused["status"], refused["body"]["code"]) == (502, "bad_gateway")
        assert int(refused["headers"]["retry-after"]) > 0
