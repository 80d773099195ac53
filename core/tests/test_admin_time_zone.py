"""The time zone in which the admin shows somebody times, and what it leaves alone."""

import datetime as dt
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from core.admin import cards
from core.audit import journal
from core.files.writing import cell
from core.models import JournalEntry
from core.roles import Role
from core.values import business_day, business_time, parse_time, start_of_business_day
from users import services
from users.models import User
from users.tests.factories import UserFactory
from users.tests.helpers_signed_in import signed_in

pytestmark = pytest.mark.django_db
PAGE, USERS, LINES = "/admin/time-zone/", "/admin/users/user/", "/admin/core/journalentry/"
AFTERNOON = dt.datetime(2026, 11, 27, 20, 30, tzinfo=dt.UTC)  # the 28th, 5:30, in Tokyo


@pytest.fixture
def afternoon(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AFTERNOON)


def zone_of(client):
    return User.objects.get(pk=client.user.pk).time_zone


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPPORT, Role.ANALYST])
def test_it_is_chosen_in_the_menu_and_journalled(role):
    client = signed_in(role=role)
    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
    shown = client.get(PAGE).content.decode()
    assert '<option value="Asia/Tokyo">' in shown
    assert "America/Bogota, where it is" in shown
    answer = client.post(PAGE, {"time_zone": "Asia/Tokyo"})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert zone_of(client) == "Asia/Tokyo"
    line = JournalEntry.objects.filter(model="users.User", action="change").get()
    assert (line.object_id, line.actor_id, line.changes) == (
        *(str(client.user.pk), client.user.pk),
        {"time_zone": ["", "Asia/Tokyo"]},
    )
    shown = client.get(PAGE).content.decode()
    assert 'value="Asia/Tokyo"' in shown
    assert "Asia/Tokyo, where it is" in shown
    client.post(PAGE, {"time_zone": "Asia/Tokyo"})
    assert JournalEntry.objects.filter(model="users.User", action="change").count() == 1
    client.post(PAGE, {"time_zone": ""})
    assert zone_of(client) == ""


@pytest.mark.parametrize("given", ["america/new york", " America/New_York "])
def test_its_name_may_be_written_as_people_do(given):
    client = signed_in()
    client.post(PAGE, {"time_zone": given})
    assert zone_of(client) == "America/New_York"


@pytest.mark.parametrize(
    "given",
    [
        *("Mars/Olympus", "\x00", "Asia/Tokyo\x00", "x" * 100_000),
        *("../../etc/passwd", "/", "\ud800", "+05:00"),
    ],
    ids=["unknown", "nul", "nul-behind", "huge", "path", "slash", "surrogate", "offset"],
)
def test_a_name_that_is_none_is_said_at_the_field_and_changes_nothing(given):
    client = signed_in(time_zone="Asia/Tokyo")
    body = f"time_zone={quote(given, errors='surrogatepass')}"
    answer = client.post(PAGE, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["time_zone"]
    assert zone_of(client) == "Asia/Tokyo"


def test_nobody_else_chooses_it(client):
    answer = client.post(PAGE, {"time_zone": "Asia/Tokyo"})
    assert answer["Location"] == f"/admin/login/?next={PAGE}"
    client.force_login(UserFactory(role=Role.SELLER))
    assert client.get(PAGE).status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(UserFactory(role=Role.SUPPORT))
    assert forged.post(PAGE, {"time_zone": "Asia/Tokyo"}).status_code == 403
    assert not User.objects.exclude(time_zone="").exists()


def test_times_are_shown_in_it_and_in_nobody_elses_request(afternoon):
    tokyo, here = signed_in(time_zone="Asia/Tokyo"), signed_in()
    user = UserFactory()
    journal.record(journal.Action.CHANGE, user, changes={"name": ["a", "b"]})
    for client, shown, title in (
        (tokyo, "11/28/2026 5:30 a.m.", "2026-11-28 05:30:00 JST"),
        (here, "11/27/2026 3:30 p.m.", "2026-11-27 15:30:00 -05"),
    ):
        page = client.get(f"{USERS}{user.pk}/history/").content.decode()
        assert f'title="{title}">{shown}</time>' in page
        assert timezone.get_current_timezone_name() == "America/Bogota"
    assert "Nov. 28, 2026, 5:30 a.m." in tokyo.get(LINES).content.decode()
    assert "Nov. 27, 2026, 3:30 p.m." in here.get(LINES).content.decode()


def test_days_of_a_lists_filter_are_those_of_whoever_looks(afternoon):
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(created_at=dt.datetime(2026, 11, 27, 14, tzinfo=dt.UTC))
    for client, is_today in ((signed_in(time_zone="Asia/Tokyo"), False), (signed_in(), True)):
        shown = client.get(USERS)
        [created] = [one for one in shown.context["cl"].filter_specs if one.title == "created"]
        today = list(created.choices(shown.context["cl"]))[1]["query_string"]
        rows = client.get(f"{USERS}{today}").context["cl"].result_list
        assert (user in rows) is is_today


def test_a_zone_that_is_no_more_is_the_platforms(afternoon):
    client = signed_in(time_zone="Asia/Atlantis")
    shown = client.get(PAGE)
    assert "America/Bogota, where it is" in shown.content.decode()


def test_it_goes_with_the_person():
    user = UserFactory(time_zone="Asia/Tokyo")
    services.remove_user(user=user)
    user.refresh_from_db()
    assert user.time_zone == ""


def test_business_goes_by_the_platforms_zone_whoever_looks(afternoon):
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(created_at=AFTERNOON)
    counted = cards.daily(User.objects.all, "created_at")
    here = counted()
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert counted() == here
        assert business_day() == dt.date(2026, 11, 27)
        assert business_time().hour == 15
        assert start_of_business_day(business_day()).isoformat() == "2026-11-27T00:00:00-05:00"
        assert parse_time("2026-11-27T10:00") == dt.datetime(2026, 11, 27, 15, tzinfo=dt.UTC)
        assert cell(AFTERNOON) == "2026-11-27T15:30:00-05:00"
    assert (here[-1].label, here[-1].value) == ("2026-11-27", 1)
