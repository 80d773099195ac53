"""GET /api/visits and what support corrects: revisions, void (A32)."""

import datetime as dt
import uuid

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_threads import together
from stores import clock
from stores.models import Clock, DirtyDay, Visit, VisitRevision
from stores.services.corrections import Recheck, recheck_seller
from stores.tests.factories import (
    ProductFactory,
    RevisionFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_push import moment, pushed, visit
from stores.tests.helpers_sync import pull_all
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def support(client_for):
    return client_for(Role.SUPPORT)


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def seq_of(seller) -> int:
    return Clock.objects.get(key=clock.seller_key(seller.pk)).seq


def state() -> list:
    """Return all that a refused request must leave as it was."""
    return [
        list(Visit.objects.order_by("pk").values()),
        list(VisitRevision.objects.order_by("pk").values()),
        list(DirtyDay.objects.order_by("pk").values("day", "seller")),
        list(Clock.objects.order_by("key").values()),
        JournalEntry.objects.count(),
    ]


# -- reading -------------------------------------------------------------------------------------
def test_one_visit_is_shown_whole(phone, support, store):
    product = ProductFactory()
    version = VersionFactory(products=[product])
    (master,) = pushed(phone, visit(store, note="hola"))
    stored = Visit.objects.get()
    expected = {
        "id": master["id"],
        "seller": stored.seller_id,
        "establishment": store.pk,
        "day": master["day"],
        "state": "accepted",
        "flags": [],
        "outcome": "done",
        "seconds": None,
        "portfolio_version": version.pk,
        "must_have": 1,
        "present": 0,
        "compliance": "0.0000",
        "photos_missing": 0,
        "city": "05001",
        "region": "antioquia-eje",
        "typology": "minimarket",
        "distance_m": 0,
        "seen": [],
        "missing": [product.pk],
        "document": orjson.loads(stored.doc),
    }
    for client in (phone, support):
        answer = client.get(f"/api/visits/{master['id'].upper()}")
        assert answer.status_code == 200
        body = answer.json()
        assert {name: body[name] for name in expected} == expected
        assert set(body) - set(expected) == {"captured_at", "occurred_at", "received_at"}
        assert answer["ETag"]
    (row,) = support.get("/api/visits").json()["results"]
    shared = [name for name in expected if name not in {"seen", "missing", "document"}]
    assert {name: row[name] for name in shared} == {name: expected[name] for name in shared}
    assert "document" not in row


def test_the_newest_day_comes_first_page_by_page(support):
    now = timezone.now()
    made = [VisitFactory(captured_at=now - DAY * (number % 4)) for number in range(9)]
    ordered = sorted(made, key=lambda one: (one.day, one.pk), reverse=True)
    found, url = [], "/api/visits?limit=4"
    while url:
        answer = support.get(url)
        found += ids(answer)
        url = answer.json()["next"]
    assert found == [str(one.pk) for one in ordered]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abcd"),
        ("seller={seller}", "ab"),
        ("establishment={store}", "ac"),
        ("state=flagged", "bd"),
        ("flag=far", "b"),
        ("flag=clock", "bd"),
        ("day={day}", "ac"),
        ("day_from={day}", "ac"),
        ("day_to={before}", "bd"),
        ("day_from={before}&day_to={before}&seller={seller}", "b"),
    ],
)
def test_visits_are_filtered(support, seller, store, query, expected):
    now = timezone.now()
    others = {"captured_at": now - DAY, "state": "flagged"}
    made = {
        "a": VisitFactory(seller=seller, establishment=store),
        "b": VisitFactory(seller=seller, flags=["clock", "far"], **others),
        "c": VisitFactory(establishment=store),
        "d": VisitFactory(flags=["clock"], **others),
    }
    today = timezone.localdate(now)
    query = query.format(seller=seller.pk, store=store.pk, day=today, before=today - DAY)
    names = {str(one.pk): name for name, one in made.items()}
    assert (
        "".join(sorted(names[key] for key in ids(support.get(f"/api/visits?{query}")))) == expected
    )


@pytest.mark.parametrize(
    "query", ["flag=odd", "state=rejected", "seller=x", "day=2026-13-01", "day_from=", "colour=1"]
)
def test_a_filter_that_cannot_be_read_is_refused(support, query):
    answer = support.get(f"/api/visits?{query}")
    assert_problem(answer, 400, "invalid", field=query.partition("=")[0])


def test_a32_a_seller_sees_their_own_and_nothing_else(phone, seller):
    mine, theirs = VisitFactory(seller=seller), VisitFactory()
    assert ids(phone.get("/api/visits")) == [str(mine.pk)]
    assert ids(phone.get(f"/api/visits?seller={theirs.seller_id}")) == []
    assert phone.get(f"/api/visits/{mine.pk}").status_code == 200
    assert_problem(phone.get(f"/api/visits/{theirs.pk}"), 404, "not_found")


