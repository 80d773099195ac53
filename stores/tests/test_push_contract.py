"""POST /api/sync/visits: each visit is stored once and gets a verdict (A9 to A11, A32)."""

import random
import uuid

import orjson
import pytest

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_threads import together
from stores import clock
from stores.models import Clock, DirtyDay, RejectedUpload, Visit, VisitRevision
from stores.services import visits
from stores.sync import batch
from stores.tests.factories import (
    AssignmentFactory,
    ProductFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_push import FIX, PUSH, counts, push, push_raw, pushed, rows, visit
from stores.tests.helpers_sync import pull_all
from tests.asserts import assert_problem
from users.errors import InvalidToken

pytestmark = pytest.mark.django_db

SERVER_FIELDS = [
    *("state", "flags", "received_at", "occurred_at", "day", "portfolio_version", "must_have"),
    *("present", "compliance", "missing", "photos_missing"),
]


@pytest.fixture
def stores(seller):
    return [AssignmentFactory(seller=seller).establishment for _ in range(9)]


def seq_of(seller) -> int:
    found = Clock.objects.filter(key=clock.seller_key(seller.pk)).first()
    return 0 if found is None else found.seq


def batch_of_a9(stores):
    """Return ten documents: five good, and one of each fault that the check names."""
    good = [visit(store) for store in stores[:5]]
    foreign = AssignmentFactory().establishment
    no_products = visit(stores[5])
    del no_products["seen"]
    odd = [
        no_products,
        visit(foreign),
        visit(999_999),
        visit(stores[6], captured_at="1980-01-01T00:00:00-05:00"),
        visit(stores[7], seen=[999_999]),
    ]
    return [good[0], odd[0], good[1], odd[1], *good[2:], odd[2], odd[3], odd[4]]


def test_a9_each_row_of_a_batch_gets_its_own_verdict(phone, seller, stores):
    batch = batch_of_a9(stores)
    answers = pushed(phone, *batch)
    assert [answer["id"] for answer in answers] == [document["id"] for document in batch]
    assert [(answer["state"], answer["flags"]) for answer in answers] == [
        ("accepted", []),
        ("rejected", ["invalid"]),
        ("accepted", []),
        ("flagged", ["not_assigned"]),
        ("accepted", []),
        ("accepted", []),
        ("accepted", []),
        ("flagged", ["unknown_establishment"]),
        ("flagged", ["clock"]),
        ("flagged", ["unknown_product"]),
    ]
    assert answers[1] == {
        **batch[1],
        "state": "rejected",
        "flags": ["invalid"],
        "problems": [{"field": "seen", "code": "required"}],
    }
    assert counts() == {"visits": 9, "revisions": 0, "rejected": 1, "dirty": 1}
    upload = RejectedUpload.objects.get()
    assert (upload.seller_id, upload.visit_id) == (seller.pk, uuid.UUID(batch[1]["id"]))
    assert orjson.loads(upload.raw) == batch[1]
    assert upload.problems == [{"field": "seen", "code": "required"}]
    seqs = list(Visit.objects.order_by("id").values_list("seq", flat=True))
    assert seqs == list(range(1, 10)), "numbered in the order of their ids"


def test_a_new_visit_is_answered_with_what_the_server_made_of_it(phone, stores):
    sent = visit(stores[0], note="sin novedad", clock_offset_ms=0, x_of_the_app={"a": [1, 2.50]})
    (answer,) = pushed(phone, sent)
    assert {name: answer[name] for name in sent} == sent
    assert list(answer) == [
        *(name for name in sent if name != "_deleted"),
        *SERVER_FIELDS,
        "_deleted",
    ]
    stored = Visit.objects.get()
    assert (str(stored.pk), stored.establishment_id) == (sent["id"], stores[0].pk)
    assert (stored.state, stored.flags, stored.seq) == ("accepted", [], 1)
    assert (stored.city, stored.region, stored.typology) == ("05001", "antioquia-eje", "minimarket")
    assert stored.distance_m == 0
    assert (stored.must_have, stored.present, stored.compliance) == (None, None, None)
    entry = JournalEntry.objects.get(model="stores.Visit")
    assert (entry.action, entry.object_id, entry.count) == ("create", "", 1)


def test_a_pull_says_the_same_as_the_answer_to_the_push(phone, stores):
    answers = pushed(phone, visit(stores[0]), visit(stores[1], seen=[7]))
    documents, _ = pull_all(phone, "visits")
    key = lambda document: document["id"]  # noqa: E731 - used twice, here
    assert sorted(documents, key=key) == sorted(answers, key=key)


def test_the_clients_fields_come_back_to_the_byte(phone, stores):
    text = (
        f'[ {{"assumedMasterState":null, "newDocumentState": {{ "id" : "{uuid.uuid4()}" ,'
        f'"establishment":{stores[0].pk},"captured_at":"2026-11-27T08:14:05.120-05:00",'
        '"location":{"lat":6.24420,"lon":-75.58120000,"accuracy_m":1e1},'
        '"seen":[ ], "note":"caf\\u00e9 \\ud83d\\ude00","n":-0.0, "_deleted":false}} ]'
    )
    answer = push_raw(phone, text)
    assert answer.status_code == 200
    kept = (
        f'"establishment":{stores[0].pk},"captured_at":"2026-11-27T08:14:05.120-05:00",'
        '"location":{"lat":6.24420,"lon":-75.58120000,"accuracy_m":1e1},'
        '"seen":[ ],"note":"caf\\u00e9 \\ud83d\\ude00","n":-0.0,"state":'
    )
    assert kept in answer.content.decode()


def test_an_exact_replay_of_the_master_is_answered_with_nothing(phone, stores):
    (master,) = pushed(phone, visit(stores[0]))
    before = (counts(), JournalEntry.objects.count())
    assert pushed(phone, master) == []
    assert (counts(), JournalEntry.objects.count()) == before
    assert pushed(phone, {**master, "day": "2020-01-01"}) == [master], "the server's fields are its"
    assert (counts(), JournalEntry.objects.count()) == before


def test_a_replay_of_the_bare_document_is_answered_with_the_master(phone, seller, stores):
    sent = [visit(stores[0]), visit(stores[1])]
    masters = pushed(phone, *sent)
    before = (counts(), JournalEntry.objects.count(), seq_of(seller))
    assert pushed(phone, *reversed(sent)) == list(reversed(masters))
    sent[0]["establishment"] = int(sent[0]["establishment"])
    assert pushed(phone, sent[0]) == [masters[0]], "a number and its text are one content"
    assert (counts(), JournalEntry.objects.count(), seq_of(seller)) == before


def test_a_replay_takes_no_lock_and_writes_nothing(phone, stores, django_assert_num_queries):
    sent = [visit(store) for store in stores]
    pushed(phone, *sent)
    with django_assert_num_queries(2) as queries:  # who calls, what is known
        pushed(phone, *sent)
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_a11_other_content_of_an_id_is_one_revision(phone, seller, stores):
    sent = visit(stores[0], seen=[])
    (master,) = pushed(phone, sent)
    seq = seq_of(seller)
    for _ in range(3):
        assert pushed(phone, {**sent, "seen": [5]}) == [master]
    revision = VisitRevision.objects.get()
    assert (revision.visit_id, revision.number) == (uuid.UUID(sent["id"]), 1)
    assert orjson.loads(revision.doc)["seen"] == [5]
    assert pushed(phone, {**sent, "seen": [6]}, {**sent, "note": "otra"}) == [master, master]
    assert list(VisitRevision.objects.order_by("number").values_list("number", flat=True)) == [
        *(1, 2, 3)
    ]
    assert seq_of(seller) == seq, "no phone must fetch it again"
    assert Visit.objects.get().seen == []


def test_other_content_that_is_unusable_is_a_revision_too(phone, stores):
    sent = visit(stores[0])
    (master,) = pushed(phone, sent)
    assert pushed(phone, {**sent, "seen": None}) == [master]
    assert counts() == {"visits": 1, "revisions": 1, "rejected": 0, "dirty": 1}


def test_an_id_twice_in_a_batch_is_a_visit_and_a_revision(phone, stores):
    sent = visit(stores[0])
    answers = pushed(phone, sent, {**sent, "note": "b"}, sent)
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]
    assert counts() == {"visits": 1, "revisions": 1, "rejected": 0, "dirty": 1}


