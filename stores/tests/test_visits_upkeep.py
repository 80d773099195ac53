"""What is judged again by command (A18), processed again, and not kept for ever."""

import datetime as dt
from io import StringIO
from types import SimpleNamespace

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.errors import NotFound
from core.models import JournalEntry
from stores import clock, tasks
from stores.constants import Outcome
from stores.errors import NotProcessable
from stores.models import Clock, DirtyDay, RejectedUpload, Visit, VisitRevision
from stores.services import retention
from stores.services.corrections import apply_revision
from stores.services.visits import process_rejected
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    ProductFactory,
    RevisionFactory,
    VisitFactory,
)
from stores.tests.helpers_push import push_raw, pushed, visit
from stores.tests.helpers_sync import pull_all

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def recheck(*arguments: str) -> str:
    out = StringIO()
    call_command("recheck_visits", *arguments, stdout=out)
    return out.getvalue().strip()


def seqs() -> dict[str, int]:
    return dict(Clock.objects.filter(key__startswith="seller:").values_list("key", "seq"))


# -- again, by command ---------------------------------------------------------------------------
def test_a18_a_visit_before_its_assignment_loses_its_flag_once_that_is_dated_back(phone, seller):
    store = EstablishmentFactory()
    (master,) = pushed(
        phone,
        visit(store),
    )
    assert master["flags"] == ["not_assigned"]
    assert recheck() == "sellers 1, visits changed 0"
    AssignmentFactory(seller=seller, establishment=store)
    DirtyDay.objects.all().delete()
    before = seqs()
    dry = "Dry run, nothing was written.\nsellers 1, visits changed 1"
    assert recheck("--dry-run") == dry
    assert (Visit.objects.get().flags, seqs()) == (["not_assigned"], before)
    assert recheck() == "sellers 1, visits changed 1"
    (document,) = pull_all(phone, "visits")[0]
    assert document == {**master, "state": "accepted", "flags": []}
    assert Visit.objects.get().seq == 2
    assert DirtyDay.objects.get().day == Visit.objects.get().day
    entry = JournalEntry.objects.get(model="stores.Visit", object_id=master["id"])
    assert entry.changes == {"flags": [["not_assigned"], []], "state": ["flagged", "accepted"]}
    assert entry.actor_label == "recheck_visits"
    after = (seqs(), JournalEntry.objects.count())
    assert recheck() == "sellers 1, visits changed 0"
    assert (seqs(), JournalEntry.objects.count()) == after


def test_a_visit_gets_the_flag_when_its_assignment_is_gone(seller):
    made = VisitFactory(seller=seller, flags=["far"], state="flagged")
    assert recheck() == "sellers 1, visits changed 1"
    made.refresh_from_db()
    assert (made.state, made.flags) == ("flagged", ["not_assigned", "far"])


