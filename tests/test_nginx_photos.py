"""Photos through nginx: a body arrives there whole before any node sees it."""

import json
import socket
import time

import pytest

from tests.helpers_nginx import needs_nginx

pytestmark = [needs_nginx]
PHOTO = "/api/photos/0195c1c8-5f0e-7d7a-9b1e-3f6f3a1f0001"
UPLOAD = "application/offset+octet-stream"


def begun(front, method, path, length):
    """Send the head of a request and half of its body; return the connection."""
    peer = socket.create_connection(("127.0.0.1", front.nginx.port), timeout=30)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
    peer.sendall(f"{head}Content-Type: {UPLOAD}\r\n\r\n".encode() + b"x" * (length // 2))
    return peer


@pytest.mark.parametrize(("method", "path"), [("PATCH", PHOTO), ("POST", "/api/photos")])
def test_a_slow_phone_holds_no_thread_of_a_node(fresh, method, path):
    with begun(fresh, method, path, 60_000) as slow:
        # The nodes have four threads each: nine more phones would hold them all.
        others = [begun(fresh, method, path, 60_000) for _number in range(9)]
        answer = fresh.ask(path="/api/quick")
        assert answer.status == 200
        assert [seen["path"] for seen in fresh.seen()] == ["/api/quick"]
        slow.sendall(b"x" * 30_000)
        head, _blank, body = slow.recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert json.loads(body)["length"] == 60_000
        for other in others:
            other.close()


def test_a_piece_that_is_cut_off_reaches_no_node(fresh):
    begun(fresh, "PATCH", PHOTO, 60_000).close()
    deadline = time.monotonic() + 10
    while not any(f'"path":"{PHOTO}"' in line for line in fresh.nginx.access_lines()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert fresh.seen() == []


def test_a_piece_may_be_larger_than_other_bodies_of_no_form(fresh):
    answer = fresh.ask("PATCH", PHOTO, body=b"x" * 90_000, headers={"Content-Type": UPLOAD})
    assert json.loads(answer.data)["length"] == 90_000
