"""Requests that are sent in turn, again and again, over connections that stay open.

wrk does not do for these: it waits for the body that a 304 or an answer to HEAD does not have.
"""

import itertools
import re
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.load import CONNECTIONS, Result

NEW = "@new@"  # stands for twelve digits that no other request of a turn has
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
TIMEOUT_SECONDS = 20


class Request(NamedTuple):
    """One request; ``NEW`` may stand in its path and body."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""

    def numbered(self, number: int) -> "Request":
        """Return the request with the digits of a number."""
        digits = f"{number:012x}"
        return self._replace(
            path=self.path.replace(NEW, digits), body=self.body.replace(NEW, digits)
        )

    def encoded(self, host: str) -> bytes:
        """Return the request as it is sent."""
        body = self.body.encode()
        headers = {"Host": host, **self.headers}
        if body:
            # NEW is replaced later, by more digits than it has letters.
            longer = body.count(NEW.encode()) * (12 - len(NEW))
            headers["Content-Length"] = str(len(body) + longer)
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class RingLoad:
    """A ring of requests, and over how many connections it is sent."""

    ring: list[Request]
    connections: int = CONNECTIONS

    def run(self, url: str, seconds: float) -> Result:
        """Send the ring to the server at ``url`` for some seconds, and wait for every answer."""
        address = urlsplit(url)
        sent = [request.encoded(address.netloc) for request in self.ring]
        numbers, times, errors = itertools.count(), [], []
        until = time.monotonic() + seconds

        def talk() -> None:
            connection = Connection(address.hostname, address.port)
            while (began := time.monotonic()) < until:
                number = next(numbers)
                place = number % len(sent)
                data = sent[place].replace(NEW.encode(), b"%012x" % number)
                status = connection.ask(data, has_body=self.ring[place].method != "HEAD")
                times.append(time.monotonic() - began)
                if status >= 400:
                    errors.append(status)

        threads = [threading.Thread(target=talk) for _ in range(self.connections)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        p99 = statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]
        return Result(
            requests=len(times),
            seconds=time.monotonic() - began,
            errors=len(errors),
            p50_ms=statistics.median(times) * 1000,
            p99_ms=p99 * 1000,
            in_flight=0,
        )


class Connection:
    """One connection to a server, opened anew when the server closes it."""

    def __init__(self, host: str | None, port: int | None) -> None:
        self.address = (host, port)
        self.socket: socket.socket | None = None

    def ask(self, data: bytes, *, has_body: bool) -> int:
        """Send a request, read the whole answer, and return its status."""
        if self.socket is None:
            self.socket = socket.create_connection(self.address, TIMEOUT_SECONDS)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(data)
        head = b""
        for part in self.parts():
            head += part
            if b"\r\n\r\n" in head:
                break
        head, _, body = head.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if has_body and status not in {204, 304}:
            found = LENGTH.search(head)
            if found is None:
                raise SystemExit(f"bench: an answer without length: {head[:300]!r}")
            missing = int(found[1]) - len(body)
            while missing > 0:
                missing -= len(next(self.parts()))
        if CLOSE.search(head):
            self.socket.close()
            self.socket = None
        return status

    def parts(self) -> Iterator[bytes]:
        """Yield what comes."""
        while self.socket and (part := self.socket.recv(65_536)):
            yield part
        raise SystemExit("bench: a server closed a connection in the middle of an answer.")
