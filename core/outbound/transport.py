"""What core.outbound runs on: urllib3 with a wall clock, a size cap and an address check.

urllib3 bounds each single read; a server that sends one byte now and then keeps such a read
waiting for hours. Here every connect, read and pause is cut to what is left of the call's
deadline, and the body is read inside the attempt, so that `Retry` covers it too.

For example, an upstream takes calls and never answers; a call has 4 s and up to three attempts, a
read 2 s, and pauses begin at 0.1 s::

    0.0 s  the first attempt waits for an answer, for 2 s
    2.0 s  it has failed; a pause of 0.05 to 0.1 s
    2.1 s  the second attempt waits for the 1.9 s that are left
    4.0 s  it has failed, and a pause would end beyond the deadline: no third attempt

A pause that the upstream asks for is taken where the call has the time for it::

    >>> busy = HTTPResponse(status=503, headers={"Retry-After": "1"})
    >>> with calling(Call(seconds=4, max_bytes=1024, repeatable=True)):
    ...     retry = BoundedRetry(total=2).increment("GET", "/", busy)
    >>> retry.pause, retry.total
    (1, 1)

With 60 instead of 1 the call ends at once: `increment` raises MaxRetryError.
"""

import http.client
import io
import random
import socket
import time
from email.utils import parsedate_to_datetime
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    ResponseError,
)
from urllib3.response import BaseHTTPResponse
from urllib3.util.connection import create_connection
from urllib3.util.retry import Retry

from core.outbound.call import TooLargeError, current, resolve

CHUNK_BYTES = 64 * 1024


class BoundedRetry(Retry):
    """`Retry` with jitter from the first pause on, never pausing beyond the deadline."""

    RETRY_AFTER_STATUS_CODES = frozenset({429, 503})
    pause: float = 0.0  # before the next attempt

    def increment(  # the base class's arguments: method, url, response, error, _pool, _stacktrace
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> "BoundedRetry":
        """Count one failure and return what is left.

        Raises:
            MaxRetryError: a repeat is not allowed, or would come too late.
        """
        new = super().increment(method, url, response, error, *args, **kwargs)
        call = current.get()
        new.pause = new.pause_before_next(response)
        if not call.repeatable or time.monotonic() + new.pause >= call.deadline:
            # The path is left out on purpose: exceptions travel far.
            raise MaxRetryError(None, None, error or ResponseError("gave up"))  # type: ignore[arg-type]  # the pool is only for the message
        return new

    def pause_before_next(self, response: BaseHTTPResponse | None) -> float:
        """Return the upstream's own `Retry-After`, or a growing pause with jitter."""
        asked = self.get_retry_after(response) if response is not None else None
        if asked is not None:
            return asked
        pause = min(self.backoff_max, self.backoff_factor * 2 ** (len(self.history) - 1))
        return random.uniform(pause / 2, pause)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Read the header; one that says nothing is as good as none.

        A date is compared with the upstream's own `Date`: our clock may be another.
        """
        asked, said = (response.headers.get(name, "") for name in ("Retry-After", "Date"))
        try:
            if asked and said and not asked.strip().isdecimal():
                until, now = parsedate_to_datetime(asked), parsedate_to_datetime(said)
                return max(0.0, (until - now).total_seconds())
            return super().get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError, TypeError):
            return None

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Pause as long as `increment` decided."""
        time.sleep(self.pause)


class _BoundedReader(io.RawIOBase):
    """The bytes from a socket, none of them waited for beyond the deadline."""

    def __init__(self, raw: Any, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if (call := current.get(None)) is not None:
            self._sock.settimeout(call.left(self._timeout))
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """Reads status line, headers and body through the bounded reader."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock))

    def begin(self) -> None:
        """Refuse a length over the cap before a buffer of that length is made."""
        super().begin()
        if self.length is not None and self.length > current.get().max_bytes:
            raise TooLargeError


class _Bounded:
    """Connects within the deadline, to allowed addresses only."""

    def send(self: Any, data: Any) -> None:
        """Bound sending too; the last response left its own timeout on the socket."""
        if self.sock is not None:
            self.sock.settimeout(current.get().left())
        super().send(data)  # type: ignore[misc]  # a mixin

    def _new_conn(self: Any) -> socket.socket:
        """Resolve, check and connect: the address checked is the one connected to."""
        call = current.get()
        problem: Exception = OSError("no address")
        try:
            for host, port in resolve(self._dns_host, self.port, call.left(self.timeout)):
                call.check_address(host)
                try:
                    return create_connection(
                        (host, port), call.left(self.timeout), socket_options=self.socket_options
                    )
                except OSError as each:
                    problem = each
        except socket.gaierror as each:
            raise NameResolutionError(self.host, self, each) from None
        except TimeoutError as each:
            problem = each
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "timed out") from None
        raise NewConnectionError(self, "refused or unreachable") from None


class _HTTPConnection(_Bounded, HTTPConnection):
    response_class = _BoundedResponse


class _HTTPSConnection(_Bounded, HTTPSConnection):
    response_class = _BoundedResponse


class _ReadsBody:
    """A pool whose attempt includes the body, which is left in the call."""

    def urlopen(self: Any, *args: Any, **kwargs: Any) -> BaseHTTPResponse:
        """Let the pool alone put the connection back; a response that was read would do it too."""
        kwargs["release_conn"] = True
        response: BaseHTTPResponse = super().urlopen(*args, **kwargs)  # type: ignore[misc]  # a mixin
        return response

    def _make_request(self: Any, *args: Any, **kwargs: Any) -> BaseHTTPResponse:
        call = current.get()
        call.attempts += 1
        call.body = None
        response: BaseHTTPResponse = super()._make_request(*args, **kwargs)  # type: ignore[misc]  # a mixin
        chunks, size = [], 0
        while chunk := response.read(CHUNK_BYTES):
            size += len(chunk)
            if size > call.max_bytes:
                raise TooLargeError
            chunks.append(chunk)
        call.body = b"".join(chunks)
        return response


class _HTTPPool(_ReadsBody, HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(_ReadsBody, HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


def is_timeout(problem: BaseException | None) -> bool:
    """Tell whether a failure of the network is a timeout; urllib3 nests them."""
    while isinstance(problem, MaxRetryError):
        problem = problem.reason
    if isinstance(problem, NewConnectionError):  # urllib3 derives it from a timeout
        return False
    if isinstance(problem, (ConnectTimeoutError, ReadTimeoutError, TimeoutError)):
        return True
    return isinstance(problem, HTTPError) and any(
        isinstance(each, TimeoutError) for each in problem.args
    )
