"""A platform of its own for the browser: node, worker and sandbox, as `make run` has them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from uuid import uuid4

import sandbox
from scripts.nodes import Node, environment
from scripts.proxy import ROOT

ADMIN = ("admin@plaza.example", "plaza-demo-2026")
TOKEN = "abcdef1234567890"  # of the demo data, the same person's


def settings_in(folder, outside, origin):
    """What the processes read, whatever the shell and a .env say."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SECRET_KEY": uuid4().hex + uuid4().hex,
        "CREDENTIALS_KEYS": "",
        "DATABASE_URL": f"sqlite:///{folder / 'browser.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "json",
        "WEB_WORKERS": "1",
        "WEB_THREADS": "8",
        "CORS_ALLOWED_ORIGINS": origin,
        "DOG_API_URL": f"{outside}/dogs/api",
        "RELAY_API_URL": f"{outside}/relay/api",
        "TMDB_API_URL": f"{outside}/tmdb/3",
        "TMDB_API_KEY": sandbox.API_KEY,
    }


@contextlib.contextmanager
def worker(folder, settings):
    """The Procfile's worker, with one thread."""
    celery = "-m celery -A config.celery --quiet worker --pool threads --concurrency 1"
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *celery.split(), "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=environment(**settings),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextlib.contextmanager
def running(folder, origin):
    """Start everything but nginx and yield the node."""
    with sandbox.running() as outside:
        settings = settings_in(folder, outside.url, origin)
        subprocess.run(
            [sys.executable, "manage.py", "prepare", "--demo", "--verbosity", "0"],
            cwd=ROOT,
            env=environment(**settings),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with worker(folder, settings), Node(folder, **settings) as node:
            yield node


def ask(url, method="GET", *, token=TOKEN, body=None, **headers):
    """What somebody without a browser gets: status, headers, body."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
