"""A whole platform on this machine, for programs that use it as its callers do.

What `make run` has, in a folder of its own: an SQLite file with the demo data, a node, a worker
and the sandbox of the outside APIs. Nothing is read from the shell's variables or a .env.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import sandbox
from scripts.nodes import Node, environment
from scripts.proxy import ROOT


def settings_in(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a platform that has its files in ``folder``."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SECRET_KEY": uuid4().hex + uuid4().hex,
        "CREDENTIALS_KEYS": "",  # this machine's own, as there may be no .env
        "DATABASE_URL": f"sqlite:///{folder / 'plaza.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "memory://",
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "json",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "8",
        **more,
    }


def prepare(settings: dict[str, str]) -> None:
    """Make the tables and the demo data."""
    command = [sys.executable, "manage.py", "prepare", "--demo", "--verbosity", "0"]
    subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment(**settings), stdout=subprocess.DEVNULL, check=True
    )


@contextlib.contextmanager
def worker(folder: Path, settings: dict[str, str]) -> Iterator[None]:
    """Let a worker fetch pictures and pass files on."""
    options = ["--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "--quiet", "worker", *options]
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, env=environment(**settings), stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def running(folder: Path, **more: str) -> Iterator[Node]:
    """Start everything but nginx and yield the node."""
    with sandbox.running() as outside:
        apis = {
            "DOG_API_URL": f"{outside.url}/dogs/api",
            "DOG_PICTURES_URL": f"{outside.url}/pictures",
            "RELAY_API_URL": f"{outside.url}/relay/api",
            "TMDB_API_URL": f"{outside.url}/tmdb/3",
            "TMDB_API_KEY": sandbox.API_KEY,
        }
        # The broker on disk: the node and the worker are two processes.
        settings = settings_in(folder, CELERY_BROKER_URL="", WEB_WORKERS="1", **apis, **more)
        prepare(settings)
        with worker(folder, settings), Node(folder, **settings) as node:
            yield node
