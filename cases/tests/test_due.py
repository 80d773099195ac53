"""Due times: absolute, in working time, moved by waiting and never by anything else."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from cases.constants import State
from cases.models import Case, CaseEvent, SlaPolicy, WorkCalendar
from cases.services import opening, work
from cases.tests.factories import CalendarFactory, ExceptionFactory, PolicyFactory, SupporterFactory
from core.cases import Report

pytestmark = pytest.mark.django_db

QUESTION = Report("question", "No stores")


def at(text):
    return dt.datetime.fromisoformat(f"{text}-05:00")


def opened(priority=2):
    return opening.report(QUESTION, priority=priority)


def fresh(case):
    return Case.objects.get(pk=case.pk)


def test_targets_are_the_kinds(clock):
    clock("2026-11-27T10:00")
    case = opened(priority=1)
    assert case.first_response_due == at("2026-11-27T11:00")
    assert case.first_response_warn == at("2026-11-27T10:48")
    assert case.solution_due == at("2026-11-27T18:00")
    assert case.solution_warn == at("2026-11-27T16:24")


def test_a_row_of_targets_wins_with_a_calendar_of_its_own(clock):
    always = CalendarFactory(hours=[[["00:00", "24:00"]]] * 7, country="")
    PolicyFactory(priority=2, first_response=60, solution=1440, calendar=always)
    clock("2026-11-28T23:30")
    case = opened()
    assert case.first_response_due == at("2026-11-29T00:30")
    assert case.solution_due == at("2026-11-29T23:30")


def test_a27_a28_from_a_saturday_evening(clock):
    PolicyFactory(priority=2, first_response=60, solution=120)
    clock("2026-11-28T18:30")
    assert opened().solution_due == at("2026-11-30T08:30")
    clock("2026-10-10T18:30")
    assert opened().solution_due == at("2026-10-13T08:30")


def test_a29_waiting_moves_the_solution_and_not_the_first_response(clock, supporter):
    clock("2026-11-27T08:00")
    case = opened(priority=1)
    due, first = case.solution_due, case.first_response_due
    assert due == at("2026-11-27T16:00")
    clock("2026-11-27T09:00")
    work.wait(case=case, to=State.WAITING_VENDOR)
    clock("2026-11-27T14:00")
    work.answer(case=case, author_id=supporter.pk, text="Hello.")
    assert fresh(case).solution_due == due
    work.wait(case=case, to=State.WAITING_SELLER, note="Which phone?")
    clock("2026-11-28T07:30")
    work.answer(case=case, author_id=supporter.pk, text="An old one.")
    case = fresh(case)
    # 5 h until two o'clock, 5 h until seven, 30 min in the morning
    assert case.paused_minutes == 630
    assert case.solution_due == at("2026-11-28T14:30")
    assert case.solution_warn == at("2026-11-28T12:54")
    assert case.first_response_due == first
    moves = CaseEvent.objects.filter(case=case, minutes__isnull=False).order_by("id")
    assert list(moves.values_list("minutes", flat=True)) == [300, 330]


@pytest.mark.parametrize(
    ("resolved", "reopened", "due"),
    [
        # 6 of 8 hours are left
        ("2026-11-27T10:00", "2026-11-28T08:00", "2026-11-28T14:00"),
        # 30 minutes are left, and it gets an hour
        ("2026-11-27T15:30", "2026-11-28T08:00", "2026-11-28T09:00"),
        # it was late
        ("2026-11-28T08:00", "2026-11-28T18:30", "2026-11-30T07:30"),
    ],
)
def test_a_reopened_case_goes_on_with_what_was_left(clock, supporter, resolved, reopened, due):
    clock("2026-11-27T08:00")
    case = opened(priority=1)
    clock(resolved)
    work.resolve(case=case, resolution="answered")
    clock(reopened)
    work.reopen(case=case)
    case = fresh(case)
    assert (case.state, case.solution_due) == ("reopened", at(due))
    assert (case.resolved_at, case.resolution) == (None, "")


def test_another_priority_moves_both_from_where_they_began(clock, supporter):
    clock("2026-11-27T08:00")
    case = opened(priority=2)
    work.wait(case=case, to=State.WAITING_VENDOR)
    clock("2026-11-27T09:00")
    work.begin_unless(fresh(case), State.OPEN)
    work.change(case=case, fields={"priority": 1})
    case = fresh(case)
    assert case.first_response_due == at("2026-11-27T09:00")
    assert case.solution_due == at("2026-11-27T17:00")
    assert CaseEvent.objects.filter(case=case, kind="changed").get().values == {"priority": [2, 1]}


def test_first_response_is_the_first_text_that_the_reporter_reads(clock, supporter):
    clock("2026-11-27T08:00")
    case = opened()
    work.take(case=case, user_id=supporter.pk)
    work.reply(case=case, text="For us.", visible=False)
    assert fresh(case).first_responded_at is None
    moment = clock("2026-11-27T08:30")
    work.reply(case=case, text="We look into it.")
    clock("2026-11-27T09:00")
    work.reply(case=case, text="Done.")
    case = fresh(case)
    assert (case.first_responded_at, case.answer) == (moment, "Done.")
    assert case.first_response_warn is None


def test_a_calendar_without_hours_loses_no_case(clock):
    CalendarFactory(hours=[[]] * 7, is_default=True)
    clock("2026-11-27T10:00")
    case = opened(priority=1)
    assert case.solution_due == at("2026-11-27T18:00")
    with pytest.raises(CommandError, match="no working time"):
        call_command("recompute_due")
    assert CaseEvent.objects.count() == 1


def test_a_changed_calendar_moves_open_cases_by_command_and_says_so(clock, capsys):
    calendar = WorkCalendar.objects.create(name="Support", is_default=True)
    clock("2026-11-27T18:30")
    case, resolved = opened(priority=1), opened(priority=1)
    work.resolve(case=resolved, resolution="answered")
    ExceptionFactory(calendar=calendar, day=dt.date(2026, 11, 28))
    before = fresh(case).solution_due
    call_command("recompute_due", "--dry-run")
    assert capsys.readouterr().out == "Dry run, nothing was written.\ncases 1, moved 1\n"
    assert fresh(case).solution_due == before == at("2026-11-28T14:30")
    call_command("recompute_due")
    assert capsys.readouterr().out == "cases 1, moved 1\n"
    assert fresh(case).solution_due == at("2026-11-30T14:30")
    event = CaseEvent.objects.get(kind="due_moved")
    assert (event.case_id, event.actor_id, event.actor_label) == (case.pk, None, "recompute_due")
    assert sorted(event.values) == ["first_response_due", "solution_due"]
    call_command("recompute_due")
    assert capsys.readouterr().out == "cases 1, moved 0\n"
    assert fresh(resolved).solution_due == before


def test_recomputing_keeps_what_a_case_waited(clock, supporter, capsys):
    SlaPolicy.objects.create(kind="question", priority=1, first_response=60, solution=480)
    clock("2026-11-27T08:00")
    case = opened(priority=1)
    work.wait(case=case, to=State.WAITING_VENDOR)
    clock("2026-11-27T10:00")
    work.assign(case=case, assignee_id=SupporterFactory().pk)
    work.reply(case=case, text="We wait for the vendor.")
    work.begin_unless(fresh(case), State.OPEN)
    assert fresh(case).solution_due == at("2026-11-27T18:00")
    call_command("recompute_due")
    assert capsys.readouterr().out == "cases 1, moved 0\n"
