"""The database refuses cases and rules that cannot be."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cases import reference, validators
from cases.models import CalendarException, Case, CaseEvent, Macro, SlaPolicy, WorkCalendar
from cases.tests.factories import (
    CalendarFactory,
    CaseEventFactory,
    CaseFactory,
    ExceptionFactory,
    MacroFactory,
    PolicyFactory,
)
from core.db import violates

pytestmark = pytest.mark.django_db

NOW = "2026-11-27T10:00:00Z"


@pytest.mark.parametrize(
    ("factory", "values", "constraint"),
    [
        (CaseFactory, {"state": "lost"}, "cases_state_known"),
        (CaseFactory, {"priority": 4}, "cases_priority_known"),
        (CaseFactory, {"kind": ""}, "cases_says_what_it_is_about"),
        (CaseFactory, {"subject": ""}, "cases_says_what_it_is_about"),
        (CaseFactory, {"object_id": "7"}, "cases_object_whole"),
        (CaseFactory, {"object_label": "dogs.Dog"}, "cases_object_whole"),
        (CaseFactory, {"occurrences": 0}, "cases_occurred"),
        (CaseFactory, {"state": "duplicate"}, "cases_duplicate_of_one"),
        (CaseFactory, {"waiting_since": NOW}, "cases_waits_since"),
        (CaseFactory, {"state": "waiting_seller", "waiting_since": None}, "cases_waits_since"),
        (CaseFactory, {"state": "resolved", "resolution": ""}, "cases_resolved_somehow"),
        (CaseFactory, {"state": "closed", "resolved_at": None}, "cases_resolved_somehow"),
        (CaseFactory, {"resolution": "answered"}, "cases_resolved_somehow"),
        (CaseFactory, {"resolved_at": NOW}, "cases_resolved_somehow"),
        (CaseEventFactory, {"kind": "lost"}, "cases_event_kind_known"),
        (CaseEventFactory, {"to_state": "lost"}, "cases_event_states_known"),
        (CaseEventFactory, {"from_state": "lost"}, "cases_event_states_known"),
        (CalendarFactory, {"name": ""}, "cases_calendar_named"),
        (PolicyFactory, {"priority": 0}, "cases_target_priority_known"),
        (PolicyFactory, {"first_response": 121}, "cases_target_in_order"),
        (PolicyFactory, {"first_response": 0}, "cases_target_in_order"),
        (MacroFactory, {"title": ""}, "cases_macro_titled"),
        (MacroFactory, {"to_state": "resolved"}, "cases_macro_resolves_somehow"),
        (MacroFactory, {"resolution": "answered"}, "cases_macro_resolves_somehow"),
        (MacroFactory, {"reply": ""}, "cases_macro_does_something"),
    ],
)
def test_constraint_refuses(factory, values, constraint):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        factory(**values)
    assert violates(caught.value, factory._meta.model, constraint)


@pytest.mark.parametrize(
    ("factory", "values", "constraint"),
    [
        (CaseFactory, {"object_label": "a.B", "object_id": "7"}, "cases_one_per_object"),
        (CalendarFactory, {"name": "Support"}, "cases_calendar_name_unique"),
        (CalendarFactory, {"is_default": True}, "cases_calendar_one_default"),
        (PolicyFactory, {}, "cases_target_unique"),
        (MacroFactory, {"title": "Photo"}, "cases_macro_title_unique"),
    ],
)
def test_there_is_one(factory, values, constraint):
    factory(**values)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        factory(**values)
    assert violates(caught.value, factory._meta.model, constraint)


def test_a_day_has_one_exception():
    first = ExceptionFactory(day="2026-12-24")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        ExceptionFactory(day="2026-12-24", calendar=first.calendar)
    assert violates(caught.value, CalendarException, "cases_exception_day_unique")


def test_a_case_is_no_duplicate_of_itself():
    case = CaseFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="duplicate", duplicate_of=case.pk)
    assert violates(caught.value, Case, "cases_duplicate_of_another")


def test_of_an_object_any_number_may_be_over():
    for state in ("resolved", "closed", "new"):
        CaseFactory(object_label="a.B", object_id="7", state=state)
    CaseFactory(object_label="a.B", object_id="7", kind="other")
    assert Case.objects.count() == 4


WEEK = [[["07:00", "12:00"], ["13:00", "24:00"]]] * 6 + [[]]


def test_hours_of_a_week_that_can_be():
    WorkCalendar(name="Support", hours=WEEK).clean_fields()


@pytest.mark.parametrize(
    "hours",
    [
        None, {}, "x", [], [[]] * 7, WEEK[:6], [*WEEK, []],
        [[["07:00"]]] + [[]] * 6, [[["07:00", "12:00", "13:00"]]] + [[]] * 6,
        [[[7, 12]]] + [[]] * 6, [["07:00", "12:00"]] + [[]] * 6,
        [[["7:00", "12:00"]]] + [[]] * 6, [[["07:00", "24:01"]]] + [[]] * 6,
        [[["07:00", "07:00"]]] + [[]] * 6, [[["12:00", "07:00"]]] + [[]] * 6,
        [[["13:00", "19:00"], ["07:00", "12:00"]]] + [[]] * 6,
        [[["07:00", "12:00"], ["11:00", "19:00"]]] + [[]] * 6,
        [[["\u0660\u0667:00", "12:00"]]] + [[]] * 6, [[["00:00", "00:01"]] * 11] + [[]] * 6,
    ],
)  # fmt: skip
def test_hours_of_a_week_that_cannot_be(hours):
    with pytest.raises(ValidationError):
        validators.week(hours)


def test_a_calendar_names_a_zone_and_a_country_that_there_are():
    for fields in ({"time_zone": "Bogota"}, {"country": "XX"}):
        with pytest.raises(ValidationError) as caught:
            WorkCalendar(name="Support", **fields).clean_fields()
        assert list(caught.value.error_dict) == [*fields]


def test_the_calendar_is_made_at_the_first_start_only():
    assert reference.load() == "the calendar of support"
    assert reference.load() == "a calendar is here already"
    WorkCalendar.objects.update(name="Ours")
    reference.load()
    assert [one.name for one in WorkCalendar.objects.all()] == ["Ours"]


def test_people_read_what_rows_are():
    case = CaseFactory()
    event = CaseEventFactory(case=case)
    assert (str(case), str(event)) == (f"C-{case.pk}", f"C-{case.pk} noted")
    assert (str(PolicyFactory()), str(MacroFactory(title="Photo"))) == ("question 2", "Photo")
    assert str(ExceptionFactory(day="2026-12-24")) == "2026-12-24"
    assert {CaseEvent, Macro, SlaPolicy} <= set(Case._meta.apps.get_models())
