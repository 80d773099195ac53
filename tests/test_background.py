"""Nothing acknowledged is lost: real worker processes, killed in mid-task, and a broker that dies.

A database of its own, the broker on disk, the sandbox as dog.ceo.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import sandbox
from core import plugs

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [
    pytest.mark.skipif("dogs" not in plugs.every_optional_app(), reason="dogs is not here"),
    pytest.mark.timeout(240),
    pytest.mark.long,
]


REGISTER = """
import sys
import django
django.setup()
from django.core.management import call_command
from dogs import services
call_command("migrate", verbosity=0)
for name in sys.argv[1:]:
    services.register_dog(name=name)
"""


@pytest.fixture
def outside(sandbox_server) -> sandbox.Server:
    """The outside APIs."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def platform(tmp_path, outside, boot) -> Iterator["Platform"]:
    """A platform whose workers can be killed."""
    with Platform.running(tmp_path, outside.url, boot) as made:
        yield made


class Platform:
    """The processes of one platform and how to ask its database."""

    def __init__(self, folder: Path, upstream: str, boot: Callable) -> None:
        self.folder = folder
        self.boot = boot
        self.workers: list[subprocess.Popen] = []
        self.environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child process needs one
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "SECRET_KEY": "x" * 50,
            "PLATFORM_APPS": "dogs",
            "DATABASE_URL": f"sqlite:///{folder / 'plaza.sqlite3'}",
            "REDIS_URL": "",
            "CELERY_BROKER_URL": "",
            "VAR_DIR": str(folder),
            "DOG_API_URL": f"{upstream}/dogs/api",
            "SWEEP_SECONDS": "1",
            "LOG_LEVEL": "WARNING",
        }

    @classmethod
    @contextmanager
    def running(cls, folder: Path, upstream: str, boot: Callable) -> Iterator["Platform"]:
        """End every process in the end."""
        made = cls(folder, upstream, boot)
        try:
            yield made
        finally:
            for worker in made.workers:
                if worker.poll() is None:
                    made.kill(worker)

    def start_worker(self, delay: int = 0) -> subprocess.Popen:
        """Start a prefork worker as production does, with beat inside.

        A picture's task sleeps ``delay`` seconds before it calls.
        """
        return self.start("worker --beat -c 1 -l WARNING", DOG_PICTURE_DELAY_SECONDS=str(delay))

    def start(self, command: str, **settings: str) -> subprocess.Popen:
        """Start one of Celery's programs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config.celery", *command.split()],
            cwd=ROOT,
            env={**self.environment, **settings},
            start_new_session=True,
        )
        self.workers.append(process)
        return process

    @staticmethod
    def kill(worker: subprocess.Popen) -> None:
        """Kill -9 the worker and its children."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def register(self, *names: str) -> None:
        """Make the tables and take dogs in.

        The process that does it ends at once, its messages sent or not.
        """
        done = self.boot(REGISTER, self.environment, *names)
        assert done.returncode == 0, done.stderr

    def pictures(self) -> list[tuple[str, str, int]]:
        """Return status, picture and attempts of every dog."""
        return self.query(
            "SELECT picture_status, picture, picture_attempts FROM dogs_dog ORDER BY id"
        )

    def everything_is_due(self) -> None:
        """Do what time does by itself to a row that nobody finished."""
        self.query("UPDATE dogs_dog SET picture_due_at = '2024-01-01 00:00:00'")

    def query(self, sql: str) -> list[tuple]:
        """Run one statement in the platform's database."""
        path = self.folder / "plaza.sqlite3"
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            return database.execute(sql).fetchall()

    def wait_for(self, done: Callable[[], bool], seconds: float = 90) -> None:
        """Return when ``done()``."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, self.pictures()
            time.sleep(0.05)


def test_worker_killed_in_mid_task(platform, outside):
    platform.register("Lazy")
    worker = platform.start_worker(delay=100)
    platform.wait_for(lambda: platform.pictures()[0][2] == 1)
    platform.kill(worker)
    assert platform.pictures() == [("pending", "", 1)]
    assert outside.calls("dogs") == 0
    platform.everything_is_due()
    platform.start_worker()
    platform.wait_for(lambda: platform.pictures()[0][0] == "ready")
    status, picture, attempts = platform.pictures()[0]
    assert (status, attempts) == ("ready", 2)
    assert picture.startswith("https://images.dog.ceo/")
    assert outside.calls("dogs") == 1


def test_broker_gone_with_everything_in_it(platform, outside):
    platform.register("Lazy", "Eager")
    assert len(platform.pictures()) == 2
    shutil.rmtree(platform.folder / "broker", ignore_errors=True)
    platform.everything_is_due()
    platform.start_worker()
    platform.wait_for(lambda: {row[0] for row in platform.pictures()} == {"ready"})
    assert outside.calls("dogs") == 2


def test_files_that_were_cut_off_stop_nobody(platform, outside):
    platform.register("Lazy")
    schedule = platform.folder / "beat-schedule.dat"
    schedule.write_bytes(b"x" * 100)
    messages = platform.folder / "broker" / "messages"
    control = platform.folder / "broker" / "control"
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("1_a.dogs.msg", "2_b.core.msg"):
        (messages / name).write_text('{"body": "W10=", "headers": {')
    for table in ("dogs", "core"):
        (control / f"{table}.exchange").write_text('[["dogs", ""')
    platform.everything_is_due()
    worker = platform.start_worker()
    platform.wait_for(lambda: {row[0] for row in platform.pictures()} == {"ready"})
    assert worker.poll() is None
    assert not [*messages.glob("[12]_?.*")]
    assert schedule.read_bytes() == b"x" * 100  # nobody reads or writes it


def test_beat_leaves_a_sign_with_each_message(platform):
    sign = platform.folder / "beat-alive"
    platform.start("beat -l WARNING")
    platform.wait_for(sign.exists)
    first = sign.stat().st_mtime_ns
    platform.wait_for(lambda: sign.stat().st_mtime_ns > first)
