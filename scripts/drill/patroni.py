"""PostgreSQL and its standby under Patroni, with a lease in etcd, instead of our watchdog.

Patroni takes over the cluster that is there, makes its standby, and promotes it when the primary's
lease ends. What a load balancer does with Patroni's REST API, ``Patroni.lead`` does here: it sends
the pooler to the member that says that it leads.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from scripts import debian
from scripts.drill.postgres import SUPERUSER, Server
from scripts.drill.programs import path_of, postgres_folder, unprivileged
from scripts.drill.rig import Rig
from scripts.drill.services import Service
from scripts.drill.stage import Stage
from scripts.proxy import ROOT, free_port

FETCHED, PROGRAM = ROOT / "var" / "patroni", "usr/bin/patroni"
# Patroni is Python, and runs with Debian's own; where it is not installed, with what it depends on.
PACKAGES = (
    "patroni",
    "etcd-server",
    "libyaml-0-2",
    *(
        f"python3-{name}"
        for name in (
            *("cdiff", "click", "dateutil", "dnspython", "etcd", "pkg-resources", "prettytable"),
            *("psutil", "psycopg2", "six", "urllib3", "wcwidth", "yaml"),
        )
    ),
)
PYTHON = "/usr/bin/python3"
# Its fastest: the lease cannot be shorter, and a server that dies is not waited for.
SETTINGS: dict[str, Any] = {
    "ttl": 20,
    "loop_wait": 1,
    "retry_timeout": 3,
    "synchronous_mode": True,
    "primary_start_timeout": 0,
    "postgresql": {"use_pg_rewind": True, "use_slots": True},
}
PROBE_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
NOTICED_SECONDS = 3.0  # members read their settings once a second
LEASE_PATIENCE_SECONDS = 40.0
CLIENTS_PATIENCE_SECONDS = 12.0


@cache
def found() -> dict[str, str] | None:
    """Return what the environment of Patroni and etcd needs, or None where they cannot be had."""
    if path_of("patroni") and path_of("etcd"):
        return {"PATH": os.defpath}
    folder = debian.unpacked(FETCHED, PROGRAM, PACKAGES)
    if folder is None or not Path(PYTHON).exists():
        return None
    return {
        "PATH": f"{folder}/usr/bin:{os.defpath}",
        "PYTHONPATH": f"{folder}/usr/lib/python3/dist-packages",
        "LD_LIBRARY_PATH": debian.libraries(folder),
    }


class Etcd(Service):
    """The store of the lease: one member, where production has three."""

    def command(self) -> list[str]:
        """Return the command line."""
        url, peers = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{free_port()}"
        return [
            *("etcd", "--data-dir", str(self.folder / "data"), "--unsafe-no-fsync"),
            *("--listen-client-urls", url, "--advertise-client-urls", url),
            *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
            *("--initial-cluster", f"default={peers}"),
        ]

    def variables(self) -> dict[str, str]:
        """Return where it is."""
        return found() or {}


class Member(Service):
    """Patroni beside one PostgreSQL server, which it starts, stops and promotes."""

    def __init__(self, server: Server, etcd: Etcd) -> None:
        super().__init__(server.folder, "patroni")
        self.server = server
        server.hand_over(self.folder)
        self.config = self.folder / "patroni.yml"
        self.config.write_text(json.dumps(self.values(etcd)))  # JSON is YAML

    def values(self, etcd: Etcd) -> dict[str, Any]:
        """Return what Patroni is told."""
        here, api = f"127.0.0.1:{self.server.port}", f"127.0.0.1:{self.port}"
        return {
            "scope": "plaza",
            "name": self.server.folder.name,
            "restapi": {"listen": api, "connect_address": api},
            "etcd3": {"host": f"127.0.0.1:{etcd.port}"},
            "postgresql": {
                "listen": here,
                "connect_address": here,
                "data_dir": str(self.server.data),
                "bin_dir": str(postgres_folder()),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {
                    "superuser": {"username": SUPERUSER},
                    "replication": {"username": SUPERUSER},
                },
                "basebackup": [
                    {"checkpoint": "fast"},
                    "no-sync",
                    {"waldir": str(self.server.folder / "wal")},
                ],
            },
        }

    def command(self) -> list[str]:
        """Return the command line."""
        program = shutil.which("patroni", path=self.variables()["PATH"]) or "patroni"
        return [PYTHON, program, str(self.config)]

    def variables(self) -> dict[str, str]:
        """Return where it is."""
        return found() or {}

    def launch(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start as who may run PostgreSQL."""
        identity: dict[str, Any] = unprivileged()
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - Debian's program and our own file
                command,
                cwd=self.folder,
                env={**self.variables(), "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **identity,
            )

    def says(self, path: str) -> bool:
        """Tell whether its REST API answers a health check with 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=1):
                return True
        except OSError:
            return False

    def wait_until(self, path: str, patience: float = PATIENCE_SECONDS) -> None:
        """Ask until it answers a health check with 200.

        Raises:
            RuntimeError: it did not in time.
        """
        deadline = time.monotonic() + patience
        while not self.says(path):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} is not so:\n{self.log.read_text()[-3000:]}")
            time.sleep(PROBE_SECONDS)

    def configure(self, values: dict[str, Any]) -> None:
        """Change the cluster's settings, which are kept in etcd."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/config", json.dumps(values).encode(), method="PATCH"
        )
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - as above
            pass

    def kill_server(self) -> None:
        """Kill PostgreSQL's processes at once (SIGKILL), and leave Patroni alone."""
        parent = int((self.server.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        self.server.send(signal.SIGKILL, [parent, *map(int, children)])

    def kill_machine(self) -> None:
        """Kill Patroni and PostgreSQL at once, as when their machine is gone."""
        self.kill()
        self.kill_server()

    def stop(self) -> None:
        """Stop it and its PostgreSQL cleanly."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE_SECONDS)


class Patroni:
    """Both members: who leads, and who follows."""

    def __init__(self, rig: Rig, etcd: Etcd) -> None:
        self.rig = rig
        self.leader, self.follower = (Member(server, etcd) for server in (rig.primary, rig.standby))

    def take_over(self) -> None:
        """Lead the rig's primary, and make the standby, which commits wait for."""
        rig = self.rig
        rig.standby.kill()
        for path in (rig.standby.data, rig.standby.folder / "wal"):
            shutil.rmtree(path, ignore_errors=True)
        rig.primary.reset("synchronous_standby_names")
        rig.primary.stop()
        self.leader.start()
        self.leader.wait_until("/primary")
        self.leader.wait_until("/config")
        self.leader.configure(SETTINGS)
        self.follower.start()
        self.follower.wait_until("/synchronous")

    def lead(self) -> None:
        """Wait for the follower to lead, and send the pooler there."""
        self.follower.wait_until("/primary")
        self.leader, self.follower = self.follower, self.leader
        rig = self.rig
        rig.primary, rig.standby = rig.standby, rig.primary
        rig.pooler.follow(host="127.0.0.1", port=rig.primary.port)

    def stop(self) -> None:
        """Stop both, the standby first."""
        self.follower.stop()
        self.leader.stop()

    def hand_back(self) -> None:
        """Have the rig run what led, and make its standby, as before."""
        primary = self.rig.primary
        (primary.data / "postgresql.base.conf").replace(primary.data / "postgresql.conf")
        primary.start()
        self.rig.rebuild_standby()


@contextmanager
def leading(rig: Rig) -> Iterator[None]:
    """Have Patroni lead PostgreSQL and its standby inside the block."""
    with ExitStack() as stack:
        etcd = Etcd(Path(tempfile.mkdtemp(dir=rig.folder)), "etcd")
        stack.callback(etcd.kill)
        etcd.start()
        rig.patroni = cluster = Patroni(rig, etcd)
        for member in (cluster.leader, cluster.follower):
            stack.callback(shutil.rmtree, member.folder)
            stack.callback(member.kill)
        try:
            cluster.take_over()
            yield
        finally:
            cluster.stop()
    cluster.hand_back()


def machine_lost(stage: Stage) -> None:
    """Kill the primary and its Patroni: the lease ends, and the standby is promoted."""
    cluster = cluster_of(stage)
    cluster.leader.kill_machine()
    cluster.lead()
    stage.is_whole()


def server_killed(stage: Stage) -> None:
    """Kill the primary's processes: its Patroni notices, and lets the standby lead."""
    cluster = cluster_of(stage)
    cluster.leader.kill_server()
    cluster.lead()
    stage.is_whole()


def machine_lost_in_maintenance(stage: Stage) -> None:
    """Do the same while Patroni is told to leave everything alone."""
    with maintenance(stage, LEASE_PATIENCE_SECONDS):
        cluster_of(stage).leader.kill_machine()
    cluster_of(stage).lead()
    stage.is_whole()


def server_killed_in_maintenance(stage: Stage) -> None:
    """Do the same while Patroni is told to leave everything alone."""
    with maintenance(stage, CLIENTS_PATIENCE_SECONDS):
        cluster_of(stage).leader.kill_server()
    cluster_of(stage).lead()
    stage.is_whole()


@contextmanager
def maintenance(stage: Stage, seconds: float) -> Iterator[None]:
    """Have Patroni do nothing inside the block, and for some seconds after what is done there."""
    follower = cluster_of(stage).follower
    follower.configure({"pause": True})
    time.sleep(NOTICED_SECONDS)
    yield
    time.sleep(seconds)
    follower.configure({"pause": None})


def cluster_of(stage: Stage) -> Patroni:
    """Return who leads in the rig of an act that is played under Patroni."""
    if stage.rig.patroni is None:
        raise RuntimeError("this act is played under Patroni only")
    return stage.rig.patroni
