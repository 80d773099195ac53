"""The sandbox's faults: as asked for, as often, and gone again."""

import http.client
import time

import pytest

import sandbox
from sandbox.tests.helpers_requests import POPULAR, call, fault


def test_status_fault_ends_after_so_many_times(server):
    assert fault(server, "tmdb", status=503, retry_after=1, times=2)[::2] == (
        200,
        {"tmdb": {"status": 503, "retry_after": 1, "times": 2}},
    )
    for _ in range(2):
        status, headers, body = call(server, POPULAR)
        assert (status, headers["Retry-After"], body["status_code"]) == (503, "1", 9)
    assert call(server, POPULAR)[0] == 200
    assert call(server, "/_faults")[2] == {}


def test_faults_are_cleared_one_by_one_or_all(server):
    fault(server, "tmdb", status=500)
    fault(server, "dogs", status=500)
    fault(server, "relay", status=500)
    assert call(server, "/_faults/tmdb", method="DELETE")[2] == {
        "dogs": {"status": 500},
        "relay": {"status": 500},
    }
    assert call(server, "/_faults", method="DELETE")[2] == {}
    assert call(server, POPULAR)[0] == 200


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"unknown": 1},
        {"status": "503"},
        {"status": True},
        {"status": 99},
        {"status": 600},
        {"delay": -1},
        {"delay": "1"},
        {"drip": 1},
        {"times": 0},
        {"redirect": "a\r\nb"},
    ],
)
def test_a_bad_fault_is_refused(server, fields):
    assert fault(server, "tmdb", **fields)[0] == 400
    assert call(server, "/_faults")[2] == {}


def test_a_fault_of_nobody_is_refused(server):
    assert fault(server, "nobody", status=500)[0] == 404
    assert call(server, "/_faults/tmdb", method="PUT", data=b"{")[0] == 400
    assert call(server, "/_faults", method="PUT", data=b"{}")[0] == 404
    with pytest.raises(sandbox.FaultError):
        server.faults.set("nobody", status=500)


def test_delay(server):
    server.faults.set("dogs", delay=0.3)
    started = time.monotonic()
    assert call(server, "/dogs/api/breeds/image/random")[0] == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("kind", ["drip", "drip_headers"])
def test_drip_sends_byte_by_byte(server, kind):
    server.faults.set("dogs", **{kind: True})
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    started = time.monotonic()
    connection.request("GET", "/dogs/api/breeds/image/random")
    if kind == "drip":
        response = connection.getresponse()
        assert response.status == 200
        assert response.read(3) == b'{"m'
    else:
        received = b""
        while len(received) < 3:
            received += connection.sock.recv(3 - len(received))
        assert received == b"HTT"
    assert time.monotonic() - started >= 0.2
    connection.close()


def test_reset_is_a_reset(server):
    server.faults.set("dogs", reset=True)
    with pytest.raises(ConnectionResetError):
        call(server, "/dogs/api/breeds/image/random")


def test_cut_resets_in_the_middle_of_the_body(server):
    server.faults.set("dogs", cut=True)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        call(server, "/dogs/api/breeds/image/random")


def test_garbage_is_no_json(server):
    server.faults.set("dogs", garbage=True)
    with pytest.raises(ValueError, match="decode"):
        call(server, "/dogs/api/breeds/image/random")


@pytest.mark.parametrize("name", ["dogs", "tmdb", "relay"])
def test_wrong_type_is_a_list(server, name):
    server.faults.set(name, wrong_type=True)
    status, _headers, body = call(server, f"/{name}/api/files")
    assert (status, type(body)) == (200, list)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("dogs", {"status": "error", "message": "Internal Server Error", "code": 500}),
        (
            "tmdb",
            {
                "success": False,
                "status_code": 11,
                "status_message": "Internal error: Something went wrong, contact TMDb.",
            },
        ),
        ("relay", {"detail": "Internal Server Error"}),
    ],
)
def test_error_body_comes_with_200(server, name, body):
    server.faults.set(name, error_body=True)
    assert call(server, f"/{name}/")[::2] == (200, body)


def test_big_has_the_size_asked_for_and_is_json(server):
    server.faults.set("dogs", big=1_000_000)
    _status, headers, body = call(server, "/dogs/api/breeds/image/random")
    assert headers["Content-Length"] == "1000000"
    assert len(body["message"]) == 1_000_000 - len('{"message": ""}')


def test_redirect(server):
    server.faults.set("dogs", redirect="http://169.254.169.254/")
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    connection.request("GET", "/dogs/api/breeds/image/random")
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (302, "http://169.254.169.254/")
    connection.close()


def test_a_body_is_read_before_a_fault_so_that_the_connection_lives_on(server):
    server.faults.set("relay", status=503, times=1)
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    statuses = []
    for _ in range(2):
        connection.request("POST", "/relay/api/files", body=b"x" * 200_000)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [503, 422]


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Content-Length", "abc", 400),
        ("Content-Length", "999999999999", 413),
        ("Transfer-Encoding", "chunked", 411),
    ],
)
def test_a_body_of_unknown_or_excessive_length_is_refused(server, header, value, status):
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    connection.putrequest("POST", "/relay/api/files")
    connection.putheader(header, value)
    connection.endheaders()
    assert connection.getresponse().status == status
    connection.close()


def test_head_has_no_body(server):
    connection = http.client.HTTPConnection(*server.server_address, timeout=30)
    connection.request("HEAD", "/_health")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    connection.close()


def test_a_drip_ends_when_the_sandbox_stops():
    with sandbox.running() as server:
        server.faults.set("dogs", drip=True)
        connection = http.client.HTTPConnection(*server.server_address, timeout=30)
        connection.request("GET", "/dogs/api/breeds/image/random")
        response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()
