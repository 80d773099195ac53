"""Figures of cases by day: what a hand count of a made week says, whoever asks."""

import csv
import datetime as dt
import io
import itertools

import pytest

from cases import tasks
from cases.figures import Counted, percentile
from cases.models import Case
from cases.services import duplicates, work
from cases.services.opening import report
from cases.tests.factories import CaseFactory, SellerFactory
from cases.tests.helpers_kinds import report_of
from core import cases
from core.cases import Figures, Report
from core.roles import Role
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db
FIGURES = "/api/cases/figures"
MONDAY, TUESDAY, WEDNESDAY = (dt.date(2026, 11, day) for day in (23, 24, 25))
WEEK = {"from": "2026-11-23", "to": "2026-11-25"}
NAMES = ("opened", "reopened", "ended", "open", "answered", "breached")


@pytest.fixture
def analyst(client_for):
    return client_for(Role.ANALYST)


def question(subject="No stores"):
    return report(Report("question", subject))


@pytest.fixture
def week(clock, yoghurts, supporter):
    """Three days of five cases, by the services; it is Wednesday at 18:00."""
    clock("2026-11-20T12:00")
    old = question("from before")  # Friday; it is never answered
    clock("2026-11-23T08:00")
    first, second = question(), question()
    yoghurt = report(report_of("yogur"))
    clock("2026-11-23T08:30")
    work.reply(case=first, text="Which phone?")  # after 30 minutes
    clock("2026-11-24T07:30")
    work.resolve(case=second, resolution="answered", note="Update it.")  # 11.5 hours of Monday
    clock("2026-11-24T09:00")
    duplicates.mark_duplicate(case=question("again"), of_id=first.pk)
    clock("2026-11-25T10:00")
    work.reopen(case=second)
    work.resolve(case=yoghurt, resolution="not_a_product", note="A toy.")
    clock("2026-11-25T18:00")
    return {"old": old, "first": first, "second": second, "yoghurt": yoghurt}


def asked(client, **parameters):
    answer = client.get(FIGURES, {**WEEK, **parameters})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_week_is_what_a_hand_count_says(week, analyst):
    found = asked(analyst)
    by_day = {row["day"]: row for row in found["rows"]}
    assert list(by_day) == ["2026-11-23", "2026-11-24", "2026-11-25"]
    shown = {day: tuple(row[name] for name in NAMES[:5]) for day, row in by_day.items()}
    assert shown == {
        "2026-11-23": (3, 0, 0, 4, 1),
        "2026-11-24": (1, 0, 2, 3, 1),
        "2026-11-25": (0, 1, 1, 3, 1),
    }
    total = found["total"]
    assert tuple(total[name] for name in NAMES[:5]) == (4, 1, 3, 3, 3)
    assert by_day["2026-11-23"]["response_p50"] == 30.0
    # Monday 8:00 to 19:00 and half an hour of Tuesday; then eleven hours, twelve, and three.
    minutes = [30, 11 * 60 + 30, 11 * 60 + 12 * 60 + 3 * 60]
    assert [total["response_p50"], total["response_p90"]] == [
        minutes[1],
        minutes[1] + 0.8 * (minutes[2] - minutes[1]),
    ]


def test_open_cases_follow_from_those_of_the_day_before(week):
    rows = [row for _day, row in Counted(dt.date(2026, 11, 19), WEDNESDAY).each_day()]
    assert [row.open for row in rows] == [0, 1, 1, 1, 4, 3, 3]
    for before, after in itertools.pairwise(rows):
        assert after.open == before.open + after.opened + after.reopened - after.ended
    assert (
        rows[-1].open == Case.objects.exclude(state__in=["resolved", "closed", "duplicate"]).count()
    )


def breaches(**fields):
    CaseFactory(created_at=NOON, **fields)
    return {day: row.breached for day, row in Counted(MONDAY, WEDNESDAY).each_day() if row.breached}


NOON = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)
DUE, LATER = NOON + dt.timedelta(hours=1), NOON + dt.timedelta(hours=30)
NEVER = NOON + dt.timedelta(days=400)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"first_responded_at": DUE}, {}, id="answered-in-time"),
        pytest.param({"first_responded_at": LATER}, {MONDAY: 1}, id="answered-late"),
        pytest.param({}, {MONDAY: 1}, id="never-answered"),
        pytest.param({"first_response_due": NEVER}, {}, id="not-due-yet"),
        pytest.param({"first_responded_at": NOON, "solution_due": LATER}, {TUESDAY: 1}, id="open"),
        pytest.param({"solution_due": LATER}, {MONDAY: 1, TUESDAY: 1}, id="both"),
        pytest.param(
            {"first_responded_at": NOON, "solution_due": LATER, "state": "resolved",
             "resolved_at": LATER}, {}, id="solved-in-time",
        ),
        pytest.param(
            {"first_responded_at": NOON, "solution_due": DUE, "state": "closed",
             "resolved_at": LATER}, {MONDAY: 1}, id="solved-late",
        ),
        pytest.param(
            {"first_responded_at": NOON, "solution_due": LATER, "state": "waiting_vendor",
             "waiting_since": NOON}, {}, id="waits",
        ),
        pytest.param(
            {"first_responded_at": NOON, "solution_due": DUE, "state": "waiting_seller",
             "waiting_since": LATER}, {MONDAY: 1}, id="waits-since-it-was-late",
        ),
    ],
)  # fmt: skip
def test_a_due_time_that_passes_in_vain_is_of_its_day(clock, fields, expected):
    clock("2026-11-25T18:00")
    assert breaches(**{"first_response_due": DUE, "solution_due": NEVER, **fields}) == expected


