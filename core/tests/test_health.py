"""Liveness asks nobody; readiness asks everybody and never hangs."""

import dataclasses
import datetime as dt
import json
import math
import threading
import time
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.utils.module_loading import import_string
from health_check.base import HealthCheck

from core.ops import health, heartbeat
from core.tests.helpers_hole import through_a_hole


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Ask anew, with the patience that a busy machine needs."""
    for check in health.checks().values():
        monkeypatch.setattr(check, "timeout", dt.timedelta(seconds=30))
    monkeypatch.setattr(heartbeat, "silent", list)
    monkeypatch.setattr(health, "answered_at", lambda: -math.inf)
    health.forget()
    yield
    health.forget()


def check_with(run, *, seconds=1.0):
    @dataclasses.dataclass
    class Fake(HealthCheck):
        timeout = dt.timedelta(seconds=seconds)

        def run(self):
            run()

    return Fake()


def fail():
    raise OSError("connection to postgres://plaza:hunter2-canary@db.internal:5432 refused")


def test_live_needs_no_database(client):
    response = client.get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/live", "/health/live/"])
def test_the_trailing_slash_is_free(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_only_reading_is_allowed(client, path):
    response = client.post(path, {}, content_type="application/json")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.django_db
def test_ready_when_everything_answers(client):
    response = client.get("/health/ready")
    assert response.json() == {
        "status": "ok",
        "checks": {name: {"status": "ok"} for name in health.checks()},
    }
    assert list(response.json()["checks"])[:4] == ["database", "migrations", "cache", "broker"]
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"


def test_a_database_that_is_away_is_fatal_and_not_described(client, monkeypatch):
    def refuse(self):
        raise OperationalError('connection to server at "db.internal" (10.0.0.7), user "plaza"')

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", refuse)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response["Retry-After"] == "2"
    body = response.json()
    assert body["status"] == "unavailable"
    assert body["checks"]["database"] == {"status": "failed", "detail": "unreachable"}
    assert body["checks"]["migrations"] == {"status": "failed", "detail": "unreachable"}
    assert body["checks"]["cache"] == {"status": "ok"}
    assert "internal" not in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_fatal_until_it_is_applied(client):
    rows = MigrationRecorder(connection).migration_qs.filter(app="sessions")
    kept = list(rows.values("app", "name", "applied"))
    rows.delete()
    try:
        response = client.get("/health/ready")
        assert response.status_code == 503
        assert response.json()["checks"]["migrations"] == {
            "status": "failed",
            "detail": f"{len(kept)} not applied",
        }
    finally:
        MigrationRecorder(connection).migration_qs.bulk_create(
            MigrationRecorder.Migration(**row) for row in kept
        )
    health._last = None
    assert client.get("/health/ready").status_code == 200


@pytest.mark.django_db
def test_migrations_are_looked_at_once_per_process(client, monkeypatch):
    assert client.get("/health/ready").status_code == 200
    health._last = None
    monkeypatch.setattr(health, "MigrationExecutor", lambda *_: fail())
    assert client.get("/health/ready").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["cache", "broker"])
def test_cache_and_broker_only_degrade(client, monkeypatch, name):
    monkeypatch.setitem(health.CHECKS, name, check_with(fail))
    response = client.get("/health/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "degraded"
    assert body["checks"][name] == {"status": "failed", "detail": "unreachable"}
    assert body["checks"]["database"] == {"status": "ok"}


@pytest.mark.django_db
def test_a_cache_that_ignores_its_failures_is_noticed(client, monkeypatch):
    monkeypatch.setattr(type(cache._connections["default"]), "get", lambda *_, **__: None)
    assert client.get("/health/ready").json()["checks"]["cache"]["status"] == "failed"


@pytest.mark.django_db
def test_a_black_hole_cannot_hang_the_answer(client, monkeypatch):
    end = threading.Event()
    monkeypatch.setitem(health.CHECKS, "broker", check_with(lambda: end.wait(30), seconds=0.1))
    before = time.monotonic()
    response = client.get("/health/ready")
    assert time.monotonic() - before < 20
    end.set()
    assert response.status_code == 200
    assert response.json()["checks"]["broker"] == {"status": "failed", "detail": "timed out"}


def test_a_broker_that_refuses_is_noticed_quickly(settings, monkeypatch):
    current_app = import_string(settings.CELERY_APP)
    monkeypatch.setattr(
        current_app,
        "connection_for_write",
        lambda: current_app.amqp.Connection(
            "redis://127.0.0.1:1/0", transport_options={"socket_connect_timeout": 1}
        ),
    )
    before = time.monotonic()
    with pytest.raises(Exception, match="refused"):
        health.Broker().run()
    assert time.monotonic() - before < 20
    assert health._brokers == {}


@pytest.fixture
def brokers(settings, monkeypatch):
    """Collect the connections to a broker that are made."""
    made = []
    app = import_string(settings.CELERY_APP)

    def connect():
        made.append(app.amqp.Connection("memory://"))
        return made[-1]

    health.drop_broker()  # a test before may have left its own
    monkeypatch.setattr(app, "connection_for_write", connect)
    yield made
    health.drop_broker()


def test_probes_ask_the_broker_on_one_connection_and_leave_no_channel(brokers):
    for _ in range(3):
        health.Broker().run()
    assert len(brokers) == 1
    assert (brokers[0].connected, brokers[0].transport.channels) == (True, [])


def test_a_connection_to_the_broker_that_was_ended_is_replaced(brokers, monkeypatch):
    health.Broker().run()
    monkeypatch.setattr(brokers[0], "channel", fail)
    health.Broker().run()
    assert [one.connected for one in brokers] == [False, True]
    monkeypatch.setattr(brokers[1], "channel", fail)
    monkeypatch.setattr(health.Broker, "open", lambda _check: fail())
    with pytest.raises(OSError, match="refused"):
        health.Broker().run()
    assert health._brokers == {}


@pytest.mark.django_db
def test_a_flood_of_probes_costs_one(client, monkeypatch):
    asked = []
    monkeypatch.setattr(health, "FRESH_SECONDS", 60)
    monkeypatch.setitem(health.CHECKS, "cache", check_with(lambda: asked.append(1)))
    for _ in range(20):
        client.get("/health/ready")
    assert asked == [1]
    health._last = dataclasses.replace(health._last, at=time.monotonic() - 60)
    client.get("/health/ready")
    assert asked == [1, 1]


@pytest.mark.django_db
def test_what_changes_is_logged_once_without_secrets(client, monkeypatch, logged):
    monkeypatch.setitem(health.CHECKS, "broker", check_with(fail))
    client.get("/health/ready")
    health._last = dataclasses.replace(health._last, at=0)
    client.get("/health/ready")
    lines = [record for record in logged if record.name == "plaza.health"]
    assert [record.getMessage() for record in lines] == ["readiness is now degraded"]
    assert "hunter2-canary" not in json.dumps([vars(line) for line in lines], default=str)


class App:
    """An app whose health.py has one check."""

    def __init__(self, run):
        self.CHECKS = {"part": check_with(run)}

    def part(self, name):
        return self if name == "health" else None


@pytest.mark.django_db
def test_an_app_says_what_is_wrong_and_is_not_fatal(client, monkeypatch):
    def find():
        raise health.Finding("missing: 'k1'")

    monkeypatch.setattr(health, "plugs", SimpleNamespace(enabled=lambda: [App(find)]))
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["part"] == {"status": "failed", "detail": "missing: 'k1'"}


@pytest.mark.django_db
def test_what_breaks_in_an_app_is_not_described(client, monkeypatch):
    monkeypatch.setattr(health, "plugs", SimpleNamespace(enabled=lambda: [App(fail)]))
    part = client.get("/health/ready").json()["checks"]["part"]
    assert part == {"status": "failed", "detail": "unreachable"}


@pytest.mark.django_db
def test_the_database_is_asked_on_a_connection_that_is_kept(client, monkeypatch):
    assert client.get("/health/ready").status_code == 200
    kept = health._database.submit(lambda: connection.connection).result()
    assert kept is not None
    health._last = None
    assert client.get("/health/ready").status_code == 200
    assert health._database.submit(lambda: connection.connection).result() is kept


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_kept_connection_that_was_ended_is_replaced_in_the_same_probe(client):
    assert client.get("/health/ready").status_code == 200
    pid = health._database.submit(lambda: connection.connection.info.backend_pid).result()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    health._last = None
    response = client.get("/health/ready")
    assert response.json()["checks"]["database"] == {"status": "ok"}
    assert response.status_code == 200


@pytest.fixture
def failing(monkeypatch):
    """Let the probe's own question fail."""

    def refuse(self):
        raise OperationalError("sorry, too many clients already")

    monkeypatch.setattr(health.Database, "ask", refuse)


