"""Start and stop real gunicorn nodes on this machine, for `make smoke` and the tests."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from scripts.load import TOKEN
from scripts.proxy import ROOT, Proxy, free_port

# A new connection goes to either process: one of two is left out once in a hundred times.
WARM_ROUNDS = 8
WARM_PATHS = ("/api/dogs?limit=1", "/api/patients?limit=1")


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment with some variables set."""
    return {**os.environ, **extra}  # noqa: TID251 - handed on to a child, nothing is read


class Node:
    """One gunicorn on a port of 127.0.0.1, in a process group of its own."""

    def __init__(
        self, folder: Path, *, app: str = "", ready: str = "/health/ready", **settings: str
    ) -> None:
        self.port = free_port()
        self.root = ROOT  # the release that it runs
        self.ready = ready
        self.log = folder / f"node-{self.port}.log"
        self.command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
        self.command += [app] if app else []
        self.environment = environment(
            PORT=str(self.port), WEB_HOST="127.0.0.1", TRUSTED_PROXIES="127.0.0.1", **settings
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 30) -> None:
        """Start and wait until the node says that it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and configuration
                self.command,
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + patience
        while self.status(self.ready) != 200:  # noqa: PLR2004 - OK
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the node did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def warm(self) -> None:
        """Ask each of its processes for something of each kind: the first requests are slow."""
        for _ in range(WARM_ROUNDS):
            for path in WARM_PATHS:
                self.status(path, token=TOKEN)

    def status(self, path: str, *, token: str = "") -> int:
        """Return the status of one GET; 0 when nobody answers."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - see above
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def terminate(self, patience: float = 40) -> None:
        """Ask the node to finish what it has and stop (SIGTERM), and wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(patience)

    def kill(self) -> None:
        """Kill the master and every worker at once (SIGKILL)."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def kill_worker(self) -> None:
        """Kill one worker (SIGKILL); the master starts another."""
        if self.process is not None:
            master = self.process.pid
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)

    def pause(self) -> None:
        """Stop every process of the node where it is (SIGSTOP): it listens and answers nothing."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let the processes of a paused node go on."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def rolling_restart(proxy: Proxy, nodes: list[Node], *, drain: bool) -> None:
    """Restart every node, one after the other; with ``drain`` nobody is sent to it meanwhile."""
    for node in nodes:
        if drain:
            proxy.nodes({one.port: "down" if one is node else "" for one in nodes})
            proxy.reload()
            time.sleep(0.5)  # what was sent before the reload is answered
        node.terminate()
        node.start()
        if drain:
            node.warm()
        if drain:
            proxy.nodes({one.port: "" for one in nodes})
            proxy.reload()
            time.sleep(0.5)