@pytest.mark.parametrize(
    ("role", "status"),
    [("ADMIN", 200), ("SUPPORT", 200), ("SELLER", 403), ("USER", 403), ("CLINICIAN", 403)],
)
def test_a32_who_may_look_at_revisions_and_correct(client_for, store, phone, role, status):
    (master,) = pushed(phone, visit(store))
    pushed(phone, {**master, "note": "b"})
    client, path = client_for(role), f"/api/visits/{master['id']}"
    assert client.get("/api/visits").status_code == (200 if role == "SELLER" else status)
    assert client.get(f"{path}/revisions").status_code == status
    assert client.post(f"{path}/apply-revision", {"number": 1}).status_code == status
    assert client.post(f"{path}/void", {"reason": "prueba"}).status_code == status


@pytest.mark.parametrize("path", ["", "/revisions"])
@pytest.mark.parametrize("key", [uuid.uuid4(), "nope", "1", "0195c1c8000070008000000000000001"])
def test_there_is_no_such_visit(support, key, path):
    assert_problem(support.get(f"/api/visits/{key}{path}"), 404, "not_found")
    if not path:
        for action, body in (("void", {"reason": "x"}), ("apply-revision", {"number": 1})):
            assert_problem(support.post(f"/api/visits/{key}/{action}", body), 404, "not_found")


@pytest.mark.parametrize(("path", "expected"), [("", 2), ("/{}/revisions", 3)])
def test_lists_cost_the_same_at_any_length(support, path, expected):
    counts, rows, one = [], 0, VisitFactory()
    for wanted in (1, 10, 50):
        for number in range(rows, wanted):
            if not path and number:
                VisitFactory()
            RevisionFactory(visit_id=one.pk, number=number + 1)
        rows = wanted
        with CaptureQueriesContext(connection) as captured:
            answer = support.get(f"/api/visits{path.format(one.pk)}")
        counts.append((len(captured), len(answer.json()["results"])))
    assert counts == [(expected, 1), (expected, 10), (expected, 50)]


# -- revisions -----------------------------------------------------------------------------------
def test_revisions_are_shown_the_latest_first(phone, support, store):
    (master,) = pushed(phone, visit(store))
    pushed(phone, {**master, "note": "a"}, {**master, "note": "b"})
    answer = support.get(f"/api/visits/{master['id']}/revisions")
    results = answer.json()["results"]
    assert [(row["number"], row["document"]["note"], row["applied_at"]) for row in results] == [
        (2, "b", None),
        (1, "a", None),
    ]
    assert set(results[0]) == {"number", "received_at", "applied_at", "document"}


def test_a_revision_is_applied_and_what_was_said_before_is_kept(phone, support, seller, store):
    products = [ProductFactory(), ProductFactory()]
    VersionFactory(products=products)
    first = visit(store, seen=[], captured_at=moment(DAY))
    (master,) = pushed(phone, first)
    other = {**first, "seen": [products[0].pk], "captured_at": moment()}
    pushed(phone, other)
    DirtyDay.objects.all().delete()
    seq = seq_of(seller)
    answer = support.post(f"/api/visits/{master['id']}/apply-revision", {"number": 1})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["seen"], body["present"], body["compliance"]) == ([products[0].pk], 1, "0.5000")
    assert body["day"] == timezone.localdate().isoformat()
    stored = Visit.objects.get()
    assert (stored.seq, seq_of(seller)) == (seq + 1, seq + 1)
    assert stored.received_at == dt.datetime.fromisoformat(master["received_at"])
    days = set(DirtyDay.objects.values_list("day", flat=True))
    assert days == {timezone.localdate(), timezone.localdate() - DAY}
    kept = VisitRevision.objects.order_by("number")
    assert [(one.number, one.applied_at is not None) for one in kept] == [(1, True), (2, False)]
    assert orjson.loads(kept[1].doc) == {key: first[key] for key in first if key != "_deleted"}
    entry = JournalEntry.objects.get(model="stores.Visit", object_id=master["id"])
    assert (entry.action, entry.reason) == ("change", "revision 1")
    assert entry.changes["present"] == [0, 1]
    assert entry.changes["doc"] is None, "notes and positions are not kept that long"
    documents, _ = pull_all(phone, "visits")
    assert documents == pushed(phone, other), "its replay is answered with the corrected visit"
    assert pushed(phone, first) == documents
    assert VisitRevision.objects.count() == 2, "what was said before is known"


