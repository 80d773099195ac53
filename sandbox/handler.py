"""One connection to the sandbox: routing, the control routes, proper and faulty answers."""

import json
import socket
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.faults import Fault, FaultError
from sandbox.messages import Call, Reply, Upstream
from sandbox.server import RESET_ON_CLOSE, Server

DRIP_SECONDS = 0.1
MAX_BODY_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "PlazaSandbox"
    disable_nagle_algorithm = True
    timeout = 60  # seconds an idle connection is kept

    def _route(self) -> None:
        self._started = time.monotonic()
        url = urlsplit(self.path)
        path = unquote(url.path)
        body = self._body()
        if isinstance(body, Reply):
            self._send(body)
            return
        first, _, rest = path.removeprefix("/").partition("/")
        upstream = self.server.upstreams.get(first)
        if upstream is None:
            self._send(self._control(path, body))
            return
        call = Call(
            method=self.command,
            path=f"/{rest}",
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        fault = self.server.faults.take(first)
        self.server.count(first, call)  # last: whoever sees the count knows the fault is taken
        self._misbehave(upstream, call, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _route  # noqa: N815 - names of the base class

    def _body(self) -> bytes | Reply:
        """Read the body before anything else, so that no answer is lost in a reset."""
        length = self.headers.get("Content-Length", "0")
        refused = 0
        if "Transfer-Encoding" in self.headers:
            refused = 411
        elif not (length.isascii() and length.isdigit()):
            refused = 400
        elif int(length) > MAX_BODY_BYTES:
            refused = 413
        if refused:
            self.close_connection = True
            return Reply(status=refused, body={"detail": HTTPStatus(refused).phrase})
        return self.rfile.read(int(length))

    def _misbehave(self, upstream: Upstream, call: Call, fault: Fault) -> None:
        """Answer properly, unless a fault says otherwise."""
        if fault.delay:
            self.server.stopping.wait(fault.delay)
        if fault.reset:
            self._reset()
        elif fault.big:
            self._send_big(fault.big)
        else:
            self._send(_faulty(upstream, fault) or upstream.answer(call), fault)

    def _control(self, path: str, body: bytes) -> Reply:
        """Answer the sandbox's own routes."""
        if self.command in {"PUT", "DELETE"} and path.startswith("/_faults/"):
            return self._set_fault(path.removeprefix("/_faults/"), body)
        if self.command == "DELETE" and path == "/_faults":
            self.server.faults.clear()
        elif self.command == "DELETE" and path == "/_calls":
            self.server.forget_calls()
        elif self.command not in {"GET", "HEAD"}:
            path = ""
        answers = {
            "/_health": {"status": "ok"},
            "/_faults": self.server.faults.listing(),
            "/_calls": self.server.call_counts(),
        }
        if path in answers:
            return Reply(body=answers[path])
        return Reply(status=404, body={"detail": "see python -m sandbox --help"})

    def _set_fault(self, name: str, body: bytes) -> Reply:
        if name not in self.server.upstreams:
            return Reply(status=404, body={"detail": f"one of {', '.join(self.server.upstreams)}"})
        if self.command == "DELETE":
            self.server.faults.clear(name)
            return Reply(body=self.server.faults.listing())
        try:
            self.server.faults.put(name, Fault.parse(json.loads(body)))
        except (FaultError, ValueError, RecursionError) as problem:
            return Reply(status=400, body={"detail": str(problem)})
        return Reply(body=self.server.faults.listing())

    def _send(self, reply: Reply, fault: Fault | None = None) -> None:
        fault = fault or Fault()
        raw = isinstance(reply.body, bytes)
        body = reply.body if raw else json.dumps(reply.body, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "text/html" if raw else "application/json;charset=utf-8",
            "Content-Length": str(len(body)),
            "Date": self.date_time_string(),
            "Server": self.version_string(),
            **({"Connection": "close"} if self.close_connection else {}),
            **reply.headers,
        }
        lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        if self.command == "HEAD":
            body = b""
        if fault.cut:
            self.wfile.write(head + body[: len(body) // 2])
            self._reset()
            return
        dripping = len(head) if fault.drip else 0 if fault.drip_headers else len(head + body)
        self.wfile.write((head + body)[:dripping])
        self._drip((head + body)[dripping:])
        self._log(str(reply.status))

    def _drip(self, data: bytes) -> None:
        for byte in data:
            if self.server.stopping.wait(DRIP_SECONDS):
                self.close_connection = True
                return
            self.wfile.write(bytes([byte]))

    def _send_big(self, size: int) -> None:
        """Send a JSON document of so many bytes."""
        self.close_connection = True
        start, end = b'{"message": "', b'"}'
        lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {size}"]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + start)
        left = max(size - len(start) - len(end), 0)
        while left and not self.server.stopping.is_set():
            chunk = b"x" * min(left, _CHUNK_BYTES)
            self.wfile.write(chunk)
            left -= len(chunk)
        self.wfile.write(end)
        self._log("200")

    def _reset(self) -> None:
        """Let the other side see a reset: the server closes without a shutdown."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._log("reset")

    def _log(self, outcome: str) -> None:
        """Write one line, without the query, which may hold a key."""
        if not self.server.quiet:
            took = (time.monotonic() - self._started) * 1000
            path = unquote(urlsplit(self.path).path).encode("unicode_escape").decode()
            sys.stderr.write(f"sandbox {self.command} {path} {outcome} {took:.0f}ms\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the base class quiet: `_log` writes the access log."""


def _faulty(upstream: Upstream, fault: Fault) -> Reply | None:
    """Return the answer that a fault asks for, if it asks for one."""
    headers = {}
    status = fault.status
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
        status = status or 429
    if fault.redirect is not None:
        headers["Location"] = fault.redirect
        status = status or 302
    if fault.garbage:
        return Reply(status=status or 200, body=b"<html>\xff\x00 gateway", headers=headers)
    if fault.wrong_type:
        return Reply(status=status or 200, body=upstream.wrong_type, headers=headers)
    if fault.error_body:
        return Reply(status=status or 200, body=upstream.error(status or 500), headers=headers)
    if status is not None:
        return Reply(status=status, body=upstream.error(status), headers=headers)
    return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
