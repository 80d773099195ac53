"""What the tests of outbound HTTP share: calls that fail, names that resolve to anything."""

import socket
import time

import pytest

from core.outbound import client

# A busy machine's scheduling, on top of a deadline; without one all would take longer.
MARGIN_SECONDS = 5
PICTURE = "breeds/image/random"
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


def failure(call):
    """Return the exception that a call raises, and the seconds it took."""
    started = time.monotonic()
    with pytest.raises(client.UpstreamError) as caught:
        call()
    return caught.value, time.monotonic() - started


def counted(server, calls):
    """Return how many calls came, as soon as they are so many: who gave up may be counted later."""
    deadline = time.monotonic() + 20
    while server.calls() < calls and time.monotonic() < deadline:
        time.sleep(0.01)
    return server.calls()


def refusing_port():
    """Return a socket, and with it a port, on which nobody listens as long as it is open."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def picture_or_error(document):
    if document["status"] != "success":
        raise ValueError("an error in disguise")
    return document["message"]


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
    monkeypatch.setattr("core.outbound.transport.create_connection", connect)
    return connected
