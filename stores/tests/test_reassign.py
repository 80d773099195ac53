"""Another seller takes an establishment over (checks A6, A7 and A39, by rows and row versions)."""

import pytest
from django.db import transaction

from core import context
from core.models import JournalEntry
from core.roles import Role
from stores import clock
from stores.errors import AlreadyAssigned, InThePast, NotAssignedTo, UnknownSeller
from stores.models import Assignment, Establishment
from stores.services.assignments import end_what_is_over, reassign
from stores.tests.factories import AssignmentFactory, SellerFactory
from stores.tests.helpers_dates import day
from stores.tests.helpers_unchanged import nothing_changes
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def take_over(assignment, seller, on=None):
    """Reassign what is assigned, as a request does: all or nothing."""
    with transaction.atomic():
        return reassign(
            establishment=assignment.establishment,
            from_seller=assignment.seller_id,
            to_seller=seller.pk,
            on=None if on is None else day(on),
        )


def covered(seller, offset):
    """Tell whether a visit on that day is the seller's."""
    return Assignment.objects.covering(day(offset)).filter(seller=seller).exists()


@pytest.mark.parametrize("on", [None, 0])
def test_a6_today_it_leaves_one_phone_and_appears_on_the_other(on):
    former, new = AssignmentFactory(), SellerFactory()
    store = Establishment.objects.values().get()
    seq = clock.reading().seq
    with context.acting_as(context.Actor("user", id=7, label="ana@example.com")):
        ended, started = take_over(former, new, on)
    assert (ended.pk, ended.state, ended.valid_until) == (former.pk, "ended", day(-1))
    assert ended.released_on == day()
    assert (started.state, started.valid_from, started.valid_until) == ("active", day(), None)
    assert list(Assignment.objects.order_by("pk")) == [ended, started]
    assert (ended.seq, started.seq) == (seq + 1, seq + 2)
    assert clock.reading().seq == seq + 2
    assert Establishment.objects.values().get() == store, "its row did not change, nor its seq"
    assert covered(former.seller, 0)
    assert covered(new, 0), "visits of this day are either's"
    assert not covered(former.seller, 1)
    entries = JournalEntry.objects.order_by("-pk")[:2]
    assert [entry.object_id for entry in entries] == [str(started.pk), str(ended.pk)]
    assert {entry.actor_id for entry in entries} == {7}


def test_a39_tomorrow_both_have_it_until_the_task_ends_the_former():
    former, new = AssignmentFactory(), SellerFactory()
    seq = clock.reading().seq
    ended, started = take_over(former, new, 1)
    assert (ended.state, ended.valid_until, ended.released_on) == ("active", day(), None)
    assert (started.state, started.valid_from) == ("active", day(1))
    assert (ended.seq, started.seq, clock.reading().seq) == (seq + 1, seq + 2, seq + 2)
    assert [covered(former.seller, 0), covered(former.seller, 1)] == [True, False]
    assert [covered(new, 0), covered(new, 1)] == [False, True]
    with nothing_changes():
        assert end_what_is_over() == 0, "today nothing is over"
    assert end_what_is_over(today=day(1)) == 1
    ended.refresh_from_db()
    assert (ended.state, ended.valid_until, ended.released_on) == ("ended", day(), None)
    assert (ended.seq, clock.reading().seq) == (seq + 3, seq + 3), "the head moved once"
    started.refresh_from_db()
    assert (started.state, started.seq) == ("active", seq + 2)
    with nothing_changes():
        assert end_what_is_over(today=day(1)) == 0, "safe twice"


def test_a7_it_comes_back_on_the_same_day():
    first, other = AssignmentFactory(), SellerFactory()
    _, second = take_over(first, other)
    ended, back = take_over(second, first.seller)
    assert (ended.seller, ended.state, ended.valid_until) == (other, "ended", day())
    assert (back.seller, back.state, back.valid_from) == (first.seller, "active", day())
    assert covered(other, 0), "it was theirs for some hours of this day"
    first.refresh_from_db()
    assert back.seq > ended.seq > first.seq


def test_an_assignment_that_had_not_begun_ends_before_it_begins():
    former, new = AssignmentFactory(valid_from=day(5)), SellerFactory()
    ended, started = take_over(former, new, 3)
    assert (ended.state, ended.valid_until, ended.released_on) == ("ended", day(5), day())
    assert (started.state, started.valid_from) == ("active", day(3))
    assert not any(covered(former.seller, offset) for offset in range(9))


def test_an_earlier_end_stays():
    former, new = AssignmentFactory(valid_until=day(2)), SellerFactory()
    seq = former.seq
    ended, started = take_over(former, new, 9)
    assert (ended.state, ended.valid_until, ended.seq) == ("active", day(2), seq)
    assert (started.valid_from, started.seq) == (day(9), clock.reading().seq)


def test_what_is_taken_from_a_seller_who_cannot_sign_in_is_taken_all_the_same():
    former = AssignmentFactory(seller__is_active=False)
    ended, _ = take_over(former, SellerFactory())
    assert ended.state == "ended"


def test_it_cannot_happen_in_the_past():
    former, new = AssignmentFactory(), SellerFactory()
    with nothing_changes(), pytest.raises(InThePast) as refused:
        take_over(former, new, -1)
    assert refused.value.extra["errors"][0]["field"] == "on"


@pytest.mark.parametrize("who", ["nobody", "inactive", "admin"])
def test_only_an_active_seller_takes_over(who):
    former = AssignmentFactory()
    others = {
        "nobody": lambda: SellerFactory.build(pk=2**62),
        "inactive": lambda: SellerFactory(is_active=False),
        "admin": lambda: UserFactory(role=Role.ADMIN),
    }
    new = others[who]()
    with nothing_changes(), pytest.raises(UnknownSeller) as refused:
        take_over(former, new)
    assert refused.value.extra["errors"][0]["field"] == "to"


def test_only_what_the_seller_has_is_taken_over():
    former, new = AssignmentFactory(ended=True), SellerFactory()
    with nothing_changes(), pytest.raises(NotAssignedTo):
        take_over(former, new)


@pytest.mark.parametrize("on", [0, 5])
def test_nobody_takes_over_what_they_have(on):
    former = AssignmentFactory()
    other = AssignmentFactory(establishment=former.establishment)
    for seller in (other.seller, former.seller):
        with nothing_changes(), pytest.raises(AlreadyAssigned):
            take_over(former, seller, on)


def test_a_third_seller_keeps_the_establishment():
    former = AssignmentFactory()
    third = AssignmentFactory(establishment=former.establishment)
    take_over(former, SellerFactory())
    seq = third.seq
    third.refresh_from_db()
    assert (third.state, third.seq) == ("active", seq)
