"""Starts the servers, and reads what they cost from /proc."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import redis

from benchmarks.common import (
    BARE,
    BIN,
    DATABASE_URL,
    HOST,
    PORTS,
    REDIS_URL,
    ROOT,
    THREADS,
    WORKERS,
    server_environment,
)

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
GUNICORN = ("gunicorn", "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "75",
            "--preload", "-b", "{address}")  # fmt: skip
UVICORN = ("uvicorn", "--host", HOST, "--port", "{port}", "--workers", str(WORKERS),
           "--no-access-log", "--loop", "uvloop", "--http", "httptools")  # fmt: skip
COMMANDS: dict[str, tuple[str, ...]] = {
    "plaza": ("gunicorn", "-c", "config/gunicorn.py"),
    "fastapi": (*UVICORN, "benchmarks.peers.fastapi.app:app"),
    "litestar": (*UVICORN, "benchmarks.peers.litestar.app:app"),
    "bolt": ("python", "-m", "django", "runbolt", "--processes", str(WORKERS), "--host", HOST,
             "--port", "{port}"),
    "flask": (*GUNICORN, "benchmarks.peers.flask.app:app"),
    "drf": (*GUNICORN, "benchmarks.peers.drf.wsgi:application"),
    "limit": (*GUNICORN, "benchmarks.limit:application"),
    "kinto": (*GUNICORN, "benchmarks.peers.kinto.app:application"),
}  # fmt: skip
SETTINGS = {"plaza": "benchmarks.settings", "bolt_bare": "benchmarks.peers.bolt.settings"}
START_SECONDS = 60


def command_of(name: str, port: int) -> list[str]:
    """Return how a server is started: a bare peer is the same program, told to promise nothing."""
    program, *rest = COMMANDS[name.removesuffix(BARE)]
    return [str(BIN / program), *(one.format(port=port, address=f"{HOST}:{port}") for one in rest)]


class Server:
    """One server: its process tree and its cost so far."""

    def __init__(self, name: str, *, database_url: str = DATABASE_URL, port: int = 0) -> None:
        port = port or PORTS[name]
        self.name = name
        self.url = f"http://{HOST}:{port}"
        environment = {**server_environment(database_url), "PORT": str(port)}
        self.counters = TemporaryDirectory(prefix="bench-metrics-")
        if module := SETTINGS.get(name):
            environment["DJANGO_SETTINGS_MODULE"] = module
        if name != "plaza":
            environment["BENCH_PROMISES"] = "0" if name.endswith(BARE) else "1"
            environment["PROMETHEUS_MULTIPROC_DIR"] = self.counters.name
        self.log_path = ROOT / "var" / f"bench-{name}-{port}.log"
        self.log_path.parent.mkdir(exist_ok=True)
        self.log = self.log_path.open("wb")
        self.process = subprocess.Popen(
            command_of(name, port), cwd=ROOT, env=environment, stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip

    def wait(self) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/api/dogs/dog-1", timeout=5).close()
            except urllib.error.HTTPError as error:
                if error.code == 404:  # it has no dogs, but it answers
                    return
                time.sleep(0.2)
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise SystemExit(f"bench: {self.name} does not answer, see {self.log_path}.")

    def stop(self) -> None:
        """End the whole process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.log.close()
        self.counters.cleanup()

    def pids(self) -> list[int]:
        """Return the server's process and all below it."""
        children: dict[int, list[int]] = {}
        for pid, (parent, _) in processes().items():
            children.setdefault(parent, []).append(pid)
        found = [self.process.pid]
        for pid in found:
            found.extend(children.get(pid, []))
        return found

    def memory_mb(self) -> list[float]:
        """Return the resident memory of each worker, largest first."""
        sizes = []
        for pid in self.pids()[1:]:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        return sorted(sizes, reverse=True)

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process tree, with its children that ended."""
        table = processes()
        return sum(table[pid][1] for pid in self.pids() if pid in table)


def processes() -> dict[int, tuple[int, float]]:
    """Return parent and CPU seconds (own and of ended children) of every process."""
    table = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        table[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICKS_PER_SECOND)
    return table


class Database:
    """The cost of PostgreSQL's backends on the benchmark's database, and of Redis."""

    def __init__(self, database_url: str = DATABASE_URL) -> None:
        self.connection = psycopg2.connect(database_url)
        self.connection.autocommit = True
        self.cache = redis.Redis.from_url(REDIS_URL)
        try:
            self.cache_pid = int(self.cache.info("server")["process_id"])
        except redis.RedisError as error:
            raise SystemExit(f"bench: no Redis at BENCH_REDIS_URL: {error}") from None

    def connections(self) -> str:
        """Return how many connections the server has, and may have."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) || ' of ' || current_setting('max_connections')"
                " FROM pg_stat_activity WHERE backend_type = 'client backend'"
            )
            return cursor.fetchone()[0]

    def backends(self) -> dict[int, float]:
        """Return the CPU seconds of each client's backend but our own, and of Redis."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            pids = [row[0] for row in cursor.fetchall()]
        table = processes()
        if pids and not set(pids) & table.keys():
            raise SystemExit("bench: PostgreSQL's processes are not in /proc: run it on this host.")
        return {pid: table[pid][1] for pid in [*pids, self.cache_pid] if pid in table}


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Return the CPU seconds of the backends between two looks."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


@contextmanager
def running(names: list[str]) -> Iterator[dict[str, Server]]:
    """Start servers, wait for them, and stop them at the end."""
    with ExitStack() as stack:
        servers = {}
        for name in names:
            servers[name] = Server(name)
            stack.callback(servers[name].stop)
        for server in servers.values():
            server.wait()
        yield servers
