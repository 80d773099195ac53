"""One outbound call: its bounds, which addresses it may reach, and what came of it."""

import contextlib
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _is_site_local(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether this is of the deprecated private range fec0::/10, global for ipaddress."""
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local


class TooLargeError(Exception):
    """The body is over the cap; not one of the errors that are tried again."""


class ForbiddenAddressError(Exception):
    """The host is at an address that must not be called; not tried again either."""


class Call:
    """One call of an upstream with all its attempts: its bounds, and what came of it."""

    def __init__(
        self,
        *,
        seconds: float,
        max_bytes: int,
        repeatable: bool,
        loopback: bool = False,
        private: bool = False,
    ) -> None:
        self.deadline = time.monotonic() + seconds
        self.max_bytes = max_bytes
        self.repeatable = repeatable
        self.loopback = loopback
        self.private = private
        self.attempts = 0
        self.body: bytes | None = None

    def left(self, at_most: float | None = None) -> float:
        """Return the seconds left, not more than `at_most`; none left is a TimeoutError."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left if at_most is None else min(left, at_most)

    def check_address(self, text: str) -> None:
        """Raise ForbiddenAddressError for an address inside our own network."""
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address):
            inner = address.ipv4_mapped or address.sixtofour
            if address in _NAT64:
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            address = inner or address
        if self.loopback:
            good = address.is_loopback
        elif self.private:
            good = not (address.is_link_local or address.is_multicast or address.is_unspecified)
        else:
            good = address.is_global and not (address.is_multicast or _is_site_local(address))
        if not good:
            raise ForbiddenAddressError


current: ContextVar[Call] = ContextVar("outbound_call")


@contextlib.contextmanager
def calling(call: Call) -> Iterator[None]:
    """Apply a call's bounds to the requests made inside the block."""
    token = current.set(call)
    try:
        yield
    finally:
        current.reset(token)


def _silent_inside_calls(_record: logging.LogRecord) -> bool:
    """Drop urllib3's own lines: they hold the URL with its query, and core.outbound writes one."""
    return current.get(None) is None


for _name in ("connectionpool", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_silent_inside_calls)


def resolve(host: str, port: int, seconds: float) -> list[tuple[str, int]]:
    """Return a name's addresses, found within a time; getaddrinfo itself takes no bound.

    Raises:
        TimeoutError: there was no answer in time.
        socket.gaierror: the name cannot be resolved.
    """
    answer: list[Any] = []

    def ask() -> None:
        try:
            answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as problem:
            answer.append(problem)

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise TimeoutError("name resolution")
    if isinstance(answer[0], socket.gaierror):
        raise answer[0]
    if isinstance(answer[0], Exception):
        raise socket.gaierror(socket.EAI_NONAME, "unusable name")
    return [(str(entry[4][0]), port) for entry in answer[0]]
