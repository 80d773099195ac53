"""The HTTP server of the sandbox, and what it remembers."""

import collections
import dataclasses
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.dogs import Dogs, Pictures
from sandbox.faults import Faults
from sandbox.messages import Call, Upstream
from sandbox.relay import Relay
from sandbox.tmdb import ACCESS_TOKEN, API_KEY, Tmdb
from sandbox.vision import Vision

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s
_MAX_REMEMBERED_CALLS = 1_000


class Server(ThreadingHTTPServer):
    """The sandbox; `serve_forever()` runs it, `stop()` ends it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        *,
        quiet: bool = False,
        api_key: str = API_KEY,
        access_token: str = ACCESS_TOKEN,
    ) -> None:
        self.quiet = quiet
        self.stopping = threading.Event()
        self.upstreams: dict[str, Upstream] = {
            "dogs": Dogs(),
            "pictures": Pictures(),
            "tmdb": Tmdb(api_key=api_key, access_token=access_token),
            "relay": Relay(),
            "vision": Vision(),
        }
        self.faults = Faults(tuple(self.upstreams))
        self._lock = threading.Lock()
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self._received: collections.deque[tuple[str, Call]] = collections.deque(
            maxlen=_MAX_REMEMBERED_CALLS
        )
        super().__init__(address, handler)

    @property
    def url(self) -> str:
        """Where the sandbox listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def count(self, name: str, call: Call) -> None:
        """Remember a call."""
        with self._lock:
            self._counts[name, f"{call.method} {call.path}"] += 1
            self._received.append((name, dataclasses.replace(call, body=b"")))

    def calls(self, name: str | None = None, path: str | None = None) -> int:
        """Return how many calls came, to one upstream, to one path (whatever the method)."""
        with self._lock:
            return sum(
                count
                for (upstream, line), count in self._counts.items()
                if name in {None, upstream} and path in {None, line.partition(" ")[2]}
            )

    def received(self, name: str) -> list[Call]:
        """Return the latest calls of an upstream, oldest first, without bodies."""
        with self._lock:
            return [call for upstream, call in self._received if upstream == name]

    def call_counts(self) -> dict[str, dict[str, int]]:
        """Return the number of calls per upstream and per method and path."""
        counts: dict[str, dict[str, int]] = {name: {} for name in self.upstreams}
        with self._lock:
            for (name, line), count in sorted(self._counts.items()):
                counts[name][line] = count
        return counts

    def forget_calls(self) -> None:
        """Count from zero."""
        with self._lock:
            self._counts.clear()
            self._received.clear()

    def reset(self) -> None:
        """Be as freshly started: no faults, no calls, no files."""
        self.faults.clear()
        self.forget_calls()
        for upstream in self.upstreams.values():
            upstream.reset()

    def stop(self) -> None:
        """End `serve_forever()`; safe in a signal handler, which runs in the serving thread."""
        self.stopping.set()
        threading.Thread(target=self.shutdown, daemon=True).start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; a FIN would spoil the reset that a fault asked for."""
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(RESET_ON_CLOSE))
        if linger == RESET_ON_CLOSE:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client went away: callers under test do so all the time."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
