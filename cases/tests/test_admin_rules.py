"""Calendars, targets and macros in the admin: in words, checked, with a journal."""

import pytest

from cases.admin import recomputing
from cases.models import CalendarException, Macro, SlaPolicy, WorkCalendar
from cases.services import opening
from cases.tests.factories import CalendarFactory, ExceptionFactory, MacroFactory, PolicyFactory
from cases.tests.test_admin_case import signed_in
from core.cases import Report
from core.models import JournalEntry
from core.roles import Role

pytestmark = pytest.mark.django_db
CALENDARS = "/admin/cases/workcalendar/"
POLICIES = "/admin/cases/slapolicy/"
MACROS = "/admin/cases/macro/"
WEEK = {f"day_{number}": "07:00-12:00, 13:00-19:00" for number in range(5)}
HOURS = [[["07:00", "12:00"], ["13:00", "19:00"]] for _day in range(5)]


@pytest.fixture
def boss():
    return signed_in(Role.ADMIN)


def form(**values):
    rows = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "99"}
    about = {"name": "Lunch", "time_zone": "America/Bogota", "country": "CO", **WEEK}
    return {**{f"exceptions-{name}": value for name, value in rows.items()}, **about, **values}


def errors(answer):
    assert answer.status_code == 200, answer.content[:1000]
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def history(model):
    rows = JournalEntry.objects.filter(model=f"cases.{model}").order_by("pk")
    return list(rows.values_list("action", "changes"))


def test_a_week_is_written_in_words(boss):
    assert boss.post(f"{CALENDARS}add/", form(day_5="08:00 - 12:00")).status_code == 302
    calendar = WorkCalendar.objects.get(name="Lunch")
    assert calendar.hours == [*HOURS, [["08:00", "12:00"]], []]
    html = boss.get(f"{CALENDARS}{calendar.pk}/change/").content.decode()
    assert 'value="07:00-12:00, 13:00-19:00"' in html
    assert 'value="08:00-12:00"' in html
    before = len(history("WorkCalendar"))
    same = form(day_5="08:00-12:00")
    assert boss.post(f"{CALENDARS}{calendar.pk}/change/", same).status_code == 302
    assert len(history("WorkCalendar")) == before, "nothing changed"
    assert boss.post(f"{CALENDARS}{calendar.pk}/change/", form()).status_code == 302
    calendar.refresh_from_db()
    assert calendar.hours == [*HOURS, [], []]
    action, changes = history("WorkCalendar")[-1]
    assert (action, list(changes)) == ("change", ["hours"])


def test_support_reads_the_week_in_its_own_words():
    calendar = CalendarFactory(name="Support", hours=[*HOURS, [["08:00", "12:00"]], []])
    support, spanish = signed_in(Role.SUPPORT), {"accept-language": "es"}
    page = support.get(f"{CALENDARS}{calendar.pk}/change/", headers=spanish).content.decode()
    assert "lunes: 07:00-12:00, 13:00-19:00<br>" in page
    assert "sábado: 08:00-12:00<br>domingo: —<br>" in page
    listed = support.get(CALENDARS, headers=spanish).content.decode()
    for text in (page, listed):
        assert "Soporte" in text
        assert "Support" not in text
        assert "Day 0" not in text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"day_0": "07:00"}, "day_0"),
        ({"day_0": "7-12"}, "day_0"),
        ({"day_0": "07:00-06:00"}, "day_0"),
        ({"day_0": "07:00-12:00, 11:00-13:00"}, "day_0"),
        ({"day_0": "07:00-24:01"}, "day_0"),
        ({"day_0": "a\x00b"}, "day_0"),
        ({"day_0": "07:00-12:00" * 99}, "day_0"),
        ({f"day_{number}": "" for number in range(7)}, "__all__"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"country": "XX"}, "country"),
        ({"name": ""}, "name"),
        ({"name": "TAKEN"}, "name"),
        ({"is_default": "on"}, "__all__"),
    ],
)
def test_a_week_that_is_none_is_refused(boss, values, field):
    CalendarFactory(name="Taken", is_default=True)
    assert list(errors(boss.post(f"{CALENDARS}add/", form(**values)))) == [field]
    assert (WorkCalendar.objects.filter(name="Lunch").count(), history("WorkCalendar")) == (0, [])


