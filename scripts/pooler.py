"""Run PgBouncer with the repository's example in a folder of its own, without a service.

Debian's package is enough: where PgBouncer is not installed, it is unpacked into a folder of ours.
"""

import configparser
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from scripts import debian
from scripts.nodes import environment
from scripts.proxy import ROOT, answers, free_port

EXAMPLE = ROOT / "deploy" / "pgbouncer" / "pgbouncer.ini"
PACKAGES, PROGRAM = ("pgbouncer", "libc-ares2"), "usr/sbin/pgbouncer"
FETCHED = ROOT / "var" / "pgbouncer"


def found() -> tuple[str, dict[str, str]] | None:
    """Return PgBouncer's path and what its environment needs, or None."""
    path = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if path is not None:
        return path, {}
    folder = debian.unpacked(FETCHED, PROGRAM, PACKAGES)
    if folder is None:
        return None
    return str(folder / PROGRAM), {"LD_LIBRARY_PATH": debian.libraries(folder)}


class Pooler:
    """One PgBouncer before the PostgreSQL at ``host``:``port``, with its files in ``folder``."""

    def __init__(
        self, folder: Path, *, host: str, port: int, users: dict[str, str], **values: str
    ) -> None:
        binary = found()
        if binary is None:
            raise FileNotFoundError("PgBouncer is not installed and could not be fetched")
        self.path, self.variables = binary
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        listed = folder / "userlist.txt"
        listed.write_text("".join(f'"{name}" "{secret}"\n' for name, secret in users.items()))
        config = configparser.ConfigParser(interpolation=None)
        config.read_string(EXAMPLE.read_text())
        config["databases"] = {"*": f"host={host} port={port}"}
        config["pgbouncer"].update(
            listen_addr="127.0.0.1",
            listen_port=str(self.port),
            auth_type="trust",
            auth_file=str(listed),
            logfile=str(folder / "pgbouncer.log"),
            pidfile="",
            unix_socket_dir="",
            admin_users=",".join(users),
            **values,
        )
        if os.geteuid() == 0:  # which PgBouncer refuses to be
            config["pgbouncer"]["user"] = "nobody"
            for path in (folder, *folder.parents[:1]):
                path.chmod(0o777)
        self.config, self.values = folder / "pgbouncer.ini", config
        self.write()

    def write(self) -> None:
        """Write the configuration."""
        with self.config.open("w") as file:
            self.values.write(file)

    def reload(self, **values: str) -> None:
        """Change values of a running one (SIGHUP)."""
        self.values["pgbouncer"].update(values)
        self.write()
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def follow(self, *, host: str, port: int) -> None:
        """Send everybody to another PostgreSQL from now on."""
        self.values["databases"] = {"*": f"host={host} port={port}"}
        self.reload()

    def start(self, patience: float = 20) -> None:
        """Start, and wait until it listens."""
        self.process = subprocess.Popen(  # noqa: S603 - PgBouncer and our own file
            [self.path, str(self.config)],
            env=environment(**self.variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + patience
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = self.folder / "pgbouncer.log"
                said = log.read_text() if log.exists() else "nothing"
                raise RuntimeError(f"PgBouncer did not start:\n{said}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