def test_what_was_found_to_be_a_duplicate_in_time_owes_no_answer(clock, supporter):
    clock("2026-11-23T08:00")
    original, twin, late_twin = question(), question(), question()
    work.reply(case=original, text="Which phone?")
    clock("2026-11-23T08:05")
    duplicates.mark_duplicate(case=twin, of_id=original.pk)
    clock("2026-11-25T18:00")
    duplicates.mark_duplicate(case=late_twin, of_id=original.pk)
    days = dict(Counted(MONDAY, WEDNESDAY).each_day())
    late = Case.objects.filter(pk=late_twin.pk, first_response_due__date=MONDAY).count()
    assert late == 1
    assert days[MONDAY].breached == 1


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        pytest.param([], 0.5, None, id="nothing"),
        pytest.param([7], 0.9, 7, id="one"),
        pytest.param([30, 10], 0.5, 20, id="between-two"),
        pytest.param([1, 2, 3, 4, 100], 0.9, 61.6, id="nine-in-ten"),
    ],
)
def test_a_percentile_lies_between_its_neighbours(values, share, expected):
    assert percentile(values, share) == expected


def test_a_change_later_changes_only_its_own_days(week, analyst, clock):
    before = asked(analyst)["rows"]
    clock("2026-11-26T09:00")
    work.take(case=week["second"], user_id=SellerFactory().pk)
    work.resolve(case=week["second"], resolution="answered")
    question("of Thursday")
    assert [{name: row[name] for name in NAMES[:5]} for row in asked(analyst)["rows"]] == [
        {name: row[name] for name in NAMES[:5]} for row in before
    ]


def test_what_the_release_before_answered_is_noted_by_the_task(week, analyst):
    right = asked(analyst)
    answered = Case.objects.filter(first_responded_at__isnull=False)
    assert answered.update(first_response_minutes=None) == 3
    empty = asked(analyst)["total"]
    assert (empty["answered"], empty["response_p50"], empty["response_p90"]) == (0, None, None)
    assert tasks.end_what_waits() == {"no_answer": 0, "closed": 0, "noted": 3}
    assert asked(analyst) == right
    assert tasks.end_what_waits()["noted"] == 0


# -- who asks, and for what ------------------------------------------------------------------------
def test_the_csv_says_what_the_json_says(week, analyst):
    answer = analyst.get(FIGURES, {**WEEK, "format": "csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    cells = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    rows = asked(analyst)["rows"]
    assert cells == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]


def test_figures_narrow_to_a_kind(week, analyst):
    found = asked(analyst, kind="yoghurt")["total"]
    assert tuple(found[name] for name in NAMES[:5]) == (1, 0, 1, 0, 1)
    assert cases.figures(["yoghurt"], MONDAY, WEDNESDAY) == Figures(**found)
    assert cases.figures(["yoghurt", "question"], MONDAY, WEDNESDAY) == Figures(
        **asked(analyst)["total"]
    )


def test_days_to_come_have_no_rows(week, analyst):
    found = asked(analyst, **{"from": "2026-11-25", "to": "2026-12-24"})
    assert [row["day"] for row in found["rows"]] == ["2026-11-25"]
    later = asked(analyst, **{"from": "2026-12-01", "to": "2026-12-24"})
    assert later["rows"] == []
    assert tuple(later["total"][name] for name in NAMES) == (0, 0, 0, 3, 0, 0)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        pytest.param("from=2026-11-26&to=2026-11-25", "to", "invalid", id="wrong-way-round"),
        pytest.param("from=2025-01-01&to=2026-11-25", "to", "too_many_days", id="too-long"),
        pytest.param("from=yesterday", "from", "invalid", id="no-day"),
        pytest.param("to=99999999999999999999", "to", "invalid", id="huge"),
        pytest.param("to=2026-11-25%00", "to", "invalid", id="nul"),
        pytest.param("kind=dragons", "kind", "invalid_choice", id="unknown-kind"),
        pytest.param("kind=", "kind", "invalid_choice", id="empty-kind"),
        pytest.param("format=xml", "format", "invalid_choice", id="format"),
        pytest.param("group_by=day", "group_by", "unknown_parameter", id="unknown-parameter"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(analyst, query, field, code):
    body = assert_problem(analyst.get(f"{FIGURES}?{query}"), 400, "invalid", field=field)
    assert field in {error["field"] for error in body["errors"]}


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.SELLER, Role.USER, Role.CLINICIAN])
def test_figures_are_for_analysts_and_administrators(client_for, role):
    assert_problem(client_for(role).get(FIGURES), 403, "permission_denied")
    assert client_for(Role.ADMIN).get(FIGURES).status_code == 200


def test_an_answer_costs_as_many_queries_with_many_cases(
    analyst, clock, supporter, django_assert_max_num_queries
):
    counts = []
    clock("2026-11-23T08:00")
    for number in (1, 9, 40):
        for _case in range(number):
            work.reply(case=question(), text="Which phone?")
        with django_assert_max_num_queries(12) as queries:
            asked(analyst)
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
    assert Case.objects.count() == 50
