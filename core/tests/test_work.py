"""The row is the job: messages may be lost, doubled or late, and brokers away."""

import threading

import pytest

from core import tasks
from core.jobs import work
from core.models import StoredAnswer


@pytest.fixture
def broker(monkeypatch, settings):
    """A publisher of its own, and the broker that it talks to."""

    class Broker:
        sent: list = []
        away = False

        def send_task(self, task, *, kwargs, **_options):
            if self.away:
                raise ConnectionRefusedError
            self.sent.append((task, kwargs, threading.current_thread().name))

    fake = Broker()
    fake.sent = []
    monkeypatch.setattr(work, "import_string", lambda _path: fake)
    return fake


def test_publishing_happens_on_another_thread(broker):
    publisher = work.Publisher()
    publisher.publish("things.tasks.fetch", {"pk": 1})
    publisher.messages.join()
    assert broker.sent == [("things.tasks.fetch", {"pk": 1}, "publish")]


def test_a_dead_broker_drops_the_message_and_the_thread_lives_on(broker):
    publisher = work.Publisher()
    broker.away = True
    publisher.publish("a.tasks.b", {"pk": 1})
    publisher.messages.join()
    broker.away = False
    publisher.publish("a.tasks.b", {"pk": 2})
    publisher.messages.join()
    assert [kwargs for _task, kwargs, _thread in broker.sent] == [{"pk": 2}]


def test_a_slow_broker_does_not_hold_the_caller(broker, monkeypatch):
    entered, leave = threading.Event(), threading.Event()

    def hang(*_args, **_kwargs):
        entered.set()
        leave.wait(30)

    monkeypatch.setattr(broker, "send_task", hang, raising=False)
    publisher = work.Publisher(backlog=2)
    for number in range(50):
        publisher.publish("a.tasks.b", {"pk": number})
    assert entered.wait(30)
    assert publisher.messages.qsize() <= 2
    leave.set()
    publisher.messages.join()


def test_a_task_acts_under_the_request_that_asked_for_it():
    from celery import shared_task

    from core import context

    seen = []

    @shared_task(base=work.JobTask, name="core.tests.remember")
    def remember(**_):
        seen.append((context.request_id.get(), context.actor.get()))

    remember(pk=1, request_id="request-1")
    assert seen == [("request-1", context.Actor("task", label="core.tests.remember"))]
    assert context.request_id.get() == ""


@pytest.mark.django_db
def test_sweep_task_counts(published):
    assert tasks.sweep() == 0
    assert published == []


@pytest.mark.django_db
def test_purge_keeps_answers_for_seven_days(settings):
    from datetime import timedelta

    from django.utils import timezone

    for days in (6.9, 7.1):
        answer = StoredAnswer.objects.create(key=str(days), fingerprint="")
        StoredAnswer.objects.filter(pk=answer.pk).update(
            created_at=timezone.now() - timedelta(days=days)
        )
    assert tasks.purge() == 1
    assert [answer.key for answer in StoredAnswer.objects.all()] == ["6.9"]


def test_every_plugin_app_with_tasks_has_its_queue():
    from celery.schedules import crontab

    from config.celery import app
    from core import plugs

    assert {queue.name for queue in app.conf.task_queues} == set(plugs.queues())
    assert plugs.route_task("things.tasks.fetch") == {"queue": "things"}
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_time_limit > app.conf.task_soft_time_limit
    for entry in app.conf.beat_schedule.values():
        # An interval counts from beat's start: one of hours may never end where beat restarts.
        assert isinstance(entry["schedule"], crontab) or entry["schedule"] <= 60, entry
        assert entry["task"] in app.tasks or app.loader.import_default_modules() is None
