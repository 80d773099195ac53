"""People on the overview of the field: who has begun no visit by ten, and cases of the period."""

import datetime as dt

import pytest
from django.http import QueryDict
from django.utils import timezone

from core import cases
from core.roles import Role
from stores.models import DailyFigure
from stores.overview import people, scope
from stores.tests.factories import AssignmentFactory, DepartmentFactory, today
from stores.tests.helpers_admin import page, signed_in
from stores.tests.helpers_figures import count_figures
from stores.tests.helpers_overview import PAGE, part

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return signed_in(Role.ADMIN)


def test_sellers_without_a_visit_are_urgent_from_ten_on(field, admin, monkeypatch):
    given = AssignmentFactory.create_batch(3)
    AssignmentFactory(seller__is_active=False)
    AssignmentFactory(valid_from=today() + dt.timedelta(days=1))
    began = ten(today(), hours=-1)
    field.visit(given[0].establishment, given[0].seller, captured_at=began, day=today())
    field.visit(given[1].establishment, given[1].seller, state="void")
    count_figures()

    def without(query=""):
        return people.without_visit(scope.read(QueryDict(query)).scope)

    now = timezone.localtime()
    for hour, is_urgent in ((9, False), (10, True)):
        monkeypatch.setattr(people, "business_time", lambda hour=hour: now.replace(hour=hour))
        shown = without()
        assert {seller.pk for seller in shown["sellers"]} == {one.seller_id for one in given[1:]}
        assert (shown["number"], shown["is_urgent"]) == (2, is_urgent)
        monkeypatch.undo()
    DepartmentFactory(code="11")
    assert without("department=11")["number"] == 0
    assert without("department=05")["number"] == 2
    monkeypatch.setattr(people, "MAX_NARROWED", 1)
    assert without()["number"] == 2
    early = admin.get(PAGE, {"department": "05"})
    assert part(early, "sellers")["sellers"] == []
    assert "More than 1 sellers of the whole country have no visit yet" in page(early)


def ten(day, **later):
    """Return the moment of ten o'clock of a day, or one so much later."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(10))) + dt.timedelta(**later)


def test_who_began_no_visit_by_ten_stays_exact_for_days_that_are_over(field, admin):
    """When visits began decides, not when they came in: late ones take sellers off the list."""
    day = today() - dt.timedelta(days=2)
    given = AssignmentFactory.create_batch(6)
    _punctual, _on_time, late, unheard, void, other_day = (one.seller for one in given)

    def visited(number, began, **fields):
        field.visit(
            given[number].establishment,
            given[number].seller,
            captured_at=began,
            day=timezone.localdate(began),
            **fields,
        )

    visited(0, ten(day, hours=-2))
    visited(0, ten(day, hours=4), listed=[])  # a second row of that day begins later
    visited(1, ten(day))
    visited(2, ten(day, seconds=1))
    visited(2, ten(day, hours=1), listed=[])
    visited(4, ten(day, hours=-1), state="void")
    visited(5, ten(day, days=1))
    count_figures()
    query = {"from": str(day), "to": str(day)}

    def shown():
        content = part(admin.get(PAGE, query), "sellers")
        assert content["is_urgent"]
        return {seller.pk: seller.began for seller in content["sellers"]}

    assert shown() == {
        late.pk: ten(day, seconds=1),
        unheard.pk: None,
        void.pk: None,
        other_day.pk: None,
    }
    text = page(admin.get(PAGE, query))
    assert "Sellers without a visit by 10:00" in text
    assert text.count("first visit at") == 1
    visited(3, ten(day, minutes=-1))  # comes in two days late
    count_figures()
    assert set(shown()) == {late.pk, void.pk, other_day.pk}


def test_what_the_release_before_counted_takes_sellers_off_the_list(field, admin):
    """It did not keep when the first visit began: until it is counted again a visit is one."""
    given = AssignmentFactory()
    field.visit(
        given.establishment,
        given.seller,
        captured_at=ten(today(), days=-1, hours=1),
        day=today() - dt.timedelta(days=1),
    )
    count_figures()
    query = {"from": str(today() - dt.timedelta(days=1)), "to": str(today() - dt.timedelta(days=1))}
    assert part(admin.get(PAGE, query), "sellers")["number"] == 1
    DailyFigure.objects.update(first_at=None)
    assert part(admin.get(PAGE, query), "sellers")["number"] == 0


def test_cases_are_shown_by_age_where_somebody_keeps_them(admin, monkeypatch):
    found = cases.Ages("cases.Case", (4, 0, 1, 2), 3)
    asked = []
    monkeypatch.setattr(cases, "ages", lambda kinds: asked.append(set(kinds)) or found)
    shown = admin.get(PAGE)
    content = part(shown, "cases")
    assert content["total"] == "7"
    assert [(bar["title"], bar["number"], bar["percent"]) for bar in content["bars"]] == [
        ("less than 1 day", "4", 100),
        ("1 to 3 days", "0", 0),
        ("3 to 7 days", "1", 25),
        ("more than 7 days", "2", 50),
    ]
    [kinds] = asked
    assert {"unrecognised", "service_failure"} <= kinds
    assert all(
        Role.SELLER in kind.reported_by or name in {"unrecognised", "service_failure"}
        for name, kind in cases.kinds().items()
        if name in kinds
    )
    assert "3 are overdue." in page(shown)
    assert "Open cases by age" in page(signed_in(Role.ANALYST).get(PAGE))
    monkeypatch.setattr(cases, "ages", lambda _kinds: None)
    assert "Open cases by age" not in page(admin.get(PAGE))


def test_cases_of_the_period_are_shown_where_somebody_keeps_them(admin, monkeypatch):
    found = cases.Figures(
        opened=12, reopened=1, ended=9, open=4, answered=8,
        response_p50=30.5, response_p90=1_590.0, breached=2,
    )  # fmt: skip
    asked = []
    monkeypatch.setattr(cases, "figures", lambda *given: asked.append(given) or found)
    query = {"from": "2026-11-01", "to": "2026-11-25"}
    for role in (Role.ADMIN, Role.ANALYST):
        shown = signed_in(role).get(PAGE, query)
        assert part(shown, "case_figures") == [
            ("Opened", "12"),
            ("Opened again", "1"),
            ("Ended", "9"),
            ("Open when the period ends", "4"),
            ("First response, half of them within", "30 min"),
            ("First response, nine in ten within", "26 h 30 min"),
            ("Due times that passed in vain", "2"),
        ]
        assert "Cases of the period" in page(shown)
    kinds, *period = asked[0]
    assert {"unrecognised", "service_failure"} <= kinds
    assert period == [dt.date(2026, 11, 1), dt.date(2026, 11, 25)]
    monkeypatch.setattr(cases, "figures", lambda *_given: None)
    assert "Cases of the period" not in page(admin.get(PAGE, query))
