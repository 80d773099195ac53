"""Fixtures of every test: clients that act as somebody, and the databases at hand."""

import gc
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from rest_framework.test import APIClient

import sandbox
from core import cases, context
from core.ops import health
from core.roles import Role
from core.tests.caches import forget_cache
from core.tests.keepers import FakeKeeper
from users.auth.tokens import AccessToken
from users.tests.factories import SessionFactory, UserFactory

pytest_plugins = ["tests.answers", "tests.migrated"]
# Their assertions explain themselves as those of test modules do.
pytest.register_assert_rewrite(
    "clinic.tests.files",
    "core.tests.helpers_pages",
    "movies.tests.helpers_requests",
    "tests.asserts",
    "tests.helpers_nginx",
)


class Collector(logging.Handler):
    """Keeps the records themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one more."""
        self.records.append(record)


def pytest_collection() -> None:
    """Let nobody look for garbage while all that is made is going to stay."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, on SQLite, the tests that need PostgreSQL; `make ci` runs them all.

    The long ones come first: one process of the suite waits in them while the others work, and
    none is left for the end.
    """
    from django.conf import settings

    # `make tests` needs no service; `make ci` runs these where the service is.
    without_postgres = pytest.mark.skip(reason="needs PostgreSQL; `make ci` runs it there")  # locks
    without_redis = pytest.mark.skip(reason="needs Redis; `make ci` runs it there")  # shared counts
    is_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        if item.get_closest_marker("postgres") and not is_postgres:
            item.add_marker(without_postgres)  # row locks, triggers, plans: SQLite has none
        if item.get_closest_marker("redis") and not settings.REDIS_URL:
            item.add_marker(without_redis)  # memory of one process shows nothing about shared
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Let the garbage collector look less often, and never at what was there before the tests."""
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Give each process of the suite its own keys in the one Redis, and its own files."""
    from django.conf import settings

    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    settings.CACHES["default"]["KEY_PREFIX"] = f"plaza-test-{worker}"
    settings.MEDIA_ROOT = tempfile.mkdtemp(prefix="plaza-media-")


def pytest_unconfigure() -> None:
    """Remove the files."""
    from django.conf import settings

    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture(scope="session")
def _broker() -> Iterator[list[tuple[str, dict]]]:
    """Collect what would go to the broker, for the whole session: a patch per test costs time."""
    from core.jobs import work

    messages: list[tuple[str, dict]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            work.publisher, "publish", lambda task, arguments: messages.append((task, arguments))
        )
        yield messages


@pytest.fixture(autouse=True)
def published(_broker) -> list[tuple[str, dict]]:
    """Let each test begin with nobody acting, an empty cache and nothing published."""
    context.request_id.set("")
    context.actor.set(context.NOBODY)
    forget_cache()
    _broker.clear()
    return _broker


@pytest.fixture(scope="session")
def django_db_setup(hand_on, django_db_setup) -> Iterator[None]:
    """Give the tables to the suite's other processes.

    At the end, give back the connections that health keeps: they hold the test database.
    """
    hand_on()
    yield
    health.stop()


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """Collect whatever anybody logs, from DEBUG up.

    pytest's ``caplog`` is switched off: it would format each line of each test, twice.
    """
    handler = Collector()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.records
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture(scope="session")
def boot() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs code in a process of its own: ``boot(code, environment, …)``."""

    def run(
        code: str, environment: dict[str, str], *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=Path(__file__).parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[sandbox.Server]:
    """The sandbox of the outside APIs; who uses it resets it first."""
    with sandbox.running() as server:
        yield server


@pytest.fixture
def api() -> APIClient:
    """A caller without a token."""
    return APIClient()


@pytest.fixture
def client_for(db) -> Callable[..., APIClient]:
    """Return a function that makes a caller signed in as a role, or as a given user."""

    def make(who) -> APIClient:
        user = UserFactory(role=who) if isinstance(who, str) else who
        client = APIClient()
        token = AccessToken.of(SessionFactory(user=user))
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        client.user = user
        return client

    return make


@pytest.fixture
def admin_api(client_for) -> APIClient:
    """An administrator."""
    return client_for(Role.ADMIN)


@pytest.fixture
def user_api(client_for) -> APIClient:
    """An ordinary user."""
    return client_for(Role.USER)


@pytest.fixture
def keeper(monkeypatch) -> FakeKeeper:
    """Let somebody keep two cases, of which C-1007 is open and C-1008 is over."""
    kept = FakeKeeper(case7=False, case8=True)
    monkeypatch.setattr(cases, "keeper", lambda: kept)
    return kept


@pytest.fixture
def is_postgres(db) -> bool:
    """Tell which database the test runs on."""
    return connection.vendor == "postgresql"


@pytest.fixture
def read_only() -> Iterator[None]:
    """Let the database take no writes: its disk is full, or it is a standby."""

    def refuse(execute, sql, params, many, context):
        if not sql.startswith("SELECT"):
            raise OperationalError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield
