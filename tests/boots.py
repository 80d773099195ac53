"""Processes that find the libraries imported already, and nothing of ours.

Importing libraries is most of what a process costs that boots the project or refuses to. A server,
this module run as a program, has done it once: for each line of JSON that it reads it forks a
process, which has its own environment, arguments and output and is from then on what
``python -c`` is.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = [  # what can be imported without settings and reads no variable
    "celery.app.amqp",
    "celery.bin.celery",
    "cryptography.hazmat.primitives.ciphers.aead",
    "dj_database_url",
    "django.contrib.admin",
    "django.core.handlers.wsgi",
    "django.core.management.commands.migrate",
    "django.db.backends.sqlite3.base",
    "django.test",
    "django_filters.rest_framework",
    "environs",
    "health_check.checks",
    "jsonschema",
    "jwt",
    "requests",
    "rest_framework.serializers",
]


class Boots:
    """The server, started when first needed."""

    def __init__(self) -> None:
        self.server: subprocess.Popen[str] | None = None

    def run(
        self, code: str, environment: dict[str, str], *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``code`` in a process of its own and return how it ended and what it wrote."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            job = {
                "code": code,
                "environment": environment,
                "arguments": arguments,
                "out": str(out),
                "err": str(err),
            }
            try:
                status = self._ask(json.dumps(job))
            except BaseException:
                self.stop()
                raise
            return subprocess.CompletedProcess(code, status, out.read_text(), err.read_text())

    def _ask(self, line: str) -> int:
        if self.server is None:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "tests.boots"],
                cwd=ROOT,
                # The one variable that is not for the libraries: nothing of this run reaches them.
                env={"PATH": os.defpath},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        self.server.stdin.write(f"{line}\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def stop(self) -> None:
        """End the server, and with it whatever it still runs."""
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.communicate()
            self.server = None


def serve() -> dict:
    """Fork a process per line; return its job in each of them, and never in the server."""
    for library in LIBRARIES:
        import_module(library)
    gc.freeze()  # no process looks through what they all share
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return json.loads(line)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer
    sys.exit()


def become(job: dict) -> None:
    """Take over a job's environment, arguments and output."""
    os.environ.clear()  # noqa: TID251 - a process that begins
    os.environ.update(job["environment"])  # noqa: TID251 - see above
    sys.argv = ["-c", *job["arguments"]]
    for stream, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, job["out"], os.O_WRONLY | os.O_CREAT),
        (2, job["err"], os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, stream)
        os.close(opened)


if __name__ == "__main__":
    mine = serve()
    become(mine)
    exec(compile(mine["code"], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as -c does
