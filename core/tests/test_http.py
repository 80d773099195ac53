"""Outbound HTTP against the sandbox: every fault, and what the caller, the log and it see."""

import concurrent.futures
import contextlib
import hashlib
import io
import logging
import socket
import threading
import time
import traceback
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import responses
from django.core.cache import cache
from urllib3.response import HTTPResponse
from urllib3.util.retry import RequestHistory

import sandbox
from core import context, http
from core.http import breaker as breaker_module
from core.http.breaker import Breaker
from core.http.transport import BoundedRetry

KEY = "SECRET-KEY"
MARGIN = 0.5  # a busy machine's scheduling, on top of a deadline
PICTURE = "breeds/image/random"


@pytest.fixture(scope="module")
def running():
    with sandbox.running() as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture
def make(server):
    """Build upstreams with small bounds and a breaker of their own that stays out of the way."""
    with contextlib.ExitStack() as stack:

        def build(base_url=None, **options):
            name = f"test-{uuid.uuid4().hex}"
            options = {
                "connect_timeout": 0.3,
                "read_timeout": 0.3,
                "total_deadline": 1.5,
                "backoff": 0.01,
                "breaker": Breaker(name, threshold=1000),
                **options,
            }
            upstream = http.Upstream(name, base_url or f"{server.url}/dogs/api", **options)
            stack.callback(upstream.close)
            return upstream

        yield build


@pytest.fixture
def lines(caplog):
    """Everything that anybody logs, and how to get at our own lines."""
    caplog.set_level(logging.DEBUG)

    def own():
        return [record for record in caplog.records if record.name == "core.http"]

    return own


def failure(call):
    """Return the exception that a call raises, and the seconds it took."""
    started = time.monotonic()
    with pytest.raises(http.UpstreamError) as caught:
        call()
    return caught.value, time.monotonic() - started


def picture_or_error(document):
    if document["status"] != "success":
        raise ValueError("an error in disguise")
    return document["message"]


# --- An answer --------------------------------------------------------------------------------


def test_an_answer_is_decoded_and_says_nothing(server, make, lines):
    assert make().get_json(PICTURE) == {
        "message": "https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg",
        "status": "success",
    }
    assert server.calls() == 1
    assert lines() == []


def test_parse_converts_the_answer(make):
    assert make().get_json(PICTURE, parse=picture_or_error).endswith("n02086910_6483.jpg")


def test_query_headers_and_request_id_are_sent(server, make):
    upstream = make(f"{server.url}/tmdb/3/", headers={"X-Own": "1", "X-Both": "own"})
    token = context.request_id.set("request-1")
    try:
        upstream.get_json(
            "/movie/popular", {"api_key": sandbox.API_KEY, "page": 2}, {"X-Both": "call"}
        )
    finally:
        context.request_id.reset(token)
    call = server.received("tmdb")[0]
    assert (call.path, call.query) == (
        "/3/movie/popular",
        {"api_key": sandbox.API_KEY, "page": "2"},
    )
    sent = {name: call.headers.get(name) for name in ("x-request-id", "x-own", "x-both")}
    assert sent == {"x-request-id": "request-1", "x-own": "1", "x-both": "call"}
    assert call.headers["accept-encoding"] == "identity"


def test_no_request_id_outside_a_request(server, make):
    make().get_json(PICTURE)
    assert "x-request-id" not in server.received("dogs")[0].headers


def test_a_path_is_quoted_and_cannot_go_up(server, make):
    error, _seconds = failure(lambda: make().get_json("a b/ñ?x=1#y"))
    assert (error.reason, error.status) == ("status", 404)
    assert server.received("dogs")[0].path == "/api/a b/ñ?x=1#y"
    assert server.received("dogs")[0].query == {}
    with pytest.raises(ValueError, match="go up"):
        make().get_json("a/../../tmdb")
    assert server.calls() == 1


def test_threads_share_one_upstream(server, make):
    upstream = make()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: upstream.get_json(PICTURE)["message"], range(100)))
    assert len(set(got)) == 100
    assert server.calls("dogs") == 100


