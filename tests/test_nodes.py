"""nginx when nodes die, are gone or go away."""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts import proxy
from tests.asserts import assert_problem
from tests.helpers_nginx import Front, needs_nginx, node_in

pytestmark = [needs_nginx, pytest.mark.long]


@contextlib.contextmanager
def two_nodes(folder):
    """Run nginx in front of two nodes, each of which dies of whatever asks it for /die."""
    with node_in(folder) as one, node_in(folder) as other:
        nginx = proxy.Proxy(folder / "nginx", origins=["https://front.example"])
        nginx.nodes({one.port: "", other.port: ""})
        with nginx:
            yield Front(folder, nginx, [one, other])


@pytest.fixture
def dying(tmp_path):
    with two_nodes(tmp_path) as front:
        yield front


def test_only_what_is_safe_to_repeat_is_repeated(dying):
    # /die kills the worker that handles it, so every repetition is one more line in the log.
    cases = {
        ("POST", "/die", ""): 1,
        ("PATCH", "/die", ""): 1,
        ("PATCH", "/die", "k" * 20): 1,
        ("POST", "/die", "k" * 20): 2,
        ("GET", "/die", ""): 2,
        ("DELETE", "/die", ""): 2,
        ("POST", "/api/sync/visits?die", ""): 2,  # known by the ids in it
        ("PATCH", "/api/photos/1?die", ""): 2,  # bytes have their place
    }
    for (method, path, key), times in cases.items():
        dying.log.write_text("")
        headers = {"Idempotency-Key": key} if key else {}
        response = dying.ask(method, path, body=b"{}" if method != "GET" else None, headers=headers)
        assert_problem(response, 502, "bad_gateway")
        assert response.headers["Retry-After"] == "2"
        died = [seen for seen in dying.seen() if seen["path"] == path.partition("?")[0]]
        assert len(died) == times, (method, path, key)
        assert {seen["length"] for seen in died} == ({0} if method == "GET" else {2})
        deadline = time.monotonic() + 30
        while any(node.status("/") != 200 for node in dying.nodes):
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
    answer = dying.ask(path="/api/x", headers={"Origin": "https://front.example"})
    body = assert_problem(answer, 502, "bad_gateway")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://front.example"
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
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


@contextlib.contextmanager
def hung(node):
    """Stop a node's processes: it listens, and nothing answers."""
    node.pause()
    try:
        yield
    finally:
        node.resume()


def together(front, *requests):
    """Send requests at the same time and return their answers in order."""
    with ThreadPoolExecutor(len(requests)) as pool:
        sent = [
            pool.submit(front.ask, method, path, b"{}", headers)
            for method, path, headers in requests
        ]
    return [each.result() for each in sent]


KEY = {"Idempotency-Key": "k" * 20}


def test_a_node_that_hangs_is_left_for_another(dying):
    first, other = (node.port for node in dying.nodes)
    dying.nginx.nodes({first: "", other: "backup"})  # so that all ask the one that hangs
    dying.nginx.reload()
    time.sleep(0.5)
    ways = [("GET", {}), ("PUT", {}), ("DELETE", {}), ("POST", KEY)]
    with hung(dying.nodes[0]):
        answers = together(dying, *[(method, "/api/x", key) for method, key in ways])
    assert [answer.status for answer in answers] == [200] * 4
    deadline = time.monotonic() + 10
    while len(dying.nginx.access_lines()) < len(ways) and time.monotonic() < deadline:
        time.sleep(0.02)  # nginx writes a line after the answer
    lines = [json.loads(line) for line in dying.nginx.access_lines()]
    assert sorted(line["method"] for line in lines) == sorted(method for method, _ in ways)
    assert {line["upstream_status"] for line in lines} == {"504, 200"}


def test_who_waits_for_a_hung_node_keeps_others_away_from_it(dying):
    with hung(dying.nodes[0]), ThreadPoolExecutor(2) as pool:
        # Of two nodes without work each gets its turn: one of two requests waits.
        waiting = [pool.submit(dying.ask, "GET", "/api/x") for _ in range(2)]
        while not any(one.done() for one in waiting):
            time.sleep(0.01)
        answers = [dying.ask(path="/api/x").status for _ in range(20)]
        assert [one.done() for one in waiting].count(False) == 1  # it waits still
    assert answers == [200] * 20
    assert [one.result().status for one in waiting] == [200] * 2


def test_both_nodes_hung_is_a_problem_that_a_front_end_may_read(dying):
    with hung(dying.nodes[0]), hung(dying.nodes[1]):
        answer = dying.ask(path="/api/x", headers={"Origin": "https://front.example"})
    assert_problem(answer, 504, "gateway_timeout")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://front.example"
    assert answer.headers["Retry-After"] == "2"


LONG = ["/admin/x", "/api/files", "/api/patients/import", "/api/products/bulk", "/api/a.csv"]


def test_long_work_and_what_may_not_be_repeated_have_longer(dying):
    dying.log.write_text("")
    requests = [("GET", f"{path}?wait=7", {}) for path in LONG]
    requests += [(method, "/wait/7", {}) for method in ("POST", "PATCH")]
    requests += [("POST", "/api/auth/token/refresh?wait=7", {})]
    answers = together(dying, *requests)
    assert [answer.status for answer in answers] == [200] * 8
    assert len(dying.seen()) == 8
