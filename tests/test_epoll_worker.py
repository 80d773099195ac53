"""gunicorn's worker whose threads share their connections: who waits, who is answered, who ends."""

import contextlib
import json
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.helpers_nginx import node_in

THREADS = 4  # of a node's one worker
KEPT_SECONDS = 1


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = node_in(tmp_path_factory.mktemp("node"))
    made.command += ["--keep-alive", str(KEPT_SECONDS)]
    with made:
        yield made


@pytest.fixture
def own_node(tmp_path):
    with node_in(tmp_path) as made:
        yield made


@contextlib.contextmanager
def connected(node, number=1):
    with contextlib.ExitStack() as stack:
        made = [socket.create_connection(("127.0.0.1", node.port), 10) for _ in range(number)]
        for one in made:
            stack.enter_context(one)
        yield made


def request(path="/", *lines):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def answers_of(connection, number):
    """Read so many answers; return their statuses, and the paths that were seen."""
    file, found = connection.makefile("rb"), []
    for _ in range(number):
        status = file.readline().split()[1]
        head = b"".join(iter(file.readline, b"\r\n"))
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        found.append((int(status), json.loads(file.read(length))["path"]))
    return found


def test_more_connections_than_threads_are_all_answered_again_and_again(node):
    with connected(node, 3 * THREADS) as many:
        for turn in range(3):
            for number, one in enumerate(many):
                one.sendall(request(f"/{turn}/{number}"))
            for number, one in enumerate(many):
                assert answers_of(one, 1) == [(200, f"/{turn}/{number}")]


def test_who_says_nothing_holds_no_thread(node):
    with connected(node, 2 * THREADS), connected(node) as (asking,):
        asking.sendall(request("/asked"))
        assert answers_of(asking, 1) == [(200, "/asked")]


def test_requests_that_came_together_are_answered_in_their_order(node):
    with connected(node) as (one,):
        one.sendall(b"".join(request(f"/{number}") for number in range(5)))
        assert answers_of(one, 5) == [(200, f"/{number}") for number in range(5)]


@pytest.mark.parametrize("sent", [b"", request()], ids=["new", "answered"])
def test_a_connection_that_rests_for_too_long_is_closed(node, sent):
    with connected(node) as (one,):
        one.sendall(sent)
        answers_of(one, 1 if sent else 0)
        before = time.monotonic()
        assert one.recv(1) == b""
        assert time.monotonic() - before > KEPT_SECONDS * 0.9


def test_a_request_that_ends_its_thread_ends_none(node):
    for _ in range(THREADS + 1):
        with connected(node) as (one,):
            one.sendall(request("/exit"))
            assert one.recv(65536) == b""
    with connected(node) as (one,):
        one.sendall(request("/after"))
        assert answers_of(one, 1) == [(200, "/after")]


def test_no_file_stays_open_when_clients_are_gone(node):
    pid = json.loads(b"".join(get(node, "/")))["pid"]

    def open_files():
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))

    with connected(node) as (one,):
        one.sendall(request())
        answers_of(one, 1)
        before = open_files() - 1
    with connected(node, 30) as many:
        for one in many[:15]:
            one.sendall(request())
            answers_of(one, 1)
    deadline = time.monotonic() + 10
    while open_files() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_files() <= before


def get(node, path):
    connection = HTTPConnection("127.0.0.1", node.port, timeout=10)
    connection.request("GET", path)
    yield connection.getresponse().read()
    connection.close()


def test_told_to_stop_it_ends_what_it_began_and_takes_nothing_new(own_node):
    with connected(own_node, 2) as (busy, idle), ThreadPoolExecutor(1) as pool:
        idle.sendall(request("/idle"))
        assert answers_of(idle, 1) == [(200, "/idle")]
        busy.sendall(request("/wait/1"))
        while not any(line["path"] == "/wait/1" for line in seen(own_node)):
            time.sleep(0.01)
        ended = pool.submit(own_node.terminate)
        assert answers_of(busy, 1) == [(200, "/wait/1")]
        idle.sendall(request("/last"))  # it may have been under way when the other end stopped
        assert answers_of(idle, 1) == [(200, "/last")]
        assert idle.recv(1) == b""
        ended.result(10)
    assert own_node.process.returncode == 0
    with pytest.raises(ConnectionRefusedError), connected(own_node):
        pass


def test_told_to_quit_it_waits_for_nobody(own_node):
    with connected(own_node) as (busy,):
        busy.sendall(request("/wait/20"))
        while not seen(own_node):
            time.sleep(0.01)
        before = time.monotonic()
        own_node.process.send_signal(signal.SIGQUIT)
        own_node.process.wait(10)
        assert time.monotonic() - before < 10


def seen(node):
    log = node.log.parent / "seen.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def test_a_worker_that_answered_enough_is_replaced_and_nobody_notices(tmp_path):
    made = node_in(tmp_path)
    made.command += ["--max-requests", "20", "--max-requests-jitter", "0"]
    with made:
        pids = {json.loads(b"".join(get(made, "/")))["pid"] for _ in range(70)}
    assert len(pids) >= 3