def test_only_what_is_asked_for_is_judged_again(seller):
    today = timezone.localdate()
    VisitFactory(seller=seller)
    VisitFactory(seller=seller, captured_at=timezone.now() - 9 * DAY)
    VisitFactory()
    VisitFactory(state="void")
    VisitFactory(establishment=None)
    assert recheck("--dry-run").endswith("sellers 2, visits changed 3")
    assert recheck("--seller", str(seller.pk), "--dry-run").endswith("visits changed 2")
    assert recheck("--from", str(today - DAY), "--dry-run").endswith("visits changed 2")
    assert recheck("--to", str(today - DAY), "--dry-run").endswith("sellers 1, visits changed 1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2026-13-01"),
        ("--seller", "x"),
        ("--from", "2026-02-01", "--to", "2026-01-01"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused(arguments):
    with pytest.raises(CommandError):
        recheck(*arguments)


# -- rejected uploads ----------------------------------------------------------------------------
def test_a_rejected_upload_that_can_be_read_now_becomes_a_visit(phone, seller, monkeypatch):
    store = AssignmentFactory(seller=seller).establishment
    bad = visit(store, outcome="perfect")
    pushed(phone, bad)
    upload = RejectedUpload.objects.get()
    with pytest.raises(NotProcessable) as refused:
        process_rejected(upload=upload)
    assert refused.value.extra["errors"] == [
        {
            "field": "outcome",
            "code": "invalid_choice",
            "detail": "No visit can be made of this upload yet.",
        }
    ]
    assert (Visit.objects.count(), Clock.objects.get(key=clock.seller_key(seller.pk)).seq) == (0, 1)
    words = SimpleNamespace(DONE=Outcome.DONE, values=["done", "perfect"])
    monkeypatch.setattr("stores.services.readings.Outcome", words)
    made = process_rejected(upload=upload)
    assert (str(made.pk), made.outcome, made.state, made.seq) == (
        bad["id"],
        "perfect",
        "accepted",
        2,
    )
    assert (made.received_at, made.seller_id) == (upload.received_at, seller.pk)
    assert RejectedUpload.objects.get().processed_at is not None
    assert DirtyDay.objects.get().day == made.day
    entries = JournalEntry.objects.filter(object_id__in=[str(made.pk), str(upload.pk)])
    assert sorted(entries.values_list("model", "action")) == [
        ("stores.RejectedUpload", "change"),
        ("stores.Visit", "create"),
    ]
    with pytest.raises(NotProcessable) as refused:
        process_rejected(upload=upload)
    assert refused.value.extra["errors"] == [
        {"field": "id", "code": "id_taken", "detail": "No visit can be made of this upload yet."}
    ]
    assert pushed(phone, bad)[0]["state"] == "accepted", "a replay of it is a replay now"


def test_an_upload_that_nobody_can_read_stays_one(phone):
    push_raw(phone, '[{"newDocumentState":{"id":"\\ud83d","x":1,"x":99999999999999999999}}]')
    upload = RejectedUpload.objects.get()
    with pytest.raises(NotProcessable):
        process_rejected(upload=upload)
    assert Visit.objects.count() == 0


# -- what is not kept ----------------------------------------------------------------------------
def old(months: int) -> dt.datetime:
    return timezone.now() - months * 31 * DAY


def test_leftovers_go_after_a_year(seller):
    kept = []
    for received in (old(13), old(11)):
        RevisionFactory(received_at=received)
        RejectedUpload.objects.create(
            seller=seller, digest=str(received), raw="{}", received_at=received
        )
        kept.append(received)
    nothing = {"positions": 0, "photos": 0, "photo_files": 0}
    assert tasks.remove_what_is_old() == {"revisions": 1, "rejected": 1, **nothing}
    assert VisitRevision.objects.get().received_at == kept[1]
    assert RejectedUpload.objects.get().received_at == kept[1]
    assert tasks.remove_what_is_old() == {"revisions": 0, "rejected": 0, **nothing}
    entries = JournalEntry.objects.filter(action="delete").values_list("model", "count")
    assert sorted(entries) == [("stores.RejectedUpload", 1), ("stores.VisitRevision", 1)]


def with_position(**fields) -> Visit:
    made = VisitFactory(distance_m=7, **fields)
    made.doc = '{"note":"a \\"location\\":{","location":{"lat":1.50,"lon":2},"seen":[]}'
    made.save()
    return made


def test_positions_go_after_half_a_year_and_distances_stay(monkeypatch):
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    past = [with_position(captured_at=old(7) - day * DAY) for day in (0, 0, 0, 3, 9)]
    late = with_position(captured_at=old(5))
    before = {one.pk: one.seq for one in Visit.objects.all()}
    assert tasks.remove_what_is_old()["positions"] == 5
    for one in past:
        one.refresh_from_db()
        document = orjson.loads(one.doc)
        assert (document["location"], document["note"]) == (None, 'a "location":{')
        assert one.distance_m == 7
    assert Visit.objects.get(pk=late.pk).doc == late.doc
    assert {one.pk: one.seq for one in Visit.objects.all()} == before, "phones keep a month"
    assert tasks.remove_what_is_old()["positions"] == 0


def test_what_becomes_of_an_old_revision_or_upload_has_no_position(phone, seller):
    store = AssignmentFactory(seller=seller).establishment
    (master,) = pushed(phone, visit(store, note="old"))
    pushed(phone, visit(store, id=master["id"], note="new"), visit(store, seen="all"))
    months_ago = old(7)
    for rows in (VisitRevision.objects, RejectedUpload.objects):
        rows.update(received_at=months_ago)
    at = months_ago.isoformat(timespec="milliseconds")
    revision, upload = VisitRevision.objects.get(), RejectedUpload.objects.get()
    revision.doc = orjson.dumps({**orjson.loads(revision.doc), "captured_at": at}).decode()
    revision.save()
    raw = {**orjson.loads(upload.raw), "captured_at": at, "seen": []}
    upload.raw = orjson.dumps(raw).decode()
    upload.save()
    corrected = apply_revision(visit=Visit.objects.get(), number=1)
    made = process_rejected(upload=upload)
    for one in (corrected, made):
        document = orjson.loads(Visit.objects.get(pk=one.pk).doc)
        assert (one.day, document["location"]) == (timezone.localdate(months_ago), None)
        assert one.distance_m is not None


def test_an_upload_that_is_gone_is_not_processed(phone):
    pushed(phone, visit(1, seen="all"))
    upload = RejectedUpload.objects.get()
    RejectedUpload.objects.all().delete()
    with pytest.raises(NotFound):
        process_rejected(upload=upload)
    assert Visit.objects.count() == 0


def test_positions_of_days_before_one_that_is_done_are_not_looked_for():
    done, older = with_position(captured_at=old(8)), with_position(captured_at=old(9))
    today = timezone.localdate()
    assert retention.days_with_positions(today) == [older.day, done.day], "the oldest first"
    retention.erase([done], frozenset({"location"}))
    assert retention.days_with_positions(today) == []


def test_what_is_personal_of_a_removed_seller_goes_and_numbers_stay(phone, seller):
    store = AssignmentFactory(seller=seller).establishment
    product = ProductFactory()
    photo = {"id": "p", "sha256": "a" * 64, "bytes": 1}
    sent = visit(
        store,
        seen=[product.pk],
        note="me atendió Ana",
        photos=[photo],
        unrecognised=[{"id": "u", "gtin": "9529999000019", "text": "yogur", "photo": "p"}],
        facings={str(product.pk): 3},
    )
    pushed(phone, sent, visit(store, seen=None))
    pushed(phone, {**sent, "note": "b"})
    theirs = VisitFactory()
    before = Visit.objects.exclude(pk=theirs.pk).get()
    assert retention.erase_seller(user_id=seller.pk) == 1
    after = Visit.objects.exclude(pk=theirs.pk).get()
    document = orjson.loads(after.doc)
    assert document == {
        **{key: sent[key] for key in sent if key != "_deleted"},
        "location": None,
        "note": "",
        "photos": [],
        "unrecognised": [{"id": "u", "gtin": "9529999000019", "text": "", "photo": ""}],
    }
    same = ("seen", "day", "state", "distance_m", "digest", "photos_missing", "seq")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert (VisitRevision.objects.count(), RejectedUpload.objects.count()) == (0, 0)
    assert Visit.objects.get(pk=theirs.pk).doc == theirs.doc
    entry = JournalEntry.objects.filter(model="stores.Visit", action="change").get()
    assert (entry.count, entry.reason) == (1, "the seller's account was removed")