@pytest.mark.django_db
def test_a_node_whose_requests_succeed_is_degraded_and_not_taken_out(client, monkeypatch, failing):
    monkeypatch.setattr(health, "answered_at", time.monotonic)
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    detail = "asked in vain, but requests succeed"
    assert response.json()["checks"]["database"] == {"status": "failed", "detail": detail}


@pytest.mark.django_db
def test_what_succeeded_some_time_ago_shows_nothing(client, monkeypatch, failing):
    monkeypatch.setattr(health, "answered_at", lambda: time.monotonic() - 5)
    assert client.get("/health/ready").status_code == 503


@pytest.mark.django_db
def test_a_node_without_its_migrations_is_taken_out_whatever_succeeds(client, monkeypatch, failing):
    monkeypatch.setattr(health, "answered_at", time.monotonic)

    def unmigrated():
        raise health.Unmigrated("2 not applied")

    monkeypatch.setitem(health.CHECKS, "migrations", check_with(unmigrated))
    assert client.get("/health/ready").json()["status"] == "unavailable"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_is_noticed(client, monkeypatch):
    monkeypatch.setattr(health, "ASKED_SECONDS", 0.2)
    assert client.get("/health/ready").status_code == 200
    with through_a_hole() as hole:
        usual = health._database.submit(lambda: connection.connection).result()
        described = health._database.submit(lambda: connection.settings_dict).result()
        monkeypatch.setitem(described, "HOST", "127.0.0.1")
        monkeypatch.setitem(described, "PORT", str(hole.port))
        health.forget()
        assert client.get("/health/ready").status_code == 200
        assert health._database.submit(lambda: connection.connection).result() is not usual
        hole.passes.clear()
        health._last = None
        response = client.get("/health/ready")
        assert response.status_code == 503
        assert response.json()["checks"]["database"]["status"] == "failed"
        hole.passes.set()
        health.forget()


@pytest.mark.django_db
def test_a_silent_beat_or_worker_degrades(client, monkeypatch):
    monkeypatch.setattr(heartbeat, "silent", lambda: ["beat silent for 91 s"])
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    detail = {"status": "failed", "detail": "beat silent for 91 s"}
    assert response.json()["checks"]["background"] == detail


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "detail"),
    [
        (0, None),
        (29, None),
        (-29, None),
        (300, "300 s ahead of the database's clock"),
        (-300, "300 s behind the database's clock"),
    ],
)
def test_a_clock_that_is_off_is_said_and_takes_no_node_out(client, monkeypatch, seconds, detail):
    off = SimpleNamespace(time=lambda: time.time() + seconds)
    monkeypatch.setattr("core.ops.clock.time", off)
    response = client.get("/health/ready")
    assert response.status_code == 200
    if detail is None:
        assert response.json()["checks"]["clock"] == {"status": "ok"}
        return
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["clock"] == {"status": "failed", "detail": detail}
