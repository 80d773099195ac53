"""How often one token, and one address, may ask."""

import threading
from uuid import uuid4

import pytest
import redis
from django.conf import settings as project
from django.core.cache import cache

from core import rates
from scripts.nodes import environment
from tests.asserts import assert_problem
from users.models import User

NOW = 1_000_000_003.5  # 3 s into a window of 10
PROTECTED = "/api/users/me"


@pytest.fixture(autouse=True)
def few(settings, monkeypatch):
    """Ten requests a window, a clock that stands, and nobody counted yet."""
    settings.RATE_LIMIT_PER_SECOND = 1
    monkeypatch.setattr(rates, "counts", rates.Counts())
    clock = {"now": NOW}
    monkeypatch.setattr(rates, "now", lambda: clock["now"])
    return clock


def fields(answer):
    return answer["RateLimit-Policy"], answer["RateLimit"]


def said(records):
    """What the module logged."""
    return [record.getMessage() for record in records if record.name == "plaza.rates"]


# --- What callers see -----------------------------------------------------------------------------


def test_every_answer_says_what_is_left(admin_api, client):
    assert fields(admin_api.get(PROTECTED)) == (
        '"token";q=10;w=10, "address";q=10;w=10',
        '"token";r=9;t=7, "address";r=9;t=7',
    )
    assert fields(client.get("/api/nothing")) == ('"address";q=10;w=10', '"address";r=8;t=7')


def test_the_eleventh_request_of_a_token_is_refused_and_changes_nothing(admin_api, few):
    for number in range(10):
        assert admin_api.get(PROTECTED, REMOTE_ADDR=f"10.0.0.{number}").status_code == 200
    answer = admin_api.post(
        "/api/users", {"email": "new@example.com"}, format="json", REMOTE_ADDR="10.0.0.99"
    )
    assert_problem(answer, 429, "too_many_requests")
    assert answer["Retry-After"] == "7"
    assert fields(answer)[1] == '"token";r=0;t=7, "address";r=9;t=7'
    assert not User.objects.filter(email="new@example.com").exists()
    few["now"] += 7
    assert admin_api.get(PROTECTED, REMOTE_ADDR="10.0.0.1").status_code == 200


def test_the_eleventh_request_of_an_address_is_refused_whatever_it_sends(api, client):
    for number in range(10):
        answer = client.get("/api/x", headers={"authorization": f"Bearer {number}"})
        assert answer.status_code in {401, 404}
    for headers in ({}, {"authorization": "Bearer other"}, {"x-forwarded-for": "6.6.6.6"}):
        assert_problem(client.get("/api/x", headers=headers), 429, "too_many_requests")
    assert client.get("/api/x", REMOTE_ADDR="10.0.0.9").status_code == 404


