"""What other apps rely on: reports, answers, and what a resolution does for the object."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases import case_keeper
from cases.constants import State
from cases.errors import CaseAnotherOpen, CaseState, ResolutionValue, UnknownKind, UnknownResolution
from cases.models import Case, CaseEvent
from cases.services import duplicates, work
from cases.tests.factories import CaseFactory, SellerFactory
from cases.tests.helpers_kinds import Refused, report_of
from core import cases
from core.models import JournalEntry

pytestmark = pytest.mark.django_db


def test_the_port_finds_the_keeper_and_its_kind():
    assert cases.keeper() is case_keeper
    assert "question" in cases.kinds()


def test_a_report_opens_a_case(yoghurts, heard):
    reporter = SellerFactory()
    case_id = cases.report(
        report_of("7", reporter_id=reporter.pk, occurrences=3, request_id="r" * 32,
                  app_version="2.1", links={"stores.Visit": "v1"}, details="Seen twice.")
    )  # fmt: skip
    case = Case.objects.get()
    assert (case.pk, case.state, case.priority, case.occurrences) == (case_id, "new", 2, 3)
    assert (case.object_label, case.object_id) == ("stores.Group", "7")
    assert (case.links, case.request_id) == ({"stores.Visit": "v1"}, "r" * 32)
    assert (case.app_version, case.details) == ("2.1", "Seen twice.")
    seen = cases.view(case_id)
    assert seen == cases.View(
        id=case_id,
        number=f"C-{case_id}",
        kind="yoghurt",
        state="new",
        subject="7 is unknown",
        answer="",
        label="stores.Group",
        object_id="7",
        reporter_id=reporter.pk,
        updated_at=case.updated_at,
    )
    assert heard == [case_id]
    assert JournalEntry.objects.get().changes["subject"] is None


def test_a24_the_same_object_is_the_same_case_while_it_is_not_over(yoghurts, heard):
    first = cases.report(report_of("7", occurrences=1))
    for occurrences in (2, 2, 1):
        assert cases.report(report_of("7", occurrences=occurrences)) == first
    case = Case.objects.get()
    assert (case.occurrences, case.priority) == (2, 2)
    assert cases.report(report_of("8")) != first
    assert CaseEvent.objects.filter(case=first).count() == 1
    assert JournalEntry.objects.filter(object_id=str(first)).count() == 2
    assert heard[0] == first
    assert len(heard) == 2  # to join changes nothing that a reporter reads


def test_without_an_object_each_report_is_a_case(yoghurts):
    what = cases.Report("question", "No stores")
    assert cases.report(what) != cases.report(what)


def test_after_the_end_a_new_case_names_the_former(yoghurts, supporter):
    first = cases.report(report_of("7"))
    work.resolve(case=Case.objects.get(), resolution="not_a_product")
    second = cases.report(report_of("7"))
    case = Case.objects.get(pk=second)
    assert (second != first, case.state) == (True, "new")
    assert case.links == {"cases.Case": str(first)}


def test_a_report_about_a_duplicate_joins_it_while_its_original_is_open(yoghurts, supporter):
    original, copy = cases.report(report_of("7")), cases.report(report_of("8"))
    duplicates.mark_duplicate(case=Case.objects.get(pk=copy), of_id=original)
    assert cases.report(report_of("8", occurrences=5)) == copy
    assert Case.objects.get(pk=copy).occurrences == 5
    work.resolve(case=Case.objects.get(pk=original), resolution="not_a_product")
    assert cases.report(report_of("8")) not in (original, copy)


def test_a_kind_that_no_app_has_is_not_reported():
    with pytest.raises(UnknownKind):
        cases.report(report_of("7"))
    assert not Case.objects.exists()


def test_a_resolution_does_what_the_kind_says(yoghurts, supporter, heard):
    case_id = cases.report(report_of("7"))
    kind = cases.kinds()["yoghurt"]
    cases.resolve(kind, "7", "alias_of", {"product": 12}, "The one with fruit.")
    assert yoghurts.done == [("7", "alias_of", {"product": 12}, "The one with fruit.")]
    case = Case.objects.get()
    assert (case.state, case.resolution) == ("resolved", "alias_of")
    assert case.resolution_values == {"product": 12}
    assert cases.view(case_id).answer == "The one with fruit."
    event = CaseEvent.objects.filter(case=case).latest("id")
    assert event.values == {"resolution": "alias_of", "product": 12}
    assert heard == [case_id, case_id]


@pytest.mark.parametrize(
    ("resolution", "values", "error", "fields"),
    [
        ("alias", {}, UnknownResolution, ["resolution"]),
        ("no_answer", {}, UnknownResolution, ["resolution"]),
        ("alias_of", {}, ResolutionValue, ["product"]),
        ("alias_of", {"product": None}, ResolutionValue, ["product"]),
        ("alias_of", {"product": " "}, ResolutionValue, ["product"]),
        ("alias_of", {"product": 1, "name": "x"}, ResolutionValue, ["name"]),
        ("renamed", {}, ResolutionValue, ["product", "name"]),
        ("not_a_product", {"product": 1}, ResolutionValue, ["product"]),
        ("unreadable", {}, Refused, None),
    ],
)
def test_a_resolution_that_cannot_be_changes_nothing(  # noqa: PLR0917 - a table's columns
    yoghurts, supporter, resolution, values, error, fields
):
    cases.report(report_of("7"))
    rows = list(Case.objects.values()), CaseEvent.objects.count(), JournalEntry.objects.count()
    with pytest.raises(error) as caught:
        case_keeper.resolve("yoghurt", "7", resolution, values, "")
    if fields is not None:
        assert [one["field"] for one in caught.value.extra["errors"]] == fields
    assert yoghurts.done == []
    assert rows == (
        list(Case.objects.values()),
        CaseEvent.objects.count(),
        JournalEntry.objects.count(),
    )


def test_what_was_resolved_is_not_resolved_again(yoghurts, supporter):
    cases.report(report_of("7"))
    case_keeper.resolve("yoghurt", "7", "not_a_product", {}, "")
    with pytest.raises(CaseState):
        case_keeper.resolve("yoghurt", "7", "alias_of", {"product": 1}, "")
    assert [one[1] for one in yoghurts.done] == ["not_a_product"]


def test_an_object_without_a_case_is_the_kinds_alone(yoghurts):
    case_keeper.resolve("yoghurt", "9", "alias_of", {"product": 1}, "")
    assert yoghurts.done == [("9", "alias_of", {"product": 1}, "")]


def test_a_kind_whose_app_is_off_has_its_cases_still(supporter):
    case = CaseFactory(kind="gone", object_label="zoo.Bear", object_id="1")
    assert case_keeper.view(case.pk).kind == "gone"
    work.wait(case=case, to=State.WAITING_VENDOR)
    work.reply(case=case, text="Wait, please.")
    with pytest.raises(UnknownResolution):
        work.resolve(case=case, resolution="answered")


def test_the_reporter_answers(yoghurts, supporter, heard):
    reporter = SellerFactory()
    case = CaseFactory(state="waiting_seller", reporter=reporter, assignee=supporter)
    case_keeper.reply(case.pk, author_id=reporter.pk, text="An old one.")
    assert case_keeper.view(case.pk).state == "open"
    events = CaseEvent.objects.filter(case=case).order_by("id")
    assert [(one.kind, one.actor_id) for one in events] == [
        ("answered", reporter.pk),
        ("moved", reporter.pk),
    ]
    assert heard == [case.pk]


def test_there_is_no_view_of_no_case():
    assert case_keeper.view(7) is None


def test_open_cases_by_number_and_subject():
    cold = CaseFactory(subject="Yogur frío")
    warm = CaseFactory(subject=f"Not {cold.pk}")
    CaseFactory(subject="Yogur frío", state="closed")
    shown = (cold.pk, f"C-{cold.pk} Yogur frío")
    other = (warm.pk, f"C-{warm.pk} Not {cold.pk}")
    assert case_keeper.open_cases("yogur FRIO") == [shown]
    assert case_keeper.open_cases(f"c-{cold.pk}") == [shown]
    assert case_keeper.open_cases(str(cold.pk)) == [shown, other]
    assert case_keeper.open_cases("") == [other, shown]
    assert case_keeper.open_cases("C-0") == []


def test_what_is_done_elsewhere_is_an_event(supporter):
    case = CaseFactory(state="closed")
    case_keeper.note_action(
        case.pk, action="unlock", label="users.User", object_id="3", count=1, text="Called."
    )
    event = CaseEvent.objects.get()
    assert (event.kind, event.actor, event.note) == ("acted", supporter, "Called.")
    assert event.values == {"action": "unlock", "label": "users.User", "object_id": "3", "count": 1}
    assert not event.visible_to_seller


def test_a_case_opened_again_makes_way_for_the_one_that_is_open(yoghurts, supporter):
    first = cases.report(report_of("7"))
    work.resolve(case=Case.objects.get(), resolution="not_a_product")
    cases.report(report_of("7"))
    with pytest.raises(CaseAnotherOpen):
        work.reopen(case=Case.objects.get(pk=first))
    assert Case.objects.get(pk=first).state == "resolved"


def test_open_cases_are_counted_by_age_and_kind(django_assert_num_queries):
    now = timezone.now()
    for days in (0, 0.9, 1.1, 2.9, 3.1, 8, 30):
        CaseFactory(kind="yoghurt", created_at=now - timedelta(days=days))
    CaseFactory(kind="question")
    for state in (State.RESOLVED, State.CLOSED):
        CaseFactory(kind="yoghurt", state=state)
    waits = CaseFactory(kind="yoghurt", state=State.WAITING_SELLER, created_at=now - timedelta(8))
    with django_assert_num_queries(1):
        found = cases.ages(["yoghurt"])
    assert found == cases.Ages("cases.Case", (2, 2, 1, 3), 6)  # all but the one of today
    assert found.total == 8
    assert waits.state == State.WAITING_SELLER  # its clock stands: never overdue
    assert cases.ages([]) == cases.Ages("cases.Case", (0, 0, 0, 0), 0)
    assert cases.ages(["yoghurt", "question"]).counts == (3, 2, 1, 3)
