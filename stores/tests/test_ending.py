"""What time ends, and what a removed account takes along: each row stamped once."""

import pytest

from core.models import JournalEntry
from stores import clock, tasks
from stores.constants import KEEP_ENDED_VERSIONS_DAYS
from stores.models import Assignment, PortfolioVersion
from stores.services import assignments, portfolios
from stores.tests.factories import (
    AssignmentFactory,
    PortfolioFactory,
    RegionFactory,
    SellerFactory,
    VersionFactory,
)
from stores.tests.helpers_dates import day
from stores.tests.helpers_unchanged import nothing_changes
from users.services import remove_user

pytestmark = pytest.mark.django_db


def test_assignments_end_with_the_day_after_their_last_one():
    over = AssignmentFactory(valid_until=day(-1))
    last_day = AssignmentFactory(valid_until=day())
    open_end = AssignmentFactory()
    ended = AssignmentFactory(ended=True)
    seqs = {row.pk: row.seq for row in (last_day, open_end, ended)}
    seq = clock.reading().seq
    assert assignments.end_what_is_over() == 1
    over.refresh_from_db()
    assert (over.state, over.valid_until, over.released_on) == ("ended", day(-1), None)
    assert (over.seq, clock.reading().seq) == (seq + 1, seq + 1)
    others = Assignment.objects.exclude(pk=over.pk)
    assert {row.pk: row.seq for row in others} == seqs
    assert last_day.state == "active"
    with nothing_changes():
        assert assignments.end_what_is_over() == 0


def test_versions_are_retired_when_phones_need_them_no_more():
    last_kept = day(-KEEP_ENDED_VERSIONS_DAYS)
    old = VersionFactory(valid_from=day(-90), valid_until=day(-KEEP_ENDED_VERSIONS_DAYS - 1))
    kept = VersionFactory(valid_from=last_kept, valid_until=last_kept)
    current = VersionFactory(valid_from=day(-20))
    draft = VersionFactory(draft=True, valid_from=day(-90))
    seq = clock.reading().seq
    assert portfolios.retire_what_is_over() == 1
    states = dict(PortfolioVersion.objects.values_list("pk", "state"))
    assert states == {
        old.pk: "retired",
        kept.pk: "published",
        current.pk: "published",
        draft.pk: "draft",
    }
    old.refresh_from_db()
    assert (old.seq, clock.reading().seq) == (seq + 1, seq + 1)
    assert PortfolioVersion.objects.in_force(day(-90)).get() == old, "visits of then still know it"
    with nothing_changes():
        assert portfolios.retire_what_is_over() == 0
    assert portfolios.retire_what_is_over(today=day(1)) == 1


def test_many_are_ended_batch_by_batch(monkeypatch):
    monkeypatch.setattr(assignments, "BATCH_ROWS", 3)
    monkeypatch.setattr(portfolios, "BATCH_ROWS", 3)
    for number in range(7):
        AssignmentFactory(valid_until=day(-1))
        region = RegionFactory(code=f"region-{number}")
        VersionFactory(
            portfolio=PortfolioFactory(region=region),
            valid_from=day(-90),
            valid_until=day(-80),
        )
    seq = clock.reading().seq
    assert tasks.end_what_is_over() == {"assignments": 7, "versions": 7}
    assert clock.reading().seq == seq + 14
    for model in (Assignment, PortfolioVersion):
        assert sorted(model.objects.values_list("seq", flat=True)) == list(
            model.objects.order_by("pk").values_list("seq", flat=True)
        )


def test_the_task_says_what_it_did_and_that_it_was_it():
    assignment = AssignmentFactory(valid_until=day(-1))
    version = VersionFactory(valid_from=day(-90), valid_until=day(-80))
    assert tasks.end_what_is_over() == {"assignments": 1, "versions": 1}
    entries = JournalEntry.objects.order_by("pk")
    assert [
        (entry.actor_label, entry.action, entry.object_id, entry.changes, entry.reason)
        for entry in entries
    ] == [
        (
            "stores.tasks.end_what_is_over",
            "change",
            str(assignment.pk),
            {"state": ["active", "ended"]},
            "it is over",
        ),
        (
            "stores.tasks.end_what_is_over",
            "change",
            str(version.pk),
            {"state": ["published", "retired"]},
            "it is over",
        ),
    ]
    with nothing_changes():
        assert tasks.end_what_is_over() == {"assignments": 0, "versions": 0}


def test_a_removed_sellers_assignments_end():
    first = AssignmentFactory()
    seller = first.seller
    later = AssignmentFactory(seller=seller, valid_from=day(5))
    ended = AssignmentFactory(seller=seller, ended=True)
    others = AssignmentFactory()
    seqs = (ended.seq, others.seq)
    seq = clock.reading().seq
    remove_user(user=seller)
    rows = Assignment.objects.order_by("pk").values_list("state", "valid_until", "released_on")
    assert list(rows) == [
        ("ended", day(), day()),
        ("ended", day(5), day()),
        ("ended", day(-1), None),
        ("active", None, None),
    ]
    for row in (first, later, ended, others):
        row.refresh_from_db()
    assert (first.seq, later.seq) == (seq + 1, seq + 2)
    assert (ended.seq, others.seq) == seqs
    assert clock.reading().seq == seq + 2
    reasons = JournalEntry.objects.filter(model="stores.Assignment").values_list(
        "reason", flat=True
    )
    assert list(reasons) == ["the seller's account was removed"] * 2


def test_a_removed_user_without_establishments_moves_no_clock():
    seller = SellerFactory()
    reading = clock.reading()
    remove_user(user=seller)
    assert clock.reading() == reading
