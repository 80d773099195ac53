"""A file on its way out: whole, once, within its time."""

import hashlib
import io
import socket
import threading
import time

import pytest

from core.tests.outbound.helpers_calls import MARGIN_SECONDS, OK, counted, failure


@pytest.fixture
def relay(server, make):
    return lambda **options: make(f"{server.url}/relay/api", **options)


def received(server, make):
    return make(f"{server.url}/relay/api").get_json("files")["files"]


@pytest.mark.parametrize("content", [b"", b"--\r\n\x00\xff", b"x" * 3_000_000])
def test_a_file_arrives_exactly(server, make, relay, content):
    answer = relay().post_file("files", io.BytesIO(content), 'añil "1".bin')
    assert answer == {"filename": answer["filename"]}
    (file,) = received(server, make)
    assert (file["size"], file["sha256"]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert file["filename"].startswith("añil ")


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429}, {"reset": True}, {"delay": 60}]
)
def test_a_post_is_not_repeated(server, relay, lines, fault):
    server.faults.set("relay", times=1, **fault)
    upstream = relay(read_timeout=0.1) if "delay" in fault else relay()
    failure(lambda: upstream.post_file("files", io.BytesIO(b"x"), "a.txt"))
    assert counted(server, 1) == 1
    assert (lines()[0].method, lines()[0].attempts) == ("POST", 1)


@pytest.mark.parametrize("fault", [{"status": 503}, {"reset": True}])
def test_a_post_is_repeated_whole_when_that_is_safe(server, make, relay, fault):
    server.faults.set("relay", times=2, **fault)
    relay().post_file("files", io.BytesIO(b"abc" * 1000), "a.txt", repeatable=True)
    assert server.calls("relay", "/api/files") == 3
    (file,) = received(server, make)
    assert file["sha256"] == hashlib.sha256(b"abc" * 1000).hexdigest()


def test_an_upload_that_nobody_reads_ends_with_the_deadline(make):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream = make(f"http://127.0.0.1:{listener.getsockname()[1]}", total_deadline=0.4)
        error, seconds = failure(
            lambda: upstream.post_file("files", io.BytesIO(b"x" * 30_000_000), "a.bin")
        )
    assert error.reason == "timeout"
    assert seconds < 0.4 + MARGIN_SECONDS


def test_an_upload_may_stall_longer_than_a_connect_may_take(make):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _address = listener.accept()
            with connection, connection.makefile("rb") as stream:
                time.sleep(0.4)
                head = b"".join(iter(stream.readline, b"\r\n")).lower()
                stream.read(int(head.split(b"content-length:")[1].split()[0]))
                connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve)
        thread.start()
        upstream = make(f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout=0.2)
        answer = upstream.post_file("files", io.BytesIO(b"x" * 30_000_000), "a.bin")
        thread.join()
    assert answer == {}
