"""Where Plaza's time goes: ``python -m benchmarks.profiling "page of 50 dogs"``.

Calls the WSGI application in this process, without a server in front, on the benchmark's database;
prints CPU time per request, the function calls that it takes, and the most expensive functions.
"""

import argparse
import cProfile
import io
import os
import pstats
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.common import server_environment
from benchmarks.scenarios import SCENARIOS, USER_OF, Scenario

PROFILE_SECONDS = 1.5


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


def token(role: str) -> str:
    """Return an access token as a sign-in would give it."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    from users.auth.sessions import open_session
    from users.auth.tokens import pair_of
    from users.models import User

    return pair_of(open_session(user=User.objects.get(pk=USER_OF[role]))).access


def environ_of(scenario: Scenario, access: str) -> dict[str, Any]:
    """Return what a WSGI server would hand over."""
    load = scenario.load
    path, _, query = load.path.partition("?")
    environ = {
        "REQUEST_METHOD": load.method,
        "PATH_INFO": path,
        "QUERY_STRING": query.replace("page=1000", ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "9061",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:9061",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
    if access:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {access}"
    return environ


def main() -> None:
    """Measure and profile the scenarios whose names hold a text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?", default="")
    parser.add_argument("--app", default="plaza", choices=["plaza", "drf", "flask", "limit"])
    parser.add_argument("--lines", type=int, default=0, help="of the profile")
    parser.add_argument("--sort", default="tottime")
    options = parser.parse_args()
    app = application(options.app)
    tokens: dict[str, str] = {}
    if options.app == "plaza":
        tokens = {role: token(role) for role in USER_OF}
    for scenario in SCENARIOS:
        skipped = scenario.kind != "read" or (scenario.role and not tokens)
        if options.text in scenario.name and not skipped:
            environ = environ_of(scenario, tokens.get(scenario.role, ""))
            measure(scenario.name, lambda sent=environ: request(app, sent), options)


def request(app: Callable[..., Any], environ: dict[str, Any]) -> str:
    """Ask once and return the status."""
    seen: list[str] = []

    def start(status: str, _headers: Any, _error: Any = None) -> None:
        seen.append(status)

    answer = app(dict(environ), start)
    b"".join(answer)
    answer.close()
    return seen[0]


def measure(name: str, once: Callable[[], str], options: argparse.Namespace) -> None:
    """Time and profile one request many times over."""
    status = once()
    for _ in range(50):
        once()
    count, began, until = 0, time.process_time(), time.monotonic() + PROFILE_SECONDS
    while time.monotonic() < until:
        once()
        count += 1
    spent = (time.process_time() - began) / count * 1e6
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(50):
        once()
    profile.disable()
    stats = pstats.Stats(profile, stream=sys.stdout)
    calls = stats.total_calls / 50
    sys.stdout.write(f"{name}: {status}, {spent:.0f} µs CPU, {calls:.0f} calls\n")
    if options.lines:
        stats.sort_stats(options.sort).print_stats(options.lines)


if __name__ == "__main__":
    main()
