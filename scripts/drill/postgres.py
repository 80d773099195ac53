"""A PostgreSQL server of one's own, its synchronous standby, and a promotion by script."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2

from scripts.drill.programs import postgres_folder, unprivileged
from scripts.proxy import free_port

SUPERUSER = "postgres"
STANDBY = "standby"  # what a standby calls itself, and who is waited for
# What differs from the defaults: small, quick to follow again, quick to find its standby.
CONFIG = """
listen_addresses = '127.0.0.1'
shared_buffers = 64MB
max_connections = 60
wal_level = replica
max_wal_senders = 5
wal_keep_size = 256MB
wal_retrieve_retry_interval = 200ms
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
log_lock_waits = on
# Else every file is flushed by itself after a crash: 3.5 s here for an almost empty database.
recovery_init_sync_method = syncfs
"""


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    folder = postgres_folder()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    return str(folder / name)


class Server:
    """One PostgreSQL with its files in ``folder``/data and its log beside."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.data, self.log = folder / "data", folder / "postgresql.log"
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self.hand_over(folder)

    def hand_over(self, path: Path) -> None:
        """Make a file or folder that of whom PostgreSQL runs as."""
        identity: dict[str, Any] = unprivileged()
        if identity:
            os.chown(path, identity["user"], identity["group"])

    def run(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as who may."""
        identity: dict[str, Any] = unprivileged()
        ran = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            [program(name), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **identity,
        )
        if ran.returncode:
            raise RuntimeError(f"{name} failed:\n{ran.stdout}{ran.stderr}")

    def create(self) -> None:
        """Make an empty cluster whose WAL is beside its data."""
        wal = str(self.folder / "wal")
        options = ("-A", "trust", "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "-X", wal)
        self.run("initdb", "-D", str(self.data), "--no-sync", *options)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"{CONFIG}unix_socket_directories = '{self.folder}'\n")

    def follow(self, primary: "Server") -> None:
        """Become a standby of ``primary``, from a copy of it."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.folder / "wal", ignore_errors=True)
        source = f"host=127.0.0.1 port={primary.port} user={SUPERUSER} application_name={STANDBY}"
        wal = str(self.folder / "wal")
        options = ("-X", "stream", "-c", "fast", "--no-sync", "--waldir", wal)
        self.run("pg_basebackup", "-D", str(self.data), "-R", "-d", source, *options)
        # A copy of the primary waits for itself as its own standby, once it is promoted.
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write("synchronous_standby_names = ''\n")

    def start(self, patience: float = 30) -> None:
        """Start and wait until it takes connections."""
        identity: dict[str, Any] = unprivileged()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
                [program("postgres"), "-D", str(self.data), "-p", str(self.port)],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **identity,
            )
        deadline = time.monotonic() + patience
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether it takes a connection and answers on it, within a second."""
        try:
            self.ask("SELECT 1", name="postgres")
        except psycopg2.OperationalError:
            return False
        return True

    def connect(self, name: str, user: str = SUPERUSER) -> Any:
        """Return a connection whose statements commit at once."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=user, dbname=name, connect_timeout=1
        )
        connection.autocommit = True
        return connection

    def ask(
        self, statement: str, values: Sequence[Any] | None = None, *, name: str
    ) -> list[tuple[Any, ...]]:
        """Run one statement in a database as superuser and return its rows."""
        connection = self.connect(name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def set(self, **values: str) -> None:
        """Change settings for good, and take them at once."""
        for key, value in values.items():
            self.ask(f"ALTER SYSTEM SET {key} = %s", (value,), name="postgres")
        self.ask("SELECT pg_reload_conf()", name="postgres")

    def reset(self, *names: str) -> None:
        """Take back what ``set`` changed."""
        for name in names:
            self.ask(f"ALTER SYSTEM RESET {name}", name="postgres")
        self.ask("SELECT pg_reload_conf()", name="postgres")

    def wait_for_standby(self, patience: float = 20) -> None:
        """Return once every commit waits for the standby, and the standby is there."""
        self.set(synchronous_standby_names=STANDBY)
        self.wait_until(
            "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'", patience
        )

    def wait_until(self, question: str, patience: float) -> None:
        """Ask ten times a second until the answer is true.

        Raises:
            RuntimeError: it was not in time.
        """
        deadline = time.monotonic() + patience
        while not self.ask(question, name="postgres")[0][0]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"not so within {patience:g} s: {question}")
            time.sleep(0.1)

    def promote(self) -> None:
        """Make the primary of a standby, and return once it takes writes."""
        self.ask("SELECT pg_promote(true, 30)", name="postgres")
        self.wait_until("SELECT NOT pg_is_in_recovery()", 10)

    def processes(self) -> list[int]:
        """Return the postmaster and its children, each of which has a session of its own."""
        if self.process is None or self.process.poll() is not None:
            return []
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def send(self, number: signal.Signals, pids: Sequence[int]) -> None:
        """Send a signal to processes that may be gone."""
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def pause_wal_writer(self) -> None:
        """Stop the process that writes what commits did not wait for."""
        question = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
        self.send(signal.SIGSTOP, [self.ask(question, name="postgres")[0][0]])

    def kill(self) -> None:
        """Kill every process at once (SIGKILL), as when a machine is gone."""
        self.send(signal.SIGKILL, self.processes())
        if self.process is not None:
            self.process.wait(10)

    def stop(self) -> None:
        """Stop cleanly, without waiting for clients."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