def test_proxies_of_the_environment_are_ignored(server, make, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert make().get_json(PICTURE)["status"] == "success"


@responses.activate
def test_a_mocked_adapter_works_too():
    responses.get("https://dog.example/api/x", json={"status": "success"})
    upstream = http.Upstream("mocked", "https://dog.example/api")
    assert upstream.get_json("x") == {"status": "success"}
    upstream.close()


# --- Faults: what is raised, how often it was tried, what is logged ---------------------------

FAULTS = {
    "500": ({"status": 500}, "status", 500, 3, True),
    "502": ({"status": 502}, "status", 502, 3, True),
    "503": ({"status": 503}, "status", 503, 3, True),
    "504": ({"status": 504}, "status", 504, 3, True),
    "429": ({"status": 429}, "status", 429, 3, True),
    "501": ({"status": 501}, "status", 501, 1, False),
    "400": ({"status": 400}, "status", 400, 1, False),
    "401": ({"status": 401}, "status", 401, 1, False),
    "403": ({"status": 403}, "status", 403, 1, False),
    "404": ({"status": 404}, "status", 404, 1, False),
    "413 with Retry-After": ({"status": 413, "retry_after": 0}, "status", 413, 1, False),
    "422": ({"status": 422}, "status", 422, 1, False),
    "slow": ({"delay": 1}, "timeout", None, 3, True),
    "drip": ({"drip": True}, "timeout", None, 1, True),
    "drip of headers": ({"drip_headers": True}, "timeout", None, 1, True),
    "reset": ({"reset": True}, "connection", None, 3, True),
    "cut": ({"cut": True}, "connection", None, 3, True),
    "garbage": ({"garbage": True}, "garbage", None, 1, True),
    "garbage with 500": ({"garbage": True, "status": 500}, "status", 500, 3, True),
    "wrong type": ({"wrong_type": True}, "unexpected", None, 1, True),
    "error body": ({"error_body": True}, "unexpected", None, 1, True),
    "100 MB": ({"big": 100_000_000}, "too_large", None, 1, False),
    "redirect": ({"redirect": "http://169.254.169.254/"}, "redirect", 302, 1, False),
    "308": ({"redirect": "/dogs/api/x", "status": 308}, "redirect", 308, 1, False),
}
KINDS = {
    401: http.UnauthorizedError,
    403: http.UnauthorizedError,
    404: http.NotFoundError,
    429: http.RateLimitedError,
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault(server, make, lines, caplog, case):
    fault, reason, status, calls, temporary = FAULTS[case]
    upstream = make()
    server.faults.set("dogs", **fault)
    error, seconds = failure(
        lambda: upstream.get_json(
            PICTURE,
            {"api_key": KEY},
            {"Authorization": f"Bearer {KEY}"},
            parse=picture_or_error,
        )
    )

    assert type(error) is KINDS.get(status, http.UpstreamError)
    assert (error.upstream, error.reason, error.status) == (upstream.name, reason, status)
    assert error.temporary is temporary
    assert server.calls() == calls
    assert seconds < upstream.total_deadline + MARGIN

    (line,) = lines()
    assert (line.levelname, line.getMessage()) == ("WARNING", "upstream_failed")
    assert (line.upstream, line.reason, line.status) == (upstream.name, reason, status)
    assert (line.method, line.path, line.attempts) == ("GET", f"/{PICTURE}", calls)
    assert 0 <= line.elapsed_ms <= seconds * 1000 + 1

    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    logged = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert KEY not in shown + logged
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_retry_saves_the_call(server, make, lines, status):
    server.faults.set("dogs", status=status, times=2)
    assert make().get_json(PICTURE)["status"] == "success"
    assert server.calls() == 3
    assert lines() == []


@pytest.mark.parametrize("fault", ["reset", "cut"])
def test_a_retry_saves_a_broken_connection(server, make, fault):
    server.faults.set("dogs", times=2, **{fault: True})
    assert make().get_json(PICTURE)["status"] == "success"
    assert server.calls() == 3


def test_attempts_can_be_one(server, make):
    server.faults.set("dogs", status=503)
    failure(lambda: make(attempts=1).get_json(PICTURE))
    assert server.calls() == 1


def test_attempts_end_with_the_deadline(server, make):
    server.faults.set("dogs", delay=5)
    error, seconds = failure(
        lambda: make(total_deadline=0.5, attempts=20, read_timeout=0.3).get_json(PICTURE)
    )
    assert error.reason == "timeout"
    assert server.calls() == 2
    assert seconds < 0.5 + MARGIN


def test_a_short_retry_after_is_obeyed(server, make):
    server.faults.set("dogs", status=429, retry_after=1, times=1)
    started = time.monotonic()
    assert make(total_deadline=3).get_json(PICTURE)["status"] == "success"
    assert time.monotonic() - started >= 1
    assert server.calls() == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_retry_after_ends_the_call_at_once(server, make, lines, status):
    server.faults.set("dogs", status=status, retry_after=60)
    error, seconds = failure(lambda: make().get_json(PICTURE))
    assert (error.reason, error.status, error.retry_after) == ("status", status, 60)
    assert server.calls() == 1
    assert seconds < MARGIN
    assert lines()[0].retry_after == 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, 21_600),
        ("9" * 5_000, None),  # more digits than Python turns into a number
        ("Fri, 99 Foo 99999 99:99:99 GMT", None),
    ],
)
def test_retry_after_of_every_kind(header, seconds):
    response = HTTPResponse(headers={"Retry-After": header})
    assert BoundedRetry().get_retry_after(response) == seconds


