"""Names and addresses: what is resolved, what is connected to, what is refused."""

import socket
import threading

import pytest

from core.outbound import client
from core.tests.outbound.helpers_calls import MARGIN_SECONDS, PICTURE, failure, resolving


def test_a_name_that_does_not_resolve(make, lines, monkeypatch):
    resolving(monkeypatch, {"nowhere.invalid": socket.gaierror(-2, "Name not known")})
    error, seconds = failure(lambda: make("https://nowhere.invalid").get_json("x"))
    assert (error.reason, error.status, error.temporary) == ("connection", None, True)
    assert lines()[0].attempts == 3
    assert seconds < MARGIN_SECONDS


def test_a_name_that_cannot_be_one(make):
    error, _seconds = failure(lambda: make(f"https://{'a' * 70}.example").get_json("x"))
    assert error.reason == "connection"


def test_a_resolver_that_hangs(make, monkeypatch):
    hang = threading.Event()
    resolving(monkeypatch, {"slow.invalid": lambda: hang.wait(30) and ["1.1.1.1"]})
    error, seconds = failure(lambda: make("https://slow.invalid", total_deadline=0.5).get_json("x"))
    hang.set()
    assert error.reason == "timeout"
    assert seconds < 0.5 + MARGIN_SECONDS


INSIDE = [
    *("127.0.0.2", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0"),  # noqa: S104 - called, not bound
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[0:0:0:0:0:0:0:1]"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    *("[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]"),
    *("[2002:a00:1::]", "[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fec0::1]"),
    *("169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "0xa9fea9fe"),
    *("100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255", "[ff02::1]", "[2001:db8::1]", "0.1.2.3"),
]


@pytest.mark.parametrize("host", INSIDE)
def test_addresses_inside_are_refused_unconnected(server, make, lines, monkeypatch, host):
    connected = resolving(monkeypatch, {})
    port = server.server_address[1]
    error, _seconds = failure(lambda: make(f"http://{host}:{port}/dogs/api").get_json(PICTURE))
    assert (error.reason, error.status, error.temporary) == ("blocked", None, False)
    assert (connected, server.calls(), len(lines())) == ([], 0, 1)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254"])
@pytest.mark.parametrize("host", ["api.example", "localhost."])
def test_a_public_name_at_an_inside_address_is_refused(make, monkeypatch, host, address):
    connected = resolving(monkeypatch, {host: [address, "1.1.1.1"]})
    error, _seconds = failure(lambda: make(f"https://{host}").get_json("x"))
    assert (error.reason, connected) == ("blocked", [])


def test_a_name_that_moves_inside_between_attempts_is_refused(make, monkeypatch):
    moves = iter([["1.1.1.1"], ["127.0.0.1"]])
    connected = resolving(monkeypatch, {"api.example": lambda: next(moves)})
    error, _seconds = failure(lambda: make("https://api.example").get_json("x"))
    assert (error.reason, connected) == ("blocked", ["1.1.1.1"])


def test_a_public_address_is_connected_to(make, monkeypatch):
    connected = resolving(monkeypatch, {"api.example": ["1.1.1.1", "8.8.8.8"]})
    error, _seconds = failure(lambda: make("https://api.example", attempts=1).get_json("x"))
    assert (error.reason, connected) == ("connection", ["1.1.1.1", "8.8.8.8"])


def test_loopback_reaches_loopback_only(make, monkeypatch):
    connected = resolving(monkeypatch, {"localhost": ["8.8.8.8"]})
    error, _seconds = failure(lambda: make("http://localhost").get_json("x"))
    assert (error.reason, connected) == ("blocked", [])


@pytest.mark.parametrize(
    ("address", "reason"),
    [("10.0.0.7", "connection"), ("127.0.0.1", "connection"), ("169.254.169.254", "blocked")],
)
def test_private_is_a_choice_that_spares_metadata(make, monkeypatch, address, reason):
    connected = resolving(monkeypatch, {"sandbox": [address]})
    upstream = make("http://sandbox:9051", allow_private=True, attempts=1)
    error, _seconds = failure(lambda: upstream.get_json("x"))
    assert (error.reason, connected) == (reason, [address] if reason == "connection" else [])


def test_localhost_by_name_works(server, make):
    url = server.url.replace("127.0.0.1", "localhost")
    assert make(f"{url}/dogs/api").get_json(PICTURE)["status"] == "success"


@pytest.mark.parametrize(
    "url",
    [
        *("", "dog.ceo/api", "ftp://dog.ceo", "file:///etc/passwd", "http://", "https:///api"),
        *("https://user@dog.ceo", "https://user:pass@dog.ceo/", "https://dog.ceo/?a=1"),
        *("https://dog.ceo/#a", "https://*.dog.ceo"),
    ],
)
def test_a_base_url_that_makes_no_sense_is_refused(url):
    with pytest.raises(ValueError, match="base URL"):
        client.Upstream("dogs", url)


def test_a_base_url_must_be_of_an_allowed_host_or_the_sandbox():
    client.Upstream("dogs", "https://dog.ceo/api", allowed_hosts={"dog.ceo"})
    client.Upstream("dogs", "http://127.0.0.1:9051/dogs/api", allowed_hosts={"dog.ceo"})
    with pytest.raises(ValueError, match="allowed"):
        client.Upstream("dogs", "https://dog.ceo.example/api", allowed_hosts={"dog.ceo"})