def test_exceptions_have_their_entries(boss):
    calendar = CalendarFactory(name="Lunch", hours=[*HOURS, [], []])
    kept = ExceptionFactory(calendar=calendar, day="2026-12-24", intervals=[["07:00", "12:00"]])
    gone = ExceptionFactory(calendar=calendar, day="2026-12-31")
    rows = {
        "exceptions-TOTAL_FORMS": "3",
        "exceptions-INITIAL_FORMS": "2",
        "exceptions-0-id": str(gone.pk),
        "exceptions-0-calendar": str(calendar.pk),
        "exceptions-0-day": "2026-12-31",
        "exceptions-0-DELETE": "on",
        "exceptions-1-id": str(kept.pk),
        "exceptions-1-calendar": str(calendar.pk),
        "exceptions-1-day": "2026-12-24",
        "exceptions-1-intervals": "07:00-11:00",
        "exceptions-2-calendar": str(calendar.pk),
        "exceptions-2-day": "2027-01-02",
        "exceptions-2-name": "Inventory",
    }
    twice = {**rows, "exceptions-2-day": "2026-12-24"}
    answer = boss.post(f"{CALENDARS}{calendar.pk}/change/", form(**twice))
    assert (answer.status_code, history("CalendarException")) == (200, [])
    answer = boss.post(f"{CALENDARS}{calendar.pk}/change/", form(**rows))
    assert answer.status_code == 302, answer.context["errors"]
    found = CalendarException.objects.order_by("day").values_list("day", "intervals", "name")
    assert [(str(day), hours, name) for day, hours, name in found] == [
        ("2026-12-24", [["07:00", "11:00"]], ""),
        ("2027-01-02", [], "Inventory"),
    ]
    changes = [(action, sorted(said)) for action, said in history("CalendarException")]
    assert changes == [
        ("delete", []),
        ("change", ["intervals"]),
        ("create", ["calendar", "day", "id", "name"]),
    ]


def test_targets(boss):
    data = {"kind": "question", "priority": "1", "first_response": "30", "solution": "240"}
    assert boss.post(f"{POLICIES}add/", data).status_code == 302
    policy = SlaPolicy.objects.get()
    assert (policy.kind, policy.priority, policy.first_response) == ("question", 1, 30)
    for bad, field in (
        ({"kind": "wilting"}, "kind"),
        ({"priority": "4"}, "priority"),
        ({"first_response": "0"}, "first_response"),
        ({"first_response": "500"}, "first_response"),
        ({"solution": "9" * 30}, "solution"),
        ({}, "__all__"),
    ):
        assert field in errors(boss.post(f"{POLICIES}add/", {**data, **bad})), bad
    assert SlaPolicy.objects.count() == 1


def test_macros_are_supports_to_write(boss):
    support = signed_in()
    data = {"title": "Ask", "reply": "A photo?", "visible": "on", "to_state": "waiting_seller"}
    assert support.post(f"{MACROS}add/", data).status_code == 302
    macro = Macro.objects.get()
    assert (macro.title, macro.to_state, macro.resolution) == ("Ask", "waiting_seller", "")
    for bad, field in (
        ({"to_state": "resolved"}, "resolution"),
        ({"resolution": "answered"}, "resolution"),
        ({"to_state": "closed"}, "to_state"),
        ({"to_state": "", "reply": ""}, "reply"),
        ({"kind": "wilting"}, "kind"),
        ({"title": "ASK"}, "title"),
        ({"reply": "a\x00"}, "reply"),
    ):
        found = errors(support.post(f"{MACROS}add/", {**data, "title": "Other", **bad}))
        assert field in found or "__all__" in found, bad
    assert Macro.objects.count() == 1
    page = f"{MACROS}{macro.pk}/"
    assert support.post(f"{page}change/", {**data, "title": "Asks"}).status_code == 302
    assert support.post(f"{page}delete/", {"post": "yes"}).status_code == 302
    assert [action for action, _changes in history("Macro")] == ["create", "change", "delete"]


def test_support_reads_the_rules_and_writes_none():
    support, calendar, policy = signed_in(), CalendarFactory(), PolicyFactory()
    for page in (f"{CALENDARS}{calendar.pk}/", f"{POLICIES}{policy.pk}/"):
        assert support.get(f"{page}change/").status_code == 200
        assert support.post(f"{page}change/", form()).status_code == 403
        assert support.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    for page in (CALENDARS, POLICIES, MACROS):
        assert support.get(page).status_code == 200
        assert support.get(f"{page}{'9' * 30}/change/").status_code == 302
    assert support.get(f"{CALENDARS}add/").status_code == 403
    MacroFactory()
    assert history("WorkCalendar") == []


def test_a_changed_rule_offers_to_move_due_times_after_a_preview(boss):
    case = opening.report(Report("question", "When?"), priority=2)
    data = {"kind": "question", "priority": "2", "first_response": "1", "solution": "2"}
    answer = boss.post(f"{POLICIES}add/", data, follow=True)
    assert f'href="{POLICIES}recompute/"' in answer.content.decode()
    due = case.solution_due
    for body in ({}, {"preview": "1"}, {"confirm": "1"}, {"confirm": "1", "previewed": "0" * 64}):
        shown = boss.post(f"{POLICIES}recompute/", body)
        assert "Of 1 open cases, 1 move." in shown.content.decode()
    case.refresh_from_db()
    assert case.solution_due == due
    seal = {"confirm": "1", "previewed": shown.context["previewed"]}
    done = boss.post(f"{POLICIES}recompute/", seal, follow=True)
    assert "1 case has moved." in done.content.decode()
    case.refresh_from_db()
    assert case.solution_due < due
    assert case.events.filter(kind="due_moved").count() == 1
    assert signed_in().post(f"{POLICIES}recompute/", seal).status_code == 403


def test_too_many_cases_are_the_commands_to_compute(boss, monkeypatch):
    monkeypatch.setattr(recomputing, "MAX_CASES", 0)
    opening.report(Report("question", "When?"))
    answer = boss.post(f"{CALENDARS}recompute/", {"preview": "1"})
    assert "use manage.py recompute_due" in answer.content.decode()
    assert "previewed" not in answer.context