def test_an_id_of_another_seller_is_rejected_and_nothing_of_it_shown(phone, stores):
    theirs = VisitFactory(seen=[1, 2])
    sent = visit(stores[0], id=str(theirs.pk))
    assert pushed(phone, sent) == [
        {
            **sent,
            "state": "rejected",
            "flags": ["id_taken"],
            "problems": [{"field": "id", "code": "id_taken"}],
        }
    ]
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 0, "dirty": 0}
    assert Visit.objects.get().doc == theirs.doc


def test_what_the_phone_deletes_is_only_its_copy(phone, stores):
    (master,) = pushed(phone, visit(stores[0]))
    before = counts()
    assert pushed(phone, {**master, "_deleted": True}, visit(stores[1], _deleted=True)) == []
    assert counts() == before


def test_a_rejected_row_is_kept_once_and_its_id_stays_free(phone, stores):
    bad = visit(stores[0], seen="nada")
    first = pushed(phone, bad)
    assert pushed(phone, bad) == first
    assert pushed(phone, first[0]) == [], "it has the verdict"
    assert counts() == {"visits": 0, "revisions": 0, "rejected": 1, "dirty": 0}
    (answer,) = pushed(phone, {**bad, "seen": []})
    assert answer["state"] == "accepted"
    assert counts() == {"visits": 1, "revisions": 0, "rejected": 1, "dirty": 1}