def test_a_proxy_that_we_trust_says_whose_request_it_is(client, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    for _ in range(10):
        client.get("/api/x", headers={"x-forwarded-for": "1.2.3.4, 6.6.6.6"})
    spoofed = {"x-forwarded-for": "9.9.9.9, 6.6.6.6"}
    assert_problem(client.get("/api/x", headers=spoofed), 429, "too_many_requests")
    assert client.get("/api/x", headers={"x-forwarded-for": "6.6.6.7"}).status_code == 404


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_probes_are_not_counted(client, db, path):
    for _ in range(12):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "RateLimit" not in answer


def test_without_a_limit_nothing_is_counted_or_said(boot):
    code = (
        "from django.conf import settings;"
        " print(settings.RATE_LIMIT_PER_SECOND, 'core.middleware.RateLimitMiddleware' in"
        " settings.MIDDLEWARE)"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    for limit, said in (("0", "0 False"), ("5", "5 True"), ("600", "600 True")):
        found = boot(code, environment(RATE_LIMIT_PER_SECOND=limit, **settings))
        assert found.stdout.strip() == said, found.stderr


# --- Who shares an address ------------------------------------------------------------------------

needs_stores = pytest.mark.skipif(
    "stores" not in project.PLATFORM_APPS, reason="phones are the stores app's"
)


@needs_stores
def test_phones_behind_one_address_are_limited_per_token(client_for):
    phones = [client_for("SELLER") for _ in range(3)]
    for phone in phones:
        for _ in range(9):
            assert phone.get("/api/sync").status_code == 200
        assert fields(phone.get("/api/sync"))[1] == '"token";r=0;t=7'
        assert_problem(phone.get("/api/sync"), 429, "too_many_requests")


@needs_stores
def test_whoever_makes_tokens_up_is_limited_per_address(client):
    statuses = [
        client.get("/api/sync", headers={"authorization": f"Bearer {number}"}).status_code
        for number in range(13)
    ]
    assert statuses == [401] * 10 + [429] * 3
    assert client.get("/api/sync").status_code == 429  # without a token it counts by address


# --- Counting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.0.0.1", "address:10.0.0.1"),
        ("2001:db8:1:2:3::4", "address:2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "address:2001:db8:1:2::"),
        ("::ffff:10.0.0.1", "address:10.0.0.1"),
        ("unix", "address:unix"),
        ("", "address:"),
    ],
)
def test_who_has_one_address_of_ipv6_has_its_network(address, key):
    assert rates.address_key(address) == key


def test_no_token_is_kept():
    key = rates.token_key("Bearer secret-\udc80")
    assert key.startswith("token:")
    assert "secret" not in key
    assert len(key) == len("token:") + 32


def test_threads_lose_no_count():
    counts = rates.Counts()

    def ask():
        for _ in range(500):
            counts.add("token:a", NOW)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.seen("token:a", NOW) == 4000
    assert counts.seen("token:a", NOW + 10) == 0
    assert counts.add("token:a", NOW + 10) == 1


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(rates, "MAX_CALLERS", 3)
    counts = rates.Counts()
    for number in range(9):
        assert counts.add(f"token:{number}", NOW) == 1
    assert len(counts.own) == 3
    assert counts.add("token:0", NOW) == 2


@pytest.mark.redis
def test_processes_learn_what_the_others_counted():
    client = redis.Redis.from_url(project.REDIS_URL)
    one, other = rates.Counts(), rates.Counts()
    key = f"token:{uuid4().hex}"
    for _ in range(4):
        one.add(key, NOW)
    other.add(key, NOW)
    one.share(client)
    other.share(client)
    assert (one.seen(key, NOW), other.seen(key, NOW)) == (4, 5)
    one.share(client)
    one.add(key, NOW)
    assert one.seen(key, NOW) == 6
    one.share(client)
    other.share(client)
    assert (one.seen(key, NOW), other.seen(key, NOW)) == (6, 6)
    assert 0 < client.ttl(f"plaza:rates:{int(NOW) // 10}:{key}") <= 20
    assert one.add(key, NOW + 10) == 1  # the next window begins for everybody
    client.delete(f"plaza:rates:{int(NOW) // 10}:{key}")


def test_few_requests_are_not_worth_telling(settings):
    settings.RATE_LIMIT_PER_SECOND = 600
    counts = rates.Counts()
    for _ in range(59):
        counts.add("token:a", NOW)
    counts.share(None)  # no client is asked
    counts.add("token:a", NOW)
    with pytest.raises(AttributeError):
        counts.share(None)


def test_without_redis_each_counts_alone_and_says_so_once(logged):
    away = redis.Redis(port=1, socket_connect_timeout=0.2)
    counts = rates.Counts()
    counts.add("token:a", NOW)
    for _ in range(3):
        counts.share_or_say(away)
    assert said(logged) == ["rates_counted_alone"]
    assert counts.add("token:a", NOW) == 2


@pytest.mark.redis
def test_it_says_that_redis_is_back(logged):
    counts = rates.Counts()
    counts.alone = True
    counts.share_or_say(redis.Redis.from_url(project.REDIS_URL))
    assert [record.getMessage() for record in logged if record.name == "plaza.rates"] == [
        "rates_shared_again"
    ]


def test_a_request_asks_redis_nothing(admin_api, monkeypatch):
    def refused(*_arguments, **_options):
        raise AssertionError("a request waited for Redis")

    monkeypatch.setattr(rates.Counts, "share", refused)
    monkeypatch.setattr(type(cache), "get", refused, raising=False)
    assert admin_api.get(PROTECTED).status_code == 200


def test_one_thread_for_each_process(settings, monkeypatch):
    started = []
    monkeypatch.setattr(threading.Thread, "start", lambda self: started.append(self.name))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    counts = rates.Counts()
    counts.start_sharing()
    counts.start_sharing()
    assert started == ["rates"]
    monkeypatch.setattr(rates.os, "getpid", lambda: -1)  # after a fork
    counts.start_sharing()
    assert started == ["rates"] * 2
    settings.REDIS_URL = ""
    rates.Counts().start_sharing()
    assert started == ["rates"] * 2
