"""nginx in front of two nodes, and what the tests ask of it."""

import json
import socket
import time
from http.client import HTTPConnection

import pytest

from scripts import proxy
from scripts.nodes import Node

needs_nginx = pytest.mark.skipif(proxy.nginx_path() is None, reason="nginx is not installed")


class Front:
    """nginx, two nodes that say what they saw, and their log."""

    def __init__(self, folder, nginx, nodes):
        self.nginx, self.nodes, self.log = nginx, nodes, folder / "seen.log"

    def ask(self, method="GET", path="/", body=None, headers=None):
        connection = HTTPConnection("127.0.0.1", self.nginx.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            response.data = response.read()
            return response
        finally:
            connection.close()

    def seen(self):
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def send(self, data):
        """Send bytes as they are and return everything that comes until nginx closes."""
        received = b""
        # Longer than nginx itself waits for the rest of a request.
        with socket.create_connection(("127.0.0.1", self.nginx.port), timeout=30) as peer:
            try:
                peer.sendall(data)
                while chunk := peer.recv(65536):
                    received += chunk
            except (ConnectionResetError, BrokenPipeError):
                pass
        return received


def node_in(folder):
    """Return a node that writes down what it sees; entering it starts it."""
    return Node(
        folder,
        app="tests.echo:application",
        ready="/",
        WEB_WORKERS="1",
        WEB_THREADS="4",
        DJANGO_SETTINGS_MODULE="config.settings.test",
        PLAZA_ECHO_LOG=str(folder / "seen.log"),
        CORS_ALLOWED_ORIGINS="https://front.example",
        SECRET_KEY="x" * 40,
    )


def logged(nginx, path):
    """The access line of a path: nginx writes it after the answer."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for line in nginx.access_lines():
            if json.loads(line)["path"] == path:
                return json.loads(line)
        time.sleep(0.02)
    raise AssertionError(f"{path} was not logged")
