"""A37: after a restore a new epoch makes every phone pull again."""

import uuid
from io import StringIO

import pytest
from django.core.management import call_command

from core.models import JournalEntry
from stores import clock
from stores.models import Clock
from stores.tests.factories import AssignmentFactory, ProductFactory, VisitFactory
from stores.tests.factories_cases import SellerCaseFactory
from stores.tests.helpers_sync import get_page, pull_all
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("new_sync_epoch", *arguments, stdout=out)
    return out.getvalue()


def test_without_yes_the_command_says_what_it_would_do():
    before = clock.reading()
    said = run()
    assert str(before.epoch) in said
    assert "--yes" in said
    assert clock.reading() == before
    assert not JournalEntry.objects.exists()


def test_with_yes_the_epoch_is_new_and_the_numbers_go_on():
    product = ProductFactory()
    before = clock.reading()
    said = run("--yes")
    now = clock.reading()
    assert said == f"epoch {before.epoch} is over, {now.epoch} begins\n"
    assert now.epoch != before.epoch
    assert now.seq == before.seq == product.seq
    line = JournalEntry.objects.get()
    assert (line.action, line.model, line.object_id) == ("change", "stores.Clock", "catalogue")
    assert line.changes == {"epoch": [str(before.epoch), str(now.epoch)]}
    assert (line.actor_kind, line.actor_label) == ("command", "new_sync_epoch")


def test_a_database_without_a_clock_gets_one():
    run("--yes")
    assert Clock.objects.get().key == clock.CATALOGUE


def test_a37_the_catalogue_begins_anew_and_visits_come_again_from_the_start(phone, seller):
    product = ProductFactory()
    assignment = AssignmentFactory(seller=seller)
    visits = [VisitFactory(seller=seller) for _ in range(3)]
    case = SellerCaseFactory(seller=seller)
    etag = phone.get("/api/sync")["ETag"]
    checkpoints = {
        name: pull_all(phone, name)[1]
        for name in ("products", "portfolios", "establishments", "visits", "cases")
    }
    run("--yes")
    epoch = str(clock.reading().epoch)
    head = phone.get("/api/sync", headers={"If-None-Match": etag})
    assert head.status_code == 200
    assert head.json()["epoch"] == epoch
    for name in ("products", "portfolios", "establishments"):
        answer = get_page(phone, name, checkpoints[name])
        assert assert_problem(answer, 409, "resync_required")["epoch"] == epoch
    again, checkpoint = pull_all(phone, "visits", checkpoints["visits"])
    assert [document["id"] for document in again] == [str(visit.pk) for visit in visits]
    assert checkpoint == {"epoch": epoch, "seq": 3}
    assert pull_all(phone, "visits", checkpoint) == ([], checkpoint)
    again, checkpoint = pull_all(phone, "cases", checkpoints["cases"])
    assert [document["id"] for document in again] == [str(case.pk)]
    assert checkpoint == {"epoch": epoch, "seq": 4}
    # What the phone does then: it drops what it has and pulls without a checkpoint.
    assert [one["id"] for one in pull_all(phone, "products")[0]] == [str(product.pk)]
    establishments = pull_all(phone, "establishments")[0]
    assert [one["id"] for one in establishments] == [str(assignment.establishment_id)]


def test_visits_of_another_epoch_start_at_the_beginning_however_high_their_position(phone, seller):
    epoch = str(clock.reading().epoch)
    strange = {"epoch": str(uuid.uuid4()), "seq": 2**62}
    answer = get_page(phone, "visits", strange)
    assert answer.json() == {"documents": [], "checkpoint": {"epoch": epoch, "seq": 0}}
    visit = VisitFactory(seller=seller)
    assert [one["id"] for one in get_page(phone, "visits", strange).json()["documents"]] == [
        str(visit.pk)
    ]