def test_an_empty_batch_is_answered_with_an_empty_array(phone):
    assert pushed(phone) == []


def test_one_line_of_the_journal_for_a_batch(phone, stores):
    sent = [visit(store) for store in stores]
    pushed(phone, *sent, visit(stores[0], seen=None), {**sent[0], "note": "x"})
    entry = JournalEntry.objects.get(model="stores.Visit")
    assert (entry.action, entry.count) == ("create", 9)
    assert entry.reason == "revisions: 1, rejected: 1"


def test_an_idempotency_key_is_ignored(phone, stores):
    first, second = visit(stores[0]), visit(stores[1])
    for sent in (first, second):
        answer = phone.post(PUSH, rows(sent), headers={"Idempotency-Key": "the-same-key-123"})
        assert (answer.status_code, len(answer.json())) == (200, 1)
    assert Visit.objects.count() == 2


def test_every_answer_tells_the_time(phone, stores):
    for answer in (push(phone, visit(stores[0])), push_raw(phone, "{}"), push_raw(phone, "nope")):
        assert answer["Server-Time"].endswith("Z")


@pytest.mark.parametrize("rows_in_batch", [1, 10, 50])
def test_a_push_costs_as_many_queries_whatever_its_size(
    phone, stores, rows_in_batch, django_assert_num_queries
):
    push(phone)  # the phone has been seen
    VersionFactory(products=[ProductFactory()])
    documents = [
        visit(stores[number % 9], seen=[number], note=str(number))
        for number in range(rows_in_batch)
    ]
    # Who calls, what is known; the account, the clock, establishments, versions, products, other
    # visits, photos; the visits, the day, the journal; begin and commit.
    with django_assert_num_queries(14):
        pushed(phone, *documents)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SELLER])
def test_a32_only_sellers_push(client_for, stores, role):
    assert_problem(push(client_for(role), visit(stores[0])), 403, "permission_denied")
    assert counts() == {"visits": 0, "revisions": 0, "rejected": 0, "dirty": 0}


