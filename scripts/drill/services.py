"""Redis, RabbitMQ, the workers, beat and the sandbox, each in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

from scripts.calls import Caller
from scripts.drill.programs import path_of
from scripts.nodes import environment
from scripts.proxy import ROOT, answers, free_port


class Service(ABC):
    """A program that listens on a port, may be killed and started again."""

    patience = 30.0

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.port = folder / name, name, free_port()
        self.folder.mkdir(parents=True)
        self.log = self.folder / "log"
        self.root = ROOT  # the release that it runs
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line."""

    def variables(self) -> dict[str, str]:
        """Return what its environment needs."""
        return {}

    def launch(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own."""
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - installed programs and our own files
                command,
                cwd=self.root,
                env=environment(**self.variables()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start and wait until it listens."""
        self.process = self.launch(self.command())
        deadline = time.monotonic() + self.patience
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of it."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def pause(self) -> None:
        """Stop it where it is: it listens, and answers nothing."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill every process of it at once (SIGKILL)."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)


class Redis(Service):
    """The cache, which keeps nothing."""

    def command(self) -> list[str]:
        """Return the command line."""
        return [
            path_of("redis-server") or "redis-server",
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)),
            *("--save", "", "--appendonly", "no"),
        ]


class RabbitMQ(Service):
    """The broker: a node of its own name, with its own files, and its own name server (epmd)."""

    patience = 90.0  # Erlang's start, where other work has the processors

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self.names_port, self.distribution_port = free_port(), free_port()
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        (self.folder / "enabled_plugins").write_text("[].\n")
        self.names: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return the command line."""
        return [path_of("rabbitmq-server") or "rabbitmq-server"]

    def variables(self) -> dict[str, str]:
        """Return where everything is."""
        return {
            "HOME": str(self.folder),  # of Erlang's cookie
            "ERL_EPMD_PORT": str(self.names_port),
            "RABBITMQ_NODENAME": f"drill{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ("-kernel inet_dist_use_interface {127,0,0,1}"),
        }

    def start(self) -> None:
        """Start the name server, unless it is there, and the broker."""
        if self.names is None:
            names = [path_of("epmd") or "epmd", "-port", str(self.names_port)]
            self.names = self.launch([*names, "-address", "127.0.0.1"])
        super().start()

    def close(self) -> None:
        """Kill the broker and its name server."""
        self.kill()
        if self.names is not None:
            self.names.kill()
            self.names.wait(10)


class Sandbox(Service):
    """Stands in for the outside APIs."""

    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "sandbox", "--port", str(self.port), "--quiet"]

    def delay(self, upstream: str, seconds: float) -> None:
        """Let one of the APIs take so long for each answer; 0: as long as it takes."""
        method = "PUT" if seconds else "DELETE"
        body = json.dumps({"delay": seconds}).encode()
        Caller(self.port, "").once(method, f"/_faults/{upstream}", body)


class Background(Service):
    """A Celery worker or beat, which scripts/keep.sh starts again whenever it dies."""

    def __init__(
        self, folder: Path, name: str, settings: dict[str, str], arguments: list[str]
    ) -> None:
        super().__init__(folder, name)
        self.settings, self.arguments = settings, arguments
        self.kept = True

    def command(self) -> list[str]:
        """Return the command line."""
        celery = [sys.executable, "-m", "celery", "-A", "config.celery", "--quiet"]
        keep = ["sh", str(ROOT / "scripts" / "keep.sh")] if self.kept else []
        return [*keep, *celery, *self.arguments]

    def variables(self) -> dict[str, str]:
        """Return the platform's settings."""
        return self.settings

    def start(self) -> None:
        """Start; nobody listens, and work shows that it is there."""
        self.process = self.launch(self.command())

    def kill_child(self) -> None:
        """Kill what is kept alive, not who keeps it."""
        if self.process is None:
            return
        parent = self.process.pid
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in map(int, found) if self.kept else [parent]:
            os.kill(pid, signal.SIGKILL)

    def restart(self, *, kept: bool = True) -> None:
        """Start anew, kept alive or not."""
        self.kill()
        self.kept = kept
        self.start()


def worker(folder: Path, number: int, settings: dict[str, str]) -> Background:
    """Return one worker of four threads."""
    options = ["--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle"]
    name = f"worker{number}"
    return Background(folder, name, settings, ["worker", "--hostname", f"{name}@drill", *options])


def beat(folder: Path, settings: dict[str, str]) -> Background:
    """Return beat."""
    return Background(folder, "beat", settings, ["beat"])