def test_applying_a_revision_again_changes_nothing(phone, support, store):
    (master,) = pushed(phone, visit(store))
    pushed(phone, {**master, "note": "b"})
    path = f"/api/visits/{master['id']}/apply-revision"
    assert support.post(path, {"number": 1}).status_code == 200
    before = state()
    assert support.post(path, {"number": 1}).status_code == 200
    assert state() == before
    assert support.post(path, {"number": 2}).status_code == 200, "and back"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, (400, "invalid", "number")),
        ({"number": "1"}, (400, "invalid", "number")),
        ({"number": 0}, (400, "invalid", "number")),
        ({"number": 2**31}, (400, "invalid", "number")),
        ({"number": 9}, (400, "unknown_revision", "number")),
        ({"number": 2}, (422, "still_invalid", "seen")),
    ],
)
def test_a_revision_that_cannot_be_applied(phone, support, store, body, problem):
    (master,) = pushed(phone, visit(store))
    pushed(phone, {**master, "note": "b"}, {**master, "seen": None})
    before = state()
    answer = support.post(f"/api/visits/{master['id']}/apply-revision", body)
    status, code, field = problem
    assert_problem(answer, status, code, field=field)
    assert state() == before


def test_a_corrected_visit_keeps_its_place_in_the_day(phone, support, store):
    first, second = visit(store), visit(store)
    pushed(phone, first, second)
    pushed(phone, {**first, "note": "b"}, {**second, "note": "b"})
    for document, flags in ((first, []), (second, ["duplicate_same_day"])):
        path = f"/api/visits/{document['id']}/apply-revision"
        assert support.post(path, {"number": 1}).json()["flags"] == flags


# -- void ----------------------------------------------------------------------------------------
def test_a_visit_is_declared_void(phone, support, seller, store):
    (master,) = pushed(phone, visit(store))
    DirtyDay.objects.all().delete()
    path = f"/api/visits/{master['id']}/void"
    answer = support.post(path, {"reason": "fue en otra tienda"})
    assert (answer.status_code, answer.json()["state"]) == (200, "void")
    assert (Visit.objects.get().state, Visit.objects.get().seq, seq_of(seller)) == ("void", 2, 2)
    assert DirtyDay.objects.get().day == timezone.localdate()
    entry = JournalEntry.objects.get(model="stores.Visit", object_id=master["id"])
    assert entry.changes == {"state": ["accepted", "void"]}
    assert entry.reason == "fue en otra tienda"
    (document,) = pull_all(phone, "visits")[0]
    assert document == {**master, "state": "void"}
    before = state()
    assert_problem(support.post(path, {"reason": "otra vez"}), 409, "visit_void")
    pushed(phone, {**master, "note": "b"})
    assert Visit.objects.get().state == "void"
    answer = support.post(f"/api/visits/{master['id']}/apply-revision", {"number": 1})
    assert_problem(answer, 409, "visit_void")
    assert state()[0] == before[0]
    assert VisitRevision.objects.count() == 1, "a later push is a revision only"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": 5}, {"reason": "x" * 501}])
def test_a_visit_is_not_void_without_a_reason(phone, support, store, body):
    (master,) = pushed(phone, visit(store))
    before = state()
    answer = support.post(f"/api/visits/{master['id']}/void", body)
    assert_problem(answer, 400, "invalid", field="reason")
    assert state() == before


def test_a_visit_that_changed_meanwhile_is_not_void(phone, support, store):
    (master,) = pushed(phone, visit(store))
    path = f"/api/visits/{master['id']}"
    etag = support.get(path)["ETag"]
    refused = support.post(f"{path}/void", {"reason": "x"}, headers={"If-Match": '"other"'})
    assert_problem(refused, 412, "precondition_failed")
    taken = support.post(f"{path}/void", {"reason": "x"}, headers={"If-Match": etag})
    assert taken.status_code == 200


# -- at once -------------------------------------------------------------------------------------
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_declare_a_visit_void_one_does(phone, support, store):
    (master,) = pushed(phone, visit(store))
    path = f"/api/visits/{master['id']}/void"
    answers = together(2, lambda number: support.post(path, {"reason": str(number)}).status_code)
    assert sorted(answers) == [200, 409]
    assert JournalEntry.objects.filter(object_id=master["id"]).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_corrections_pushes_and_the_command_wait_for_each_other(phone, support, seller, store):
    sent = visit(store)
    (master,) = pushed(phone, sent)
    pushed(phone, {**sent, "note": "0"})
    path = f"/api/visits/{master['id']}/apply-revision"

    def act(number: int) -> list[int]:
        done = []
        for turn in range(6):
            if number % 3 == 0:
                done.append(len(pushed(phone, {**sent, "note": f"{number} {turn}"})))
            elif number % 3 == 1:
                done.append(support.post(path, {"number": 1 + turn % 2}).status_code)
            else:
                done.append(recheck_seller(seller_id=seller.pk, asked=Recheck()))
        return done

    results = together(6, act)
    assert not [one for one in results if isinstance(one, Exception)], results
    numbers = VisitRevision.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert Visit.objects.get().seq == seq_of(seller)
