"""The page of /metrics: what rows say, at a bounded price, whatever fails meanwhile."""

import os
import subprocess
import sys
import threading
import urllib.request
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import REGISTRY, generate_latest

from core import metrics as kernel
from core import plugs
from core.jobs import counts, requests, work
from core.ops import exposition, processes
from core.outbound import breaker
from scripts.proxy import free_port
from users.models import LinkMail


def samples(families):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def waiting_mail(due):
    return LinkMail.objects.create(email="waits@example.com", language="en", due_at=due)


@pytest.mark.django_db
def test_waiting_rows_and_their_age_by_kind(monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(kernel.timezone, "now", lambda: now)
    before = samples(kernel.waiting_work())
    assert before["plaza_work_pending", "users.tasks.mail_link"] == 0
    assert before["plaza_work_overdue_seconds", "users.tasks.mail_link"] == 0
    waiting_mail(now - timedelta(seconds=90))
    waiting_mail(now + timedelta(seconds=90))
    found = samples(kernel.waiting_work())
    assert found["plaza_work_pending", "users.tasks.mail_link"] == 2
    assert found["plaza_work_overdue_seconds", "users.tasks.mail_link"] == 90
    LinkMail.objects.filter(due_at__lt=now).delete()
    assert (
        samples(kernel.waiting_work())["plaza_work_overdue_seconds", "users.tasks.mail_link"] == 0
    )


@pytest.mark.django_db
def test_one_query_for_each_kind_however_many_rows(django_assert_num_queries):
    from django.db import connection

    with CaptureQueriesContext(connection) as first:
        [*kernel.waiting_work()]
    assert len(first) == len(work.registry)
    for _ in range(20):
        waiting_mail(timezone.now())
    with django_assert_num_queries(len(work.registry)):
        [*kernel.waiting_work()]


@pytest.mark.postgres
@pytest.mark.django_db
def test_connections_are_counted_by_state():
    found = samples(kernel.connections())
    assert found[("plaza_database_lock_waits",)] == 0
    assert found["plaza_database_connections", "active"] >= 1  # that of this test
    assert found[("plaza_database_max_connections",)] >= 10
    states = {key[1] for key in found if key[0] == "plaza_database_connections"}
    assert states <= {"active", "idle", "idle in transaction", "unknown"}


@pytest.mark.django_db
def test_an_app_that_fails_takes_no_other_along(monkeypatch, logged):
    def broken():
        raise OperationalError("the server at db.internal closed the connection")

    def kept():
        yield exposition.GaugeMetricFamily("plaza_kept", "Kept.", value=1)

    parts = {"core": broken, "users": kept}

    class Part:
        def __init__(self, collect):
            self.collect = collect

    monkeypatch.setattr(
        plugs.PluggableApp,
        "part",
        lambda self, name: Part(parts[self.name]) if self.name in parts else None,
    )
    found = samples(exposition.ask())
    assert found == {
        ("plaza_kept",): 1,
        ("plaza_metrics_failed", "core"): 1,
        ("plaza_metrics_failed", "users"): 0,
    }
    assert [record.app for record in logged if record.msg == "metrics_missing"] == ["core"]


@pytest.fixture
def facts(monkeypatch):
    """Facts of its own, whose question the test answers."""
    asked, answer = [], threading.Event()

    def ask():
        asked.append(threading.current_thread().name)
        answer.wait(30)
        return [exposition.GaugeMetricFamily("plaza_x", "X.", value=len(asked))]

    monkeypatch.setattr(exposition, "_ask_and_close", ask)
    monkeypatch.setattr(exposition, "PATIENCE_SECONDS", 0.05)
    made = exposition.Facts()
    made.asked, made.answer = asked, answer
    yield made
    answer.set()


def test_a_database_that_hangs_does_not_hang_the_page_nor_gets_a_second_question(facts):
    for _ in range(3):
        assert samples(facts.collect()) == {("plaza_metrics_failed", "all"): 1}
    assert len(facts.asked) == 1


def test_what_was_found_is_said_again_for_some_seconds(facts, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(exposition.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(exposition, "PATIENCE_SECONDS", 30)
    facts.answer.set()
    for seconds, value in ((0, 1), (4.9, 1), (5.1, 2), (9, 2)):
        clock[0] = 100 + seconds
        assert samples(facts.collect()) == {("plaza_x",): value}


def test_build_says_what_the_variables_say(settings):
    settings.BUILD_VERSION, settings.BUILD_COMMIT = "1.2.3", "0123abc"
    (family,) = exposition.Build().collect()
    labels = family.samples[0].labels
    assert (labels["version"], labels["commit"]) == ("1.2.3", "0123abc")


def test_processes_are_added_up_and_one_that_is_gone_is_nothing():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    try:
        alone = samples(processes.ProcessTree(child.pid).collect())
        both = samples(processes.ProcessTree(os.getpid()).collect())
        assert alone[("plaza_processes",)] == 1
        assert both[("plaza_processes",)] >= 2
        rss = ("process_resident_memory_bytes",)
        assert both[rss] > alone[rss] > 0
        assert both[("process_start_time_seconds",)] <= alone[("process_start_time_seconds",)]
    finally:
        child.communicate("\n", timeout=30)
    assert [*processes.ProcessTree(child.pid).collect()] == []


def test_breakers_say_their_state(monkeypatch):
    monkeypatch.setattr(breaker, "names", set())  # others may have filled it
    made = breaker.Breaker("stated", open_seconds=60)
    assert breaker.states()["stated"] == "closed"
    made.trip()
    assert breaker.states()["stated"] == "open"
    breaker.cache.delete("breaker:stated:open")
    assert breaker.states()["stated"] == "half_open"
    found = samples(kernel.breakers())
    assert found["plaza_outbound_breaker", "stated", "half_open"] == 1
    assert found["plaza_outbound_breaker", "stated", "closed"] == 0


def test_names_of_breakers_stay_few(monkeypatch):
    monkeypatch.setattr(breaker, "names", set())
    for number in range(breaker.MAX_NAMES + 10):
        breaker.Breaker(f"made-up-{number}")
    assert len(breaker.names) == breaker.MAX_NAMES


def ran(task, outcome):
    return REGISTRY.get_sample_value("plaza_task_runs_total", {"task": task, "outcome": outcome})


def test_runs_and_failures_are_counted_with_their_seconds():
    from celery import shared_task

    @shared_task(base=work.JobTask, name="tests.tasks.counted")
    def counted(*, fail):
        if fail:
            raise ZeroDivisionError

    counted(fail=False)
    with pytest.raises(ZeroDivisionError):
        counted(fail=True)
    assert (ran(counted.name, "success"), ran(counted.name, "failure")) == (1, 1)
    seconds = REGISTRY.get_sample_value("plaza_task_seconds_count", {"task": counted.name})
    assert seconds == 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (requests.WorkerLostError(), "lost"),
        (SystemExit(1), "lost"),
        (requests.TimeLimitExceeded(60), "late"),
        (ValueError(), None),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_run_whose_process_is_gone_is_counted_by_the_first_one(
    monkeypatch, error, outcome, wrapped
):
    from celery.worker.request import Request

    class Info:
        exception = type("Wrapped", (), {"exc": error})() if wrapped else error

    told = []
    monkeypatch.setattr(Request, "on_failure", lambda _self, info, **_: told.append(info))
    made = requests.Request.__new__(requests.Request)
    monkeypatch.setattr(requests.Request, "name", f"tests.{outcome}.{wrapped}.{error!r}")
    made.on_failure(Info)
    assert told == [Info]
    counted = {each: ran(made.name, each) for each in ("lost", "late")}
    assert counted == {"lost": None, "late": None} | ({outcome: 1} if outcome else {})


def test_every_task_is_asked_for_in_that_way():
    assert work.JobTask.Request == f"{requests.Request.__module__}:{requests.Request.__name__}"


@pytest.mark.django_db
def test_work_that_is_given_up_is_counted():
    labels = {"kind": "users.tasks.mail_link"}
    before = REGISTRY.get_sample_value("plaza_work_given_up_total", labels) or 0
    kind = next(one for one in work.registry if one.task == "users.tasks.mail_link")
    mail = waiting_mail(timezone.now())
    kind.give_up(mail)
    kind.give_up(mail)  # it is given up already
    assert counts.GIVEN_UP.labels(labels["kind"])._value.get() == before + 1


@pytest.mark.django_db
def test_a_worker_serves_the_same_page_and_lives_without(monkeypatch, logged):
    monkeypatch.setattr(exposition.facts, "collect", list)
    port = free_port()
    exposition.serve("127.0.0.1", port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        page = answer.read().decode()
    assert "plaza_build_info{" in page
    exposition.serve("127.0.0.1", port)
    assert [record.port for record in logged if record.msg == "metrics_not_served"] == [port]


@pytest.mark.django_db
def test_the_page_has_each_family_once(monkeypatch):
    monkeypatch.setattr(exposition.facts, "collect", exposition.ask)
    page = generate_latest(exposition.page(1)).decode()
    types = [line for line in page.splitlines() if line.startswith("# TYPE ")]
    assert len(types) == len(set(types))
