"""nginx when nodes die, are gone or go away."""

import contextlib
import threading
import time

import pytest

from scripts import proxy
from tests.asserts import assert_problem
from tests.helpers_nginx import Front, needs_nginx, node_in

pytestmark = [needs_nginx, pytest.mark.long]


@contextlib.contextmanager
def two_nodes(folder, **options):
    """Run nginx in front of two nodes, each of which dies of whatever asks it for /die."""
    with node_in(folder) as one, node_in(folder) as other:
        nginx = proxy.Proxy(folder / "nginx")
        nginx.nodes({one.port: "", other.port: ""}, **options)
        with nginx:
            yield Front(folder, nginx, [one, other])


@pytest.fixture
def dying(tmp_path):
    with two_nodes(tmp_path) as front:
        yield front


@pytest.fixture
def forgiven(tmp_path):
    """The same, and nginx goes on asking a node that failed."""
    with two_nodes(tmp_path, options="max_fails=0") as front:
        yield front


def test_only_what_is_safe_to_repeat_is_repeated(forgiven):
    # /die kills the worker that handles it, so every repetition is one more line in the log.
    cases = {
        ("POST", "/die", ""): 1,
        ("PATCH", "/die", ""): 1,
        ("PATCH", "/die", "k" * 20): 1,
        ("POST", "/die", "k" * 20): 2,
        ("GET", "/die", ""): 2,
        ("DELETE", "/die", ""): 2,
        ("POST", "/api/sync/visits?die", ""): 2,  # known by the ids in it
    }
    for (method, path, key), times in cases.items():
        forgiven.log.write_text("")
        headers = {"Idempotency-Key": key} if key else {}
        response = forgiven.ask(
            method, path, body=b"{}" if method != "GET" else None, headers=headers
        )
        assert_problem(response, 502, "bad_gateway")
        assert response.headers["Retry-After"] == "2"
        died = [seen for seen in forgiven.seen() if seen["path"] == path.partition("?")[0]]
        assert len(died) == times, (method, path, key)
        assert {seen["length"] for seen in died} == ({0} if method == "GET" else {2})
        deadline = time.monotonic() + 30
        while any(node.status("/") != 200 for node in forgiven.nodes):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_dead_node_is_passed_over(dying):
    dying.nodes[0].kill()
    statuses = [
        dying.ask("POST", "/x", body=b"1", headers={"Idempotency-Key": "k" * 20}).status
        for _ in range(40)
    ]
    assert statuses == [200] * 40


def test_no_node_at_all_is_a_problem_not_a_hang(dying):
    for node in dying.nodes:
        node.kill()
    before = time.monotonic()
    body = assert_problem(dying.ask(path="/api/x"), 502, "bad_gateway")
    assert time.monotonic() - before < 10
    assert body["instance"] == "/api/x"


def test_a_reload_drops_nothing(dying):
    answers = []
    asking = threading.Thread(target=lambda: answers.append(dying.ask(path="/wait/1").status))
    asking.start()
    while not dying.seen():
        time.sleep(0.01)
    dying.nginx.nodes({dying.nodes[0].port: "", dying.nodes[1].port: "down"})
    dying.nginx.reload()
    asking.join()
    assert answers == [200]