def test_retry_after_as_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    seconds = BoundedRetry().get_retry_after(HTTPResponse(headers={"Retry-After": date}))
    assert 25 < seconds <= 30


def test_pauses_grow_and_are_jittered():
    def pauses(failures):
        history = tuple(RequestHistory(None, None, None, 500, None) for _ in range(failures))
        retry = BoundedRetry(backoff_factor=0.1, backoff_max=1, history=history)
        return [retry.pause_before_next(None) for _ in range(200)]

    for failures, longest in ((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1), (50, 1)):
        got = pauses(failures)
        assert longest / 2 <= min(got) < max(got) <= longest
        assert len(set(got)) > 100


def test_a_body_at_the_cap_is_fine_and_one_byte_more_is_not(server, make):
    upstream = make(max_bytes=200_000)
    server.faults.set("dogs", big=200_000)
    assert len(upstream.get_json(PICTURE)["message"]) == 200_000 - 15
    server.faults.set("dogs", big=200_001)
    error, _seconds = failure(lambda: upstream.get_json(PICTURE))
    assert error.reason == "too_large"


@contextlib.contextmanager
def raw_server(answer):
    """Answer one connection with bytes that the sandbox would never send."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                connection, _address = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OK + b"\r\n" + b"x" * 400_000, "too_large"),  # no length: read until closed
        (OK + b"Content-Length: 99999999999999\r\n\r\n{}", "too_large"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n80000\r\n" + b"x" * 0x80000, "too_large"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFF\r\n{}", "connection"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}", "connection"),
        (OK + b"Content-Length: 50\r\n\r\n{}", "connection"),  # cut short
        (OK + b"Content-Length: 0\r\n\r\n", "garbage"),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", "garbage"),
        (OK + b'Content-Length: 8\r\n\r\n"\\ud800"', "garbage"),
        (OK + b"Content-Length: 3\r\n\r\nNaN", "garbage"),
        (OK + b"\r\n" + b"[" * 150_000 + b"]" * 150_000, "garbage"),
        (OK + b"\r\n" + b'{"a":' * 100 + b"1" + b"}" * 100, "fine"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "garbage"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\n{}", "fine"),
        (b"nonsense\r\n\r\n", "connection"),
        (b"", "connection"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}", "connection"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n{}", "connection"),
    ],
)
def test_hostile_framing(make, answer, reason):
    with raw_server(answer) as url:
        upstream = make(url, attempts=1, max_bytes=300_000)
        if reason == "fine":
            assert set(upstream.get_json("x")) <= {"a"}
            return
        error, _seconds = failure(lambda: upstream.get_json("x"))
    assert (error.reason, error.status) == (reason, None)


def test_nobody_listens(make, lines):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error, seconds = failure(lambda: make(f"http://127.0.0.1:{port}").get_json("x"))
    assert (error.reason, error.status, error.temporary) == ("connection", None, True)
    assert lines()[0].attempts == 3
    assert seconds < 1.5 + MARGIN


def test_tls_with_somebody_who_speaks_none(server, make):
    url = server.url.replace("http:", "https:")
    error, seconds = failure(lambda: make(url).get_json(PICTURE))
    assert (error.reason, error.status) == ("tls", None)
    assert seconds < 1.5 + MARGIN


def resolving(monkeypatch, answers):
    """Let getaddrinfo answer for made-up names, and record who is connected to."""
    real = socket.getaddrinfo
    connected = []

    def getaddrinfo(host, port, *args, **kwargs):
        if host not in answers:
            return real(host, port, *args, **kwargs)
        answer = answers[host]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in answer]

    def connect(address, *_args, **_kwargs):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr("core.http.transport.create_connection", connect)
    return connected


def test_a_name_that_does_not_resolve(make, lines, monkeypatch):
    resolving(monkeypatch, {"nowhere.invalid": socket.gaierror(-2, "Name not known")})
    error, seconds = failure(lambda: make("https://nowhere.invalid").get_json("x"))
    assert (error.reason, error.status, error.temporary) == ("connection", None, True)
    assert lines()[0].attempts == 3
    assert seconds < 1.5 + MARGIN


def test_a_name_that_cannot_be_one(make):
    error, _seconds = failure(lambda: make(f"https://{'a' * 70}.example").get_json("x"))
    assert error.reason == "connection"


def test_no_time_at_all(server, make):
    error, _seconds = failure(lambda: make(total_deadline=0).get_json(PICTURE))
    assert (error.reason, server.calls()) == ("timeout", 0)


def test_a_resolver_that_hangs(make, monkeypatch):
    hang = threading.Event()
    resolving(monkeypatch, {"slow.invalid": lambda: hang.wait(5) and ["1.1.1.1"]})
    error, seconds = failure(lambda: make("https://slow.invalid", total_deadline=0.5).get_json("x"))
    hang.set()
    assert error.reason == "timeout"
    assert seconds < 0.5 + MARGIN


# --- Addresses --------------------------------------------------------------------------------

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
        http.Upstream("dogs", url)


def test_a_base_url_must_be_of_an_allowed_host_or_the_sandbox():
    http.Upstream("dogs", "https://dog.ceo/api", allowed_hosts={"dog.ceo"})
    http.Upstream("dogs", "http://127.0.0.1:9051/dogs/api", allowed_hosts={"dog.ceo"})
    with pytest.raises(ValueError, match="allowed"):
        http.Upstream("dogs", "https://dog.ceo.example/api", allowed_hosts={"dog.ceo"})


# --- A file -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"reset": True}, {"delay": 1}])
def test_a_post_is_not_repeated(server, relay, lines, fault):
    server.faults.set("relay", times=1, **fault)
    failure(lambda: relay().post_file("files", io.BytesIO(b"x"), "a.txt"))
    assert server.calls() == 1
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
    assert seconds < 0.4 + MARGIN


def test_an_upload_may_stall_longer_than_a_connect_may_take(make):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _address = listener.accept()
            with connection, connection.makefile("rb") as stream:
                time.sleep(0.6)
                head = b"".join(iter(stream.readline, b"\r\n")).lower()
                stream.read(int(head.split(b"content-length:")[1].split()[0]))
                connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve)
        thread.start()
        upstream = make(f"http://127.0.0.1:{listener.getsockname()[1]}", total_deadline=5)
        answer = upstream.post_file("files", io.BytesIO(b"x" * 30_000_000), "a.bin")
        thread.join()
    assert answer == {}


# --- The breaker ------------------------------------------------------------------------------


@pytest.fixture
def fragile(make):
    """Build an upstream whose breaker opens at the third failure, for a moment."""

    def build(**options):
        options = {"threshold": 3, "open_seconds": 0.3, "probe_seconds": 5, **options}
        return make(attempts=1, breaker=Breaker(uuid.uuid4().hex, **options))

    return build


def fail(upstream, times):
    return [failure(lambda: upstream.get_json(PICTURE))[0].reason for _ in range(times)]


def test_breaker_opens_after_failures_in_a_row(server, fragile, lines):
    upstream = fragile(open_seconds=60)
    server.faults.set("dogs", status=503)
    assert fail(upstream, 5) == ["status", "status", "status", "breaker_open", "breaker_open"]
    assert server.calls() == 3
    error, _seconds = failure(lambda: upstream.get_json(PICTURE))
    assert type(error) is http.BreakerOpenError
    assert (error.status, error.retry_after, error.temporary) == (None, 60, True)
    assert (lines()[-1].reason, lines()[-1].attempts) == ("breaker_open", 0)
    assert len(lines()) == 6


def test_breaker_is_shared_by_name(server, make):
    first, second = (
        make(attempts=1, breaker=Breaker("shared", threshold=1, open_seconds=60)) for _ in range(2)
    )
    server.faults.set("dogs", status=503)
    assert fail(first, 1) + fail(second, 1) == ["status", "breaker_open"]
    first.breaker.close()
    server.faults.clear()
    assert second.get_json(PICTURE)["status"] == "success"


@pytest.mark.parametrize("fault", [{"garbage": True}, {"reset": True}, {"wrong_type": True}])
def test_breaker_counts_unusable_answers(server, fragile, fault):
    server.faults.set("dogs", **fault)
    assert fail(fragile(open_seconds=60), 4)[-1] == "breaker_open"


@pytest.mark.parametrize("status", [401, 404, 422])
def test_breaker_does_not_count_refusals(server, fragile, status):
    server.faults.set("dogs", status=status)
    assert fail(fragile(), 6) == ["status"] * 6
    assert server.calls() == 6


def test_breaker_counts_only_failures_in_a_row(server, fragile):
    upstream = fragile()
    for _ in range(3):
        server.faults.set("dogs", status=503, times=2)
        assert fail(upstream, 2) == ["status", "status"]
        assert upstream.get_json(PICTURE)["status"] == "success"


def test_breaker_forgets_failures_after_the_window(server, fragile):
    upstream = fragile(window=0.2)
    server.faults.set("dogs", status=503)
    assert fail(upstream, 2) == ["status", "status"]
    time.sleep(0.3)
    assert fail(upstream, 2) == ["status", "status"]


def test_breaker_lets_one_probe_through_and_closes(server, fragile):
    upstream = fragile()
    server.faults.set("dogs", status=503)
    fail(upstream, 3)
    server.reset()
    server.faults.set("dogs", delay=0.25)  # while the probe waits, the others ask
    time.sleep(0.35)
    barrier = threading.Barrier(16)

    def ask(_number):
        barrier.wait()
        try:
            return upstream.get_json(PICTURE)["status"]
        except http.UpstreamError as error:
            return error.reason

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = sorted(pool.map(ask, range(16)))
    assert outcomes == ["breaker_open"] * 15 + ["success"]
    assert server.calls() == 1
    server.faults.clear()
    assert [upstream.get_json(PICTURE)["status"] for _ in range(3)] == ["success"] * 3


def test_a_failed_probe_opens_again(server, fragile):
    upstream = fragile(window=0.25)  # the failures before are forgotten by then
    server.faults.set("dogs", status=503)
    fail(upstream, 3)
    time.sleep(0.35)
    assert fail(upstream, 2) == ["status", "breaker_open"]
    assert server.calls() == 4
    time.sleep(0.35)
    server.faults.clear()
    assert upstream.get_json(PICTURE)["status"] == "success"


def test_a_probe_that_died_is_replaced(fragile):
    breaker = fragile(open_seconds=0.05, probe_seconds=0.2).breaker
    breaker.trip()
    time.sleep(0.1)
    assert breaker.enter() is not None  # nobody ever reports
    assert breaker.enter() is None
    time.sleep(0.25)
    assert breaker.enter() is not None


class DeadCache:
    def __getattr__(self, name):
        raise ConnectionError(name)


class MuteCache:
    """As django-redis with IGNORE_EXCEPTIONS: every answer is empty."""

    def get_many(self, _keys):
        return {}

    def __getattr__(self, _name):
        return lambda *_args: None


@pytest.mark.parametrize("broken", [DeadCache(), MuteCache()], ids=["raises", "mute"])
def test_a_cache_that_is_away_is_a_closed_breaker(server, fragile, monkeypatch, broken):
    monkeypatch.setattr(breaker_module, "cache", broken)
    upstream = fragile()
    server.faults.set("dogs", status=503)
    assert fail(upstream, 5) == ["status"] * 5
    server.faults.clear()
    assert upstream.get_json(PICTURE)["status"] == "success"


def test_breaker_keeps_the_cache_out_of_healthy_calls(fragile, monkeypatch):
    upstream = fragile()
    asked = []

    class Counting:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(cache, name)

    monkeypatch.setattr(breaker_module, "cache", Counting())
    upstream.get_json(PICTURE)
    assert asked == ["get_many"]
