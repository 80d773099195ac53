"""The head: what is new for whom, in one statement, and nothing when nothing is."""

import datetime as dt
import re

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from stores import clock
from stores.models import Clock
from stores.sync.head import poll_after
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_sync import pull_all
from tests.asserts import assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keeper")]
SERVER_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_the_head_says_how_far_each_collection_is(phone, seller):
    product = ProductFactory()
    version = VersionFactory(products=[product])
    VersionFactory(draft=True)
    assignment = AssignmentFactory(seller=seller)
    AssignmentFactory()  # somebody else's
    VisitFactory(seller=seller)
    VisitFactory(seller=seller)
    VisitFactory()
    assert phone.get("/api/sync").json() == {
        "epoch": str(clock.reading().epoch),
        "heads": {
            "products": product.seq,
            "portfolios": version.seq,
            "establishments": assignment.seq,
            "visits": 2,
            "cases": 0,
        },
        "poll_after": poll_after(seller.pk),
        "schema": 1,
        "schemas": [1],
        "upload_chunk": 131_072,
    }


def test_where_nothing_was_ever_stamped_the_head_sets_the_clock_going(phone):
    assert not Clock.objects.exists()
    body = phone.get("/api/sync").json()
    names = ("products", "portfolios", "establishments", "visits", "cases")
    assert body["heads"] == dict.fromkeys(names, 0)
    assert body["epoch"] == str(clock.reading().epoch)


def test_a_heads_number_is_the_checkpoint_after_a_pull(phone, seller):
    store = EstablishmentFactory()
    AssignmentFactory(seller=seller, establishment=store)
    VersionFactory(products=[ProductFactory(), ProductFactory()])
    VisitFactory(seller=seller)
    with transaction.atomic():
        clock.stamp(store)  # the establishment is newer than its assignment
    heads = phone.get("/api/sync").json()["heads"]
    for name, number in heads.items():
        assert pull_all(phone, name)[1]["seq"] == number


def test_the_head_is_one_statement_beside_that_of_who_calls_or_two_after_a_write(phone, seller):
    phone.get("/api/sync")  # notes the phone, once in five minutes
    for wanted in (1, 10, 50):
        for _ in range(wanted):
            AssignmentFactory(seller=seller)
            ProductFactory()
        with CaptureQueriesContext(connection) as queries:
            assert phone.get("/api/sync").status_code == 200
        assert len(queries) == 3  # who calls, the clocks, where the collections stand
        with CaptureQueriesContext(connection) as queries:
            assert phone.get("/api/sync").status_code == 200
        assert len(queries) == 2  # the catalogue's clock stands as before


def test_the_same_head_is_a_304_until_something_of_it_changes(phone, seller):
    first = phone.get("/api/sync")
    assert first["Cache-Control"] == "private, no-cache"
    known = {"If-None-Match": first["ETag"]}
    same = phone.get("/api/sync", headers=known)
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert SERVER_TIME.fullmatch(same["Server-Time"])
    AssignmentFactory()  # another seller's
    VersionFactory(draft=True)
    assert phone.get("/api/sync", headers=known).status_code == 304
    for change in (
        ProductFactory,
        VersionFactory,
        lambda: AssignmentFactory(seller=seller),
        lambda: VisitFactory(seller=seller),
    ):
        change()
        changed = phone.get("/api/sync", headers=known)
        assert changed.status_code == 200
        assert changed["ETag"] != known["If-None-Match"]
        known = {"If-None-Match": changed["ETag"]}
        assert phone.get("/api/sync", headers=known).status_code == 304


def test_each_seller_asks_again_after_a_time_of_their_own():
    times = [poll_after(seller_id) for seller_id in range(1, 12_001)]
    assert min(times) == 240
    assert max(times) == 360
    assert abs(sum(times) / len(times) - 300) < 3
    busiest = max(times.count(seconds) for seconds in range(240, 361))
    assert busiest < 2 * len(times) / 121, "no second has twice its share"
    assert times == [poll_after(seller_id) for seller_id in range(1, 12_001)]


def test_every_answer_tells_the_servers_time(phone, api, user_api):
    answers = [
        phone.get("/api/sync"),
        phone.get("/api/sync", headers={"If-None-Match": phone.get("/api/sync")["ETag"]}),
        phone.head("/api/sync"),
        phone.get("/api/sync/products"),
        phone.get("/api/sync/products?limit=0"),
        phone.get("/api/sync/nothing"),
        phone.get("/api/sync/products?epoch=00000000-0000-0000-0000-000000000000&seq=1"),
        phone.get("/api/sync", headers={"Accept": "text/html"}),
        phone.delete("/api/sync"),
        user_api.get("/api/sync"),
        api.get("/api/sync"),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 304, 200, 200, 400, 404, 409, 406, 405, 403, 401]
    for answer in answers:
        assert SERVER_TIME.fullmatch(answer["Server-Time"])
        told = dt.datetime.fromisoformat(answer["Server-Time"])
        assert abs(dt.datetime.now(dt.UTC) - told) < dt.timedelta(seconds=5)


def test_a_database_that_is_away_is_a_503_that_tells_the_time(phone):
    def away(execute, sql, params, many, context):
        if "stores_" in sql:
            raise OperationalError("server closed the connection")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away):
        for path in ("/api/sync", "/api/sync/products", "/api/sync/visits"):
            answer = phone.get(path)
            assert_problem(answer, 503, "service_unavailable")
            assert SERVER_TIME.fullmatch(answer["Server-Time"])
            assert answer["Retry-After"]


def test_where_collections_stand_is_kept_per_seller_and_clock(client_for, seller, phone):
    other = client_for(SellerFactory())
    AssignmentFactory(seller=seller)
    mine, theirs = phone.get("/api/sync").json(), other.get("/api/sync").json()
    assert (mine["heads"]["establishments"], theirs["heads"]["establishments"]) == (2, 0)
    assert phone.get("/api/sync").json() == mine
    AssignmentFactory(seller=other.user)
    assert other.get("/api/sync").json()["heads"]["establishments"] == 4
    assert phone.get("/api/sync").json() == mine, "nothing of theirs moved"
