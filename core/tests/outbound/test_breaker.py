"""The breaker: opens after failures in a row, lets one probe through, needs no cache."""

import concurrent.futures
import threading
import time
import uuid

import pytest
from django.core.cache import cache

from core.outbound import breaker as breaker_module
from core.outbound import client
from core.outbound.breaker import Breaker
from core.tests.outbound.helpers_calls import PICTURE, failure, picture_or_error


@pytest.fixture
def fragile(make):
    """Build an upstream whose breaker opens at the third failure."""

    def build(**options):
        options = {"threshold": 3, "open_seconds": 60, "probe_seconds": 60, **options}
        return make(attempts=1, breaker=Breaker(uuid.uuid4().hex, **options))

    return build


def rest_is_over(upstream):
    """Do what the cache does by itself when the breaker has been open for its time."""
    assert cache.delete(upstream.breaker._open)


def fail(upstream, times):
    return [failure(lambda: upstream.get_json(PICTURE))[0].reason for _ in range(times)]


def test_breaker_opens_after_failures_in_a_row(server, fragile, lines):
    upstream = fragile()
    server.faults.set("dogs", status=503)
    assert fail(upstream, 5) == ["status", "status", "status", "breaker_open", "breaker_open"]
    assert server.calls() == 3
    error, _seconds = failure(lambda: upstream.get_json(PICTURE))
    assert type(error) is client.BreakerOpenError
    assert (error.status, error.retry_after, error.temporary) == (None, 60, True)
    assert (lines()[-1].reason, lines()[-1].attempts) == ("breaker_open", 0)
    assert len(lines()) == 6


def test_breaker_is_shared_by_name(server, make):
    first, second = (
        make(attempts=1, breaker=Breaker("shared", threshold=1, open_seconds=60)) for _ in range(2)
    )
    server.faults.set("dogs", status=503)
    assert fail(first, 1) + fail(second, 1) == ["status", "breaker_open"]
    first.breaker.close()
    server.faults.clear()
    assert second.get_json(PICTURE)["status"] == "success"


@pytest.mark.parametrize("fault", [{"garbage": True}, {"reset": True}])
def test_breaker_counts_unusable_answers(server, fragile, fault):
    server.faults.set("dogs", **fault)
    assert fail(fragile(), 4)[-1] == "breaker_open"


@pytest.mark.parametrize("fault", [{"wrong_type": True}, {"error_body": True}, {"big": 10**9}])
def test_breaker_does_not_count_one_odd_document(server, fragile, fault):
    server.faults.set("dogs", **fault)
    upstream = fragile()
    for _ in range(6):
        error, _seconds = failure(lambda: upstream.get_json(PICTURE, parse=picture_or_error))
        assert error.reason in {"unexpected", "too_large"}
    assert server.calls() == 6


@pytest.mark.parametrize("status", [429, 503])
def test_an_upstream_that_wants_a_rest_gets_it_at_once(server, fragile, status):
    upstream = fragile(open_seconds=15)
    server.faults.set("dogs", status=status, retry_after=60)
    assert fail(upstream, 6) == ["status"] + ["breaker_open"] * 5
    assert server.calls() == 1
    error, _seconds = failure(lambda: upstream.get_json(PICTURE))
    assert error.retry_after == 60
    rest_is_over(upstream)
    server.faults.clear()
    assert upstream.get_json(PICTURE)["status"] == "success"
    assert upstream.breaker.enter() is not None


@pytest.mark.parametrize(
    ("asked", "given"), [(0.5, 0.5), (60, 60), (86_400, 3600), (float("inf"), 3600)]
)
def test_a_rest_is_bounded(fragile, monkeypatch, asked, given):
    breaker, kept = fragile().breaker, {}
    monkeypatch.setattr(cache, "set", lambda key, _value, seconds: kept.update({key: seconds}))
    breaker.enter().refused(asked)
    assert kept[breaker._open] == given
    assert kept[breaker._tripped] == given + 3600