def test_a32_nobody_pushes_without_a_token(api, stores):
    assert_problem(push(api, visit(stores[0])), 401, "not_authenticated")


def test_a17_a_seller_who_was_deactivated_is_refused_until_they_are_back(phone, seller, stores):
    sent = [visit(store) for store in stores]
    seller.is_active = False
    seller.save()
    assert push(phone, *sent).status_code == 401
    assert counts() == {"visits": 0, "revisions": 0, "rejected": 0, "dirty": 0}
    seller.is_active = True
    seller.save()
    assert len(pushed(phone, *sent)) == 9


def test_a17_a_push_that_was_let_in_before_the_deactivation_stores_nothing(seller, stores):
    seller.is_active = False
    seller.save()
    documents = batch.read(orjson.dumps(rows(visit(stores[0]))))
    with pytest.raises(InvalidToken):
        visits.receive(seller_id=seller.pk, documents=documents)
    assert counts() == {"visits": 0, "revisions": 0, "rejected": 0, "dirty": 0}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a10_a_batch_of_any_order_from_many_threads_is_stored_once(phone, seller, stores):
    batch = batch_of_a9(stores)
    orders = [random.Random(number).sample(batch, len(batch)) for number in range(3)]

    def send(number: int) -> set[tuple[str, str]]:
        answers = [answer for turn in range(5) for answer in pushed(phone, *orders[turn % 3])]
        return {(answer["id"], answer["state"]) for answer in answers}

    results = together(8, send)
    assert all(result == results[0] for result in results), results
    assert len(results[0]) == 10
    assert counts() == {"visits": 9, "revisions": 0, "rejected": 1, "dirty": 1}
    assert JournalEntry.objects.filter(model="stores.Visit").count() == 1
    assert seq_of(seller) == 10  # the rejected one is a case
    assert DirtyDay.objects.get().seller_id == seller.pk


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_id_that_two_sellers_send_at_once_is_one_sellers(client_for):
    assignments = [AssignmentFactory() for _ in range(2)]
    clients = [client_for(assignment.seller) for assignment in assignments]
    shared = [str(uuid.uuid4()) for _ in range(20)]

    def send(number: int) -> list[str]:
        store = assignments[number].establishment
        keys = shared if number else shared[::-1]
        documents = [visit(store, id=key) for key in keys]
        return [(answer["id"], answer["flags"]) for answer in pushed(clients[number], *documents)]

    results = together(2, send)
    assert Visit.objects.count() == 20
    taken = [key for result in results for key, flags in result if flags == ["id_taken"]]
    assert sorted(taken) == sorted(shared)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a5_a_reader_of_a_sellers_visits_loses_none(phone, stores):
    def write(number: int) -> list[str]:
        keys = []
        for turn in range(12):
            documents = [visit(stores[number % 9], location=FIX) for _ in range(1 + turn % 3)]
            keys += [answer["id"] for answer in pushed(phone, *documents)]
        return keys

    def read() -> list[str]:
        seen, checkpoint, quiet = [], None, 0
        while quiet < 40:
            documents, checkpoint = pull_all(phone, "visits", checkpoint, limit=5)
            seen += [document["id"] for document in documents]
            quiet = 0 if documents else quiet + 1
        return seen

    results = together(9, lambda number: write(number) if number else read())
    written = [key for keys in results[1:] for key in keys]
    assert sorted(results[0]) == sorted(written)
    assert len(written) == 8 * 24


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_revisions_that_come_at_once_get_one_number_each(phone, stores):
    sent = visit(stores[0])
    (master,) = pushed(phone, sent)

    def send(number: int) -> list[dict]:
        notes = [str(number % 4), "the same", str(number)]
        return [pushed(phone, {**sent, "note": note})[0] for note in notes]

    results = together(8, send)
    assert results == [[master] * 3] * 8
    numbers = VisitRevision.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 10)), "eight notes, and one that all send"
