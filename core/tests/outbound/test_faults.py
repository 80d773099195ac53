"""Every fault of the sandbox and worse: what the caller, the log and the other side see."""

import contextlib
import socket
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from urllib3.exceptions import MaxRetryError
from urllib3.response import HTTPResponse
from urllib3.util.retry import RequestHistory

from core.outbound import client
from core.outbound.call import Call, calling
from core.outbound.transport import BoundedRetry
from core.tests.outbound.helpers_calls import (
    MARGIN_SECONDS,
    OK,
    PICTURE,
    counted,
    failure,
    picture_or_error,
    refusing_port,
)

KEY = "SECRET-KEY"
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
    "slow": ({"delay": 60}, "timeout", None, 3, True),
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
BOUNDS = {  # of the calls that have to run into one
    "slow": {"read_timeout": 0.1},
    "drip": {"total_deadline": 0.4},
    "drip of headers": {"total_deadline": 0.4},
}
KINDS = {
    401: client.UnauthorizedError,
    403: client.UnauthorizedError,
    404: client.NotFoundError,
    429: client.RateLimitedError,
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault(server, make, lines, logged, case):
    fault, reason, status, calls, temporary = FAULTS[case]
    upstream = make(**BOUNDS.get(case, {}))
    server.faults.set("dogs", **fault)
    error, seconds = failure(
        lambda: upstream.get_json(
            PICTURE,
            {"api_key": KEY},
            {"Authorization": f"Bearer {KEY}"},
            parse=picture_or_error,
        )
    )

    assert type(error) is KINDS.get(status, client.UpstreamError)
    assert (error.upstream, error.reason, error.status) == (upstream.name, reason, status)
    assert error.temporary is temporary
    assert counted(server, calls) == calls
    assert seconds < upstream.total_deadline + MARGIN_SECONDS

    (line,) = lines()
    assert (line.levelname, line.getMessage()) == ("WARNING", "upstream_failed")
    assert (line.upstream, line.reason, line.status) == (upstream.name, reason, status)
    assert (line.method, line.path, line.attempts) == ("GET", f"/{PICTURE}", calls)
    assert 0 <= line.elapsed_ms <= seconds * 1000 + 1

    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    said = "".join(f"{record.getMessage()} {vars(record)}" for record in logged)
    assert KEY not in shown + said
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
    server.faults.set("dogs", delay=60)
    upstream = make(total_deadline=0.5, attempts=1000, read_timeout=0.1)
    error, seconds = failure(lambda: upstream.get_json(PICTURE))
    assert error.reason == "timeout"
    assert 1 <= counted(server, 1) <= 5
    assert seconds < upstream.total_deadline + MARGIN_SECONDS


def test_a_short_retry_after_is_obeyed(server, make):
    server.faults.set("dogs", status=429, retry_after=1, times=1)
    started = time.monotonic()
    assert make().get_json(PICTURE)["status"] == "success"
    assert time.monotonic() - started >= 1
    assert server.calls() == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_retry_after_ends_the_call_at_once(server, make, lines, status):
    server.faults.set("dogs", status=status, retry_after=60)
    error, seconds = failure(lambda: make().get_json(PICTURE))
    assert (error.reason, error.status, error.retry_after) == ("status", status, 60)
    assert server.calls() == 1
    assert seconds < MARGIN_SECONDS
    assert lines()[0].retry_after == 60


def test_the_example_of_the_transport_s_docstring():
    def increment(wait):
        busy = HTTPResponse(status=503, headers={"Retry-After": wait})
        with calling(Call(seconds=4, max_bytes=1024, repeatable=True)):
            return BoundedRetry(total=2).increment("GET", "/", busy)

    retry = increment("1")
    assert (retry.pause, retry.total) == (1, 1)
    with pytest.raises(MaxRetryError):
        increment("60")


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


@pytest.mark.parametrize(
    ("until", "seconds"),
    [("Fri, 01 Jan 1999 00:01:00 GMT", 60), ("Thu, 31 Dec 1998 23:59:00 GMT", 0)],
)
def test_retry_after_as_a_date_by_the_upstreams_own_clock(until, seconds):
    headers = {"Retry-After": until, "Date": "Fri, 01 Jan 1999 00:00:00 GMT"}
    assert BoundedRetry().get_retry_after(HTTPResponse(headers=headers)) == seconds


def test_retry_after_as_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    seconds = BoundedRetry().get_retry_after(HTTPResponse(headers={"Retry-After": date}))
    assert 200 < seconds <= 300


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
    with refusing_port() as held:
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        error, seconds = failure(lambda: make(url).get_json("x"))
    assert (error.reason, error.status, error.temporary) == ("connection", None, True)
    assert lines()[0].attempts == 3
    assert seconds < MARGIN_SECONDS


def test_tls_with_somebody_who_speaks_none(server, make):
    url = server.url.replace("http:", "https:")
    error, seconds = failure(lambda: make(url).get_json(PICTURE))
    assert (error.reason, error.status) == ("tls", None)
    assert seconds < MARGIN_SECONDS


def test_no_time_at_all(server, make):
    error, _seconds = failure(lambda: make(total_deadline=0).get_json(PICTURE))
    assert (error.reason, server.calls()) == ("timeout", 0)
