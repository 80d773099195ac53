"""Where Plaza's time goes: ``python -m benchmarks.profiling "page of 50 dogs"``.

Calls the WSGI application in this process, without a server in front, on the benchmark's database;
prints CPU time per request, the function calls that it takes, and with ``--lines`` the most
expensive functions, with ``--sql`` the statements.
"""

import argparse
import cProfile
import io
import itertools
import json
import os
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from email.message import Message
from typing import Any

from benchmarks import servers
from benchmarks.common import server_environment
from benchmarks.data import DOGS, PASSWORD
from benchmarks.run import EVERY_SCENARIO
from benchmarks.scenarios import USER_OF, Answer, Caller, Scenario, Turn, email_of
from benchmarks.sync.phones import phones
from benchmarks.sync.ring import NEW, Request
from benchmarks.sync.scenarios import SyncScenario

SECONDS = 1.5
PROFILED_REQUESTS = 50


def application(name: str) -> Callable[..., Any]:
    """Return a WSGI application: Plaza's, or a peer's."""
    os.environ.update(server_environment())
    os.environ["LOG_LEVEL"] = "INFO"
    if name == "plaza":
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        from config.wsgi import application as found
    elif name == "drf":
        from benchmarks.peers.drf.wsgi import application as found
    elif name == "flask":
        from benchmarks.peers.flask.app import app as found
    else:
        from benchmarks.limit import application as found
    return found


class InProcess(Caller):
    """Asks an application in this process, as a WSGI server would."""

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__("http://127.0.0.1:9061")
        self.app = app

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
    ) -> Answer:
        """Return the answer."""
        seen: list[Any] = []

        def start(status: str, given: list[tuple[str, str]], _error: Any = None) -> None:
            found = Message()
            for name, value in given:
                found[name] = value
            seen.extend((int(status[:3]), found))

        answer = self.app(environ_of(Request(method, path, headers or {}, body)), start)
        content = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return Answer(seen[0], content, seen[1])


def environ_of(request: Request) -> dict[str, Any]:
    """Return what a WSGI server would hand over."""
    path, _, query = request.path.partition("?")
    body = request.body.encode()
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query.replace("page=1000", ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "9061",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:9061",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
    for name, value in request.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    if body:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def ring_of(scenario: Scenario | SyncScenario, turn: Turn) -> list[Request]:
    """Return what a scenario sends; a PATCH names no tag here."""
    if isinstance(scenario, SyncScenario):
        return scenario.ring_of(turn)
    load = scenario.fitted(turn)
    match scenario.what:
        case "create":
            return [Request("POST", f"/api/dogs/new-{turn.stamp}-{NEW}", load.headers, "{}")]
        case "patch":
            path = f"/api/dogs/dog-{DOGS}"
            return [
                Request("PATCH", path, load.headers, f'{{"is_adopted": {flag}}}')
                for flag in ("false", "true")
            ]
        case "login":
            body = json.dumps({"email": "user9@bench.invalid", "password": PASSWORD})
            return [Request("POST", load.path, load.headers, body)]
    return [Request(load.method, load.path, load.headers)]


def is_wanted(scenario: Scenario | SyncScenario, options: argparse.Namespace) -> bool:
    """Tell whether a scenario was asked for, and the application can be asked in this way."""
    if options.text not in scenario.name:
        return False
    is_public = isinstance(scenario, Scenario) and scenario.what == "get" and not scenario.role
    return options.app == "plaza" or is_public


def main() -> None:
    """Measure and profile the scenarios whose names hold a text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?", default="")
    parser.add_argument("--app", default="plaza", choices=["plaza", "drf", "flask", "limit"])
    parser.add_argument("--lines", type=int, default=0, help="of the profile")
    parser.add_argument("--sort", default="tottime")
    parser.add_argument("--sql", action="store_true", help="show the statements, Plaza's only")
    options = parser.parse_args()
    caller = InProcess(application(options.app))
    database = servers.Database().connection
    is_plaza = options.app == "plaza"
    turn = Turn(
        server=options.app,
        caller=caller,
        stamp=str(time.time()),
        tokens={role: caller.token(email_of(role)) for role in USER_OF} if is_plaza else {},
        paths={},
        phones=phones(caller, database) if is_plaza else [],
        database=database,
    )
    for scenario in EVERY_SCENARIO:
        if is_wanted(scenario, options):
            scenario.clean(turn)
            measure(scenario, turn, options)
            scenario.clean(turn)


def measure(scenario: Scenario | SyncScenario, turn: Turn, options: argparse.Namespace) -> None:
    """Time and profile one request many times over."""
    ring, numbers, status = ring_of(scenario, turn), itertools.count(), 0

    def once() -> None:
        nonlocal status
        number = next(numbers)
        status = turn.caller.ask(*ring[number % len(ring)].numbered(number)).status

    for _ in range(PROFILED_REQUESTS):
        once()
    count, began, until = 0, time.process_time(), time.monotonic() + SECONDS
    while time.monotonic() < until:
        once()
        count += 1
    spent = (time.process_time() - began) / count * 1e6
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(PROFILED_REQUESTS):
        once()
    profile.disable()
    stats = pstats.Stats(profile, stream=sys.stdout)
    calls = stats.total_calls / PROFILED_REQUESTS
    sys.stdout.write(f"{scenario.name}: {status}, {spent:.0f} µs CPU, {calls:.0f} calls\n")
    if options.lines:
        stats.sort_stats(options.sort).print_stats(options.lines)
    if options.sql:
        show_statements(once)


def show_statements(once: Callable[[], None]) -> None:
    """Print the statements of a request, and the milliseconds there and back of the quickest."""
    from django.db import connection

    seen: dict[str, list[float]] = defaultdict(list)

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seen[sql].append(time.perf_counter() - began)

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(note))
        for _ in range(PROFILED_REQUESTS):
            once()
    for sql, times in seen.items():
        often, quickest = len(times) / PROFILED_REQUESTS, min(times) * 1000
        sys.stdout.write(f"{often:5.2f} × {quickest:.2f} ms  {' '.join(sql.split())[:600]}\n")


if __name__ == "__main__":
    main()