def test_calls_that_were_on_their_way_do_not_end_a_rest(fragile):
    breaker = fragile(open_seconds=15).breaker
    breaker.count()
    lucky, unlucky, refused = (breaker.enter() for _ in range(3))
    refused.refused(60)
    for _ in range(3):
        unlucky.failed()
    assert breaker.wait() == 60
    lucky.succeeded()
    assert breaker.enter() is None
    assert breaker.wait() == 60


@pytest.mark.parametrize("status", [401, 404, 422])
def test_breaker_does_not_count_refusals(server, fragile, status):
    server.faults.set("dogs", status=status)
    assert fail(fragile(), 6) == ["status"] * 6
    assert server.calls() == 6


def test_breaker_counts_only_failures_in_a_row(server, fragile):
    upstream = fragile()
    for _ in range(3):
        server.faults.set("dogs", status=503, times=2)
        assert fail(upstream, 2) == ["status", "status"]
        assert upstream.get_json(PICTURE)["status"] == "success"


def test_breaker_forgets_failures_after_the_window(server, fragile):
    upstream = fragile(window=0.2)
    server.faults.set("dogs", status=503)
    assert fail(upstream, 2) == ["status", "status"]
    time.sleep(0.3)
    assert fail(upstream, 2) == ["status", "status"]


def test_breaker_lets_one_probe_through_and_closes(server, fragile):
    upstream = fragile()
    server.faults.set("dogs", status=503)
    fail(upstream, 3)
    server.reset()
    rest_is_over(upstream)
    barrier, refused, all_refused = threading.Barrier(16), [], threading.Event()

    def hold(document):
        """Keep the probe on its way until all others have asked."""
        assert all_refused.wait(30)
        return document["status"]

    def ask(_number):
        barrier.wait(30)
        try:
            return upstream.get_json(PICTURE, parse=hold)
        except client.UpstreamError as error:
            refused.append(error)
            if len(refused) == 15:
                all_refused.set()
            return error.reason

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = sorted(pool.map(ask, range(16)))
    assert outcomes == ["breaker_open"] * 15 + ["success"]
    assert server.calls() == 1
    assert [upstream.get_json(PICTURE)["status"] for _ in range(3)] == ["success"] * 3


def test_a_failed_probe_opens_again(server, fragile):
    upstream = fragile()
    server.faults.set("dogs", status=503)
    fail(upstream, 3)
    cache.delete(upstream.breaker._failures)  # forgotten by then
    rest_is_over(upstream)
    assert fail(upstream, 2) == ["status", "breaker_open"]
    assert server.calls() == 4
    rest_is_over(upstream)
    server.faults.clear()
    assert upstream.get_json(PICTURE)["status"] == "success"


def test_a_probe_that_died_is_replaced(fragile):
    breaker = fragile(open_seconds=0.05).breaker
    breaker.trip()
    time.sleep(0.1)
    assert breaker.enter() is not None  # nobody ever reports
    assert breaker.enter() is None
    breaker.probe_seconds = 0.05
    breaker.trip()
    for _probe in range(2):
        time.sleep(0.1)
        assert breaker.enter() is not None


class DeadCache:
    def __getattr__(self, name):
        raise ConnectionError(name)


class MuteCache:
    """As django-redis with IGNORE_EXCEPTIONS: every answer is empty."""

    def get_many(self, _keys):
        return {}

    def __getattr__(self, _name):
        return lambda *_args: None


@pytest.mark.parametrize("broken", [DeadCache(), MuteCache()], ids=["raises", "mute"])
def test_a_cache_that_is_away_is_a_closed_breaker(server, fragile, monkeypatch, broken):
    monkeypatch.setattr(breaker_module, "cache", broken)
    upstream = fragile()
    server.faults.set("dogs", status=503)
    assert fail(upstream, 5) == ["status"] * 5
    server.faults.clear()
    assert upstream.get_json(PICTURE)["status"] == "success"


def test_breaker_keeps_the_cache_out_of_healthy_calls(fragile, monkeypatch):
    upstream = fragile()
    asked = []

    class Counting:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(cache, name)

    monkeypatch.setattr(breaker_module, "cache", Counting())
    upstream.get_json(PICTURE)
    assert asked == ["get_many"]
