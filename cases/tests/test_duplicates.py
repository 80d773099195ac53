"""Cases that say what another one says: one original, no circles, and everybody hears of it."""

import pytest

from cases.errors import CaseState, DuplicateOfItself, UnknownCase
from cases.models import Case, CaseEvent
from cases.services import work
from cases.services.duplicates import mark_duplicate
from cases.tests.factories import CaseFactory, SellerFactory
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


def originals():
    return list(Case.objects.order_by("id").values_list("state", "duplicate_of"))


def test_a_duplicate_ends_and_names_its_original(supporter, heard):
    original, case = CaseFactory(state="open"), CaseFactory()
    mark_duplicate(case=case, of_id=original.pk, note="The same as another one.")
    assert originals() == [("open", None), ("duplicate", original.pk)]
    event = CaseEvent.objects.get(case=case)
    assert (event.from_state, event.to_state) == ("new", "duplicate")
    assert event.values == {"of": f"C-{original.pk}"}
    assert heard == [case.pk]


@pytest.mark.parametrize("state", ["waiting_seller", "waiting_vendor", "resolved", "reopened",
                                   "closed"])  # fmt: skip
def test_only_what_is_new_or_open_is_a_duplicate(supporter, state):
    original, case = CaseFactory(), CaseFactory(state=state)
    with pytest.raises(CaseState):
        mark_duplicate(case=case, of_id=original.pk)
    assert originals() == [("new", None), (state, None)]


def test_not_of_itself_nor_of_its_own_duplicate_nor_of_nothing(supporter):
    case, other = CaseFactory(), CaseFactory()
    mark_duplicate(case=other, of_id=case.pk)
    before = originals()
    for of_id, error in ((case.pk, DuplicateOfItself), (other.pk, DuplicateOfItself),
                         (10**9, UnknownCase)):  # fmt: skip
        with pytest.raises(error):
            mark_duplicate(case=case, of_id=of_id)
    with pytest.raises(CaseState):
        mark_duplicate(case=other, of_id=case.pk)
    assert originals() == before


def test_a_chain_leads_to_its_end_from_either_side(supporter, heard):
    first, second, third, fourth = CaseFactory.create_batch(4)
    mark_duplicate(case=second, of_id=first.pk)
    mark_duplicate(case=third, of_id=second.pk)
    assert Case.objects.get(pk=third.pk).duplicate_of_id == first.pk
    heard.clear()
    mark_duplicate(case=first, of_id=fourth.pk)
    assert originals() == [("duplicate", fourth.pk)] * 3 + [("new", None)]
    assert heard == [first.pk, second.pk, third.pk]
    assert JournalEntry.objects.filter(object_id=str(third.pk)).count() == 2


def test_its_reporter_reads_what_the_originals_reporter_reads(supporter, heard):
    original, case = CaseFactory(), CaseFactory(reporter=SellerFactory())
    work.reply(case=original, text="We look into it.")
    mark_duplicate(case=case, of_id=original.pk)
    assert Case.objects.get(pk=case.pk).answer == "We look into it."
    heard.clear()
    work.reply(case=original, text="For us.", visible=False)
    work.resolve(case=original, resolution="answered", note="Solved.")
    assert Case.objects.get(pk=case.pk).answer == "Solved."
    assert heard == [original.pk, case.pk]
    events = CaseEvent.objects.filter(case=case, visible_to_seller=True).order_by("id")
    assert [(one.kind, one.note) for one in events] == [
        ("moved", ""),
        ("replied", "We look into it."),
        ("replied", "Solved."),
    ]
    assert Case.objects.get(pk=case.pk).state == "duplicate"
