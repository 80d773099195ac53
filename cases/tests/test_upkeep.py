"""What time does: reminders in working hours only, the end of waiting, the end of what is done."""

import datetime as dt

import pytest
from django.core import mail

from cases import tasks
from cases.constants import State
from cases.models import Case, CaseEvent
from cases.services import opening, upkeep, work
from cases.tests.factories import CalendarFactory, CaseFactory, PolicyFactory, SupporterFactory
from core.cases import Report

pytestmark = pytest.mark.django_db

LUNCH = [[["07:00", "12:00"], ["13:00", "19:00"]]] * 6 + [[]]


def at(text):
    return dt.datetime.fromisoformat(f"{text}-05:00")


def reminders():
    events = CaseEvent.objects.filter(kind="reminded").order_by("id")
    return [(one.at, sorted(one.values)) for one in events]


def test_a30_no_reminder_comes_outside_hours_in_a_week(clock):
    CalendarFactory(hours=LUNCH, is_default=True)
    start = clock("2026-12-04T17:00")  # a Friday; the Tuesday after is a holiday
    for number in range(12):
        moment = start + dt.timedelta(hours=5 * number)
        clock(moment.strftime("%Y-%m-%dT%H:%M"))
        opening.report(Report("question", f"Question {number}"), priority=1 + number % 3)
    given = []
    for number in range(8 * 24 * 4):
        moment = start + dt.timedelta(minutes=15 * number)
        given += [moment] * upkeep.remind(moment)
        assert upkeep.remind(moment) == 0
    assert len(given) == len(reminders()) == 24
    assert not [
        moment
        for moment in given
        if moment.weekday() == 6
        or moment.date() == dt.date(2026, 12, 8)
        or not ("07:00" <= f"{moment:%H:%M}" < "12:00" or "13:00" <= f"{moment:%H:%M}" < "19:00")
    ]


def test_a_reminder_is_given_once_for_each_target(clock):
    clock("2026-11-27T08:00")
    opening.report(Report("question", "No stores"), priority=1)
    assert upkeep.remind(at("2026-11-27T08:47")) == 0
    assert upkeep.remind(at("2026-11-27T08:48")) == 1
    assert upkeep.remind(at("2026-11-27T14:23")) == 0
    assert upkeep.remind(at("2026-11-27T14:24")) == 1
    assert upkeep.remind(at("2026-11-27T18:00")) == 0
    assert [found for _at, found in reminders()] == [["first_response"], ["solution"]]


def test_cases_whose_calendar_rests_hide_none_behind_them(clock, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH_ROWS", 2)
    always = CalendarFactory(hours=[[["00:00", "24:00"]]] * 7, country="")
    PolicyFactory(priority=1, calendar=always)
    night = at("2026-11-27T03:00")
    for number in range(5):
        CaseFactory(solution_warn=night, state="waiting_seller" if number == 4 else "new")
    due = CaseFactory(solution_warn=night, priority=1)
    assert upkeep.remind(night) == 1
    assert CaseEvent.objects.get().case_id == due.pk


def test_cases_that_wait_longer_by_their_calendar_hide_none_behind_them(clock, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH_ROWS", 2)
    always = CalendarFactory(hours=[[["00:00", "24:00"]]] * 7, country="")
    PolicyFactory(priority=1, calendar=always)
    waits = {"state": "waiting_seller", "waiting_since": at("2026-11-26T10:00")}
    CaseFactory.create_batch(4, **waits)
    ends = CaseFactory(priority=1, **waits)
    assert upkeep.end_what_waits(at("2026-12-02T00:00")) == 1  # five days of any kind
    assert list(Case.objects.filter(state="resolved")) == [ends]


def test_nobody_is_reminded_of_what_waits_is_answered_or_over(clock, supporter):
    clock("2026-11-27T08:00")
    waits, answered, done = (
        opening.report(Report("question", text), priority=1) for text in ("a", "b", "c")
    )
    work.wait(case=waits, to=State.WAITING_VENDOR)
    work.reply(case=answered, text="Soon.")
    work.resolve(case=done, resolution="answered")
    assert upkeep.remind(at("2026-11-27T09:00")) == 0
    assert upkeep.remind(at("2026-11-27T15:00")) == 1
    assert CaseEvent.objects.get(kind="reminded").case_id == answered.pk


def test_who_has_the_case_gets_a_mail(clock, django_capture_on_commit_callbacks, settings):
    settings.MAIL_ENABLED = True
    clock("2026-11-27T08:00")
    mine, nobodys = (
        opening.report(Report("question", text), priority=1) for text in ("mine", "nobody's")
    )
    supporter = SupporterFactory()
    work.assign(case=mine, assignee_id=supporter.pk)
    with django_capture_on_commit_callbacks(execute=True):
        assert upkeep.remind(at("2026-11-27T09:00")) == 2
    assert [(one.to, one.subject) for one in mail.outbox] == [
        ([supporter.email], f"Case {mine.number} is due soon")
    ]
    assert "No stores" not in mail.outbox[0].body
    assert nobodys.assignee is None


def test_a_case_without_an_answer_ends_after_five_working_days(clock, heard):
    case = CaseFactory(state="waiting_seller", waiting_since=at("2026-11-25T10:00"))
    CaseFactory(state="waiting_vendor", waiting_since=at("2026-11-02T10:00"))
    assert upkeep.end_what_waits(at("2026-12-01T18:59")) == 0
    assert upkeep.end_what_waits(at("2026-12-01T19:00")) == 1
    assert upkeep.end_what_waits(at("2026-12-01T19:00")) == 0
    case.refresh_from_db()
    assert (case.state, case.resolution) == ("resolved", "no_answer")
    event = CaseEvent.objects.get()
    assert (event.from_state, event.visible_to_seller) == ("waiting_seller", True)
    assert heard == [case.pk]


def test_what_was_resolved_ten_days_ago_is_closed(heard):
    resolved = at("2026-11-10T10:00")
    case = CaseFactory(state="resolved", resolved_at=resolved)
    later = CaseFactory(state="resolved", resolved_at=resolved + dt.timedelta(minutes=1))
    assert upkeep.close_what_is_done(resolved + dt.timedelta(days=10)) == 1
    assert Case.objects.get(pk=case.pk).state == "closed"
    assert Case.objects.get(pk=case.pk).resolved_at == resolved
    assert Case.objects.get(pk=later.pk).state == "resolved"
    assert heard == [case.pk]


def test_the_tasks_are_safe_twice(clock):
    clock("2026-11-27T10:00")
    CaseFactory(state="resolved", resolved_at=at("2026-11-01T10:00"))
    CaseFactory(state="waiting_seller", waiting_since=at("2026-11-02T10:00"))
    CaseFactory(first_response_warn=at("2026-11-26T10:00"))
    assert tasks.remind() == 1
    assert tasks.end_what_waits() == {"no_answer": 1, "closed": 1, "noted": 0}
    assert tasks.remind() == 0
    assert tasks.end_what_waits() == {"no_answer": 0, "closed": 0, "noted": 0}
    ends = ("cases.tasks.end_what_waits", None)
    events = CaseEvent.objects.order_by("id").values_list("actor_label", "actor")
    assert list(events) == [("cases.tasks.remind", None), ends, ends]
