"""Beat and workers show in rows that they work; who is silent for long is named."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from core import tasks
from core.models import Heartbeat
from core.ops import heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(heartbeat, "_last", {})


def last(name, **ago):
    Heartbeat.objects.update_or_create(
        name=name, defaults={"at": timezone.now() - timedelta(**ago)}
    )


def test_nobody_was_seen_yet():
    assert heartbeat.silent() == ["beat not seen yet", "worker not seen yet"]


def test_a_sweep_shows_a_worker():
    tasks.sweep()
    assert heartbeat.silent() == ["beat not seen yet"]


def test_who_shows_something_is_not_silent():
    for name in heartbeat.KINDS:
        heartbeat.show(name)
    assert heartbeat.silent() == []


def test_who_is_silent_for_long_is_named(settings):
    settings.SWEEP_SECONDS = 10
    last("beat", seconds=80)
    last("worker", seconds=3605)
    [found] = heartbeat.silent()
    assert found.startswith("worker silent for 360")


def test_a_process_writes_every_five_seconds_at_most(monkeypatch):
    moments = iter([100.0, 104.9, 105.0])
    monkeypatch.setattr(heartbeat, "clock", lambda: next(moments))
    for expected in (True, False, True):
        Heartbeat.objects.all().delete()
        heartbeat.show("beat")
        assert Heartbeat.objects.exists() is expected


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_stops_nobody(monkeypatch, logged):
    def refuse(*_args, **_kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(Heartbeat.objects, "update_or_create", refuse)
    heartbeat.show("beat")
    assert [line.getMessage() for line in logged] == ["no sign of life written"]
