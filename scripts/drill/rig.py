"""Everything that a platform is made of, as real processes in one folder."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sandbox
from scripts.drill import services
from scripts.drill.clients import DOG, PATIENT, VISIT, Clients, sign_in
from scripts.drill.postgres import SUPERUSER, Server
from scripts.drill.release import APP as APP_OF_RELEASE
from scripts.drill.release import last_migration
from scripts.local import prepare, settings_in
from scripts.nodes import Node, environment
from scripts.pooler import Pooler
from scripts.proxy import ROOT, Proxy
from scripts.roles import make_roles
from users.constants import DEMO_PASSWORD

if TYPE_CHECKING:
    from scripts.drill.patroni import Patroni

DATABASE, OWNER, APP, SECRET = "plaza", "plaza_owner", "plaza", "only-for-drills"
SELLERS = ("ana@plaza.example", "luis@plaza.example")  # of the demo data
PROBE_SECONDS = 0.2
PROBES = 3  # that fail in a row until a primary counts as gone
COUNTS = {
    DOG: "SELECT name, count(*) FROM dogs_dog WHERE name LIKE 'drill-%' GROUP BY 1",
    PATIENT: (
        "SELECT last_name, count(*) FROM clinic_patient WHERE last_name LIKE 'drill-%' GROUP BY 1"
    ),
    VISIT: "SELECT id::text, count(*) FROM stores_visit GROUP BY 1",
}


class Rig:
    """nginx, two nodes, PgBouncer, PostgreSQL and its standby, Redis, RabbitMQ, workers, beat."""

    def __init__(self, folder: Path, say: Callable[[str], None], disk: Path | None = None) -> None:
        self.folder, self.say = folder, say
        self.disk = disk  # one that may be filled, where this process may not mount any
        folder.chmod(0o755)  # whom PostgreSQL and PgBouncer become instead of root must get in
        self.primary, self.standby = Server(folder / "postgres1"), Server(folder / "postgres2")
        self.patroni: Patroni | None = None  # what leads both, in acts under Patroni
        self.redis = services.Redis(folder, "redis")
        self.rabbitmq = services.RabbitMQ(folder, "rabbitmq")
        self.sandbox = services.Sandbox(folder, "sandbox")
        self.pooler = Pooler(
            folder / "pgbouncer",
            host="127.0.0.1",
            port=self.primary.port,
            users={SUPERUSER: "", OWNER: SECRET, APP: SECRET},
        )
        (folder / "var").mkdir()
        self.settings = settings_in(
            folder / "var",
            DATABASE_URL=self.url(APP, self.pooler.port),
            DATABASE_POOLED="true",
            REDIS_URL=f"redis://127.0.0.1:{self.redis.port}/0",
            CELERY_BROKER_URL=f"amqp://guest:guest@127.0.0.1:{self.rabbitmq.port}//",
            SWEEP_SECONDS="2",
            WORK_LEASE_SECONDS="5",
            **self.outside(),
        )
        self.nodes = [Node(folder, **self.settings) for _ in range(2)]
        self.workers = [services.worker(folder, n, self.settings) for n in (1, 2)]
        self.beat = services.beat(folder, self.settings)
        self.stack = ExitStack()
        self.proxies = 0

    def outside(self) -> dict[str, str]:
        """Return where the outside APIs are."""
        url = f"http://127.0.0.1:{self.sandbox.port}"
        return {
            "DOG_API_URL": f"{url}/dogs/api",
            "DOG_PICTURES_URL": f"{url}/pictures",
            "RELAY_API_URL": f"{url}/relay/api",
            "TMDB_API_URL": f"{url}/tmdb/3",
            "TMDB_API_KEY": sandbox.API_KEY,
            "RECOGNITION": "manual",
        }

    def url(self, user: str, port: int, name: str = DATABASE) -> str:
        """Return the URL of a database."""
        return f"postgres://{user}:{SECRET}@127.0.0.1:{port}/{name}"

    @property
    def direct(self) -> str:
        """Return the owner's way around the pooler."""
        return self.url(OWNER, self.primary.port)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def start(self) -> None:
        """Start everything, one after the other."""
        self.say("starting PostgreSQL, its standby, PgBouncer, Redis, RabbitMQ")
        self.stack.callback(self.rabbitmq.close)
        self.stack.callback(self.primary.kill)
        self.primary.create()
        self.primary.start()
        self.primary.ask(f"CREATE DATABASE {DATABASE}", name="postgres")
        make_roles(port=self.primary.port, database=DATABASE, owner=OWNER, app=APP, secret=SECRET)
        for service in (self.redis, self.rabbitmq, self.sandbox):
            self.stack.callback(service.kill)
            service.start()
        self.stack.callback(self.pooler.stop)
        self.pooler.start()
        self.say("preparing the database")
        prepare({**self.settings, "DATABASE_DIRECT_URL": self.direct})
        self.stack.callback(self.standby.kill)
        self.rebuild_standby()
        self.say("starting two nodes, two workers and beat")
        for node in self.nodes:
            self.stack.callback(node.kill)
            node.start()
        for one in (*self.workers, self.beat):
            self.stack.callback(one.kill)
            one.start()
        self.wait_for_work(60)

    def rebuild_standby(self) -> None:
        """Make the standby anew from the primary; from then on every commit waits for it."""
        self.standby.kill()
        self.standby.follow(self.primary)
        self.standby.start()
        self.primary.wait_for_standby()

    def fail_over(self) -> None:
        """Notice that the primary is gone, promote the standby, send the pooler there.

        What Patroni does with a quorum and a lease; here one watchdog on one machine.
        """
        failed = 0
        while failed < PROBES:
            failed = 0 if self.primary.answers() else failed + 1
            time.sleep(PROBE_SECONDS)
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.pooler.follow(host="127.0.0.1", port=self.primary.port)

    def proxy(self, **values: str) -> Proxy:
        """Return a new nginx before both nodes, not started."""
        self.proxies += 1
        proxy = Proxy(self.folder / f"nginx{self.proxies}", 0, trusted=(), origins=(), **values)
        proxy.nodes({node.port: "" for node in self.nodes})
        return proxy

    def clients(self, port: int) -> Clients:
        """Return clients of the port, which have just signed in."""
        phones = [sign_in(self.nodes[0].port, mail, DEMO_PASSWORD) for mail in SELLERS]
        return Clients(port, phones)

    def there(self, name: str = DATABASE) -> dict[str, dict[str, int]]:
        """Return what of the clients' writes a database has: kind → name → rows."""
        return {
            kind: {str(key): int(rows) for key, rows in self.primary.ask(statement, name=name)}
            for kind, statement in COUNTS.items()
        }

    def waiting(self) -> int:
        """Return how many dogs wait for their picture."""
        question = "SELECT count(*) FROM dogs_dog WHERE picture_status = 'pending'"
        return int(self.primary.ask(question, name=DATABASE)[0][0])

    def wait_for_work(self, patience: float) -> float | None:
        """Return after how many seconds no work waited; None when some still does."""
        start = time.monotonic()
        while self.waiting():
            if time.monotonic() - start > patience:
                return None
            time.sleep(0.1)
        return time.monotonic() - start

    def manage(self, *arguments: str, root: Path = ROOT, nice: bool = False, **more: str) -> str:
        """Run a command of manage.py, around the pooler; return what it prints.

        ``nice``: whoever serves goes first where both want a processor.

        Raises:
            RuntimeError: it failed.
        """
        ran = subprocess.run(  # noqa: S603 - our own command
            [*(["nice"] if nice else []), sys.executable, "manage.py", *arguments],
            cwd=root,
            env=environment(**{**self.settings, "DATABASE_DIRECT_URL": self.direct, **more}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def restart_nodes(self, **more: str) -> None:
        """Start both nodes anew, with some settings changed."""
        for node in self.nodes:
            node.kill()
            node.environment = {**node.environment, **more}
            node.start()

    def heal(self) -> None:
        """Make everything whole again after an act, and finish what waits."""
        self.take_back_release()
        if self.standby.process is None or self.standby.process.poll() is not None:
            self.rebuild_standby()
        self.primary.wait_for_standby()
        if self.wait_for_work(90) is None:
            raise RuntimeError("work of the last act still waits after 90 s")

    def take_back_release(self) -> None:
        """Run this release again where an act brought the next one, and undo its migrations."""
        ours = (*self.workers, self.beat)
        everybody: list[Node | services.Background] = [*self.nodes, *ours]
        newer = {one.root for one in everybody} - {ROOT}
        for root in newer:
            around = {"DATABASE_URL": self.direct, "DATABASE_POOLED": "false"}
            undo = ("migrate", APP_OF_RELEASE, last_migration(), "--verbosity", "0")
            self.manage(*undo, root=root, **around)
        if newer:
            for one in everybody:
                one.root = ROOT
            self.restart_nodes()
            for process in ours:
                process.restart()
