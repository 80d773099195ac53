"""The admin's page of background work: what waits, why, and what a person can do about it.

The mails with links are the work that is always there; ADMIN may act on them, SUPPORT only looks.
"""

import datetime as dt

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.admin import background
from core.fields import CAUSE_LENGTH
from core.jobs.work import Work
from core.models import JournalEntry
from core.roles import Role
from core.tests.keepers import notes
from users.models import LinkMail
from users.resets import MAILS
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/background/"
KIND = "/admin/background/users.tasks.mail_link/"
STATE = ("status", "attempts", "last_error")


@pytest.fixture
def boss(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    client.raise_request_exception = False
    return client


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    client.raise_request_exception = False
    return client


def mail(**fields):
    number = LinkMail.objects.count()
    ago = fields.pop("minutes_ago", 0)
    due = timezone.now() - dt.timedelta(minutes=ago)
    return LinkMail.objects.create(email=f"a{number}@example.com", due_at=due, **fields)


def states():
    return {row.pk: tuple(getattr(row, name) for name in STATE) for row in LinkMail.objects.all()}


def reasons():
    entries = JournalEntry.objects.filter(model="users.LinkMail").order_by("id")
    return [(entry.object_id, entry.changes, entry.reason) for entry in entries]


def test_each_kind_says_what_waits(boss):
    mail(minutes_ago=60, attempts=3)
    mail(minutes_ago=-60)
    mail(status="failed", attempts=12)
    kinds = {kind.work.task: kind for kind in boss.get(PAGE).context["kinds"]}
    counted = kinds["users.tasks.mail_link"].counted
    oldest = LinkMail.objects.order_by("due_at").first().due_at
    assert counted == {
        "pending": 2,
        "overdue": 1,
        "failed": 1,
        "oldest": oldest,
        "attempts": 12,
    }


def test_the_page_of_a_kind_shows_what_was_given_up_first_and_why(boss):
    waits = mail(minutes_ago=5, attempts=2, last_error="SMTPServerDisconnected")
    failed = mail(status="failed", attempts=12, last_error="<b>ConnectionRefusedError</b>")
    response = boss.get(KIND)
    assert [(row.pk, row.failed, row.cause) for row in response.context["rows"]] == [
        (failed.pk, True, "<b>ConnectionRefusedError</b>"),
        (waits.pk, False, "SMTPServerDisconnected"),
    ]
    assert "&lt;b&gt;ConnectionRefusedError" in response.content.decode()


def test_to_try_again_makes_the_work_due_now_and_leaves_an_entry(boss):
    failed, other = mail(status="failed", attempts=12, last_error="x"), mail(status="failed")
    response = boss.post(KIND, {"retry": failed.pk, "reason": "the mail server is back"})
    assert (response.status_code, response["Location"]) == (302, KIND)
    assert states() == {failed.pk: ("pending", 0, ""), other.pk: ("failed", 0, "")}
    assert reasons() == [
        (str(failed.pk), {"status": ["failed", "pending"]}, "the mail server is back")
    ]


def test_all_can_be_tried_again_at_once(boss):
    failed, waits = mail(status="failed", attempts=12), mail(minutes_ago=-60, attempts=5)
    boss.post(KIND, {"retry_all": "1", "reason": "the mail server is back"})
    assert states() == {failed.pk: ("pending", 0, ""), waits.pk: ("pending", 0, "")}
    assert all(row.due_at <= timezone.now() for row in LinkMail.objects.all())
    assert [entry[0] for entry in reasons()] == [str(failed.pk)]


def test_a_row_that_waits_can_be_given_up(boss):
    waits, failed = mail(), mail(status="failed")
    boss.post(KIND, {"give_up": waits.pk, "reason": "nobody reads this address"})
    boss.post(KIND, {"give_up": failed.pk, "reason": "again"})
    assert states() == {waits.pk: ("failed", 0, ""), failed.pk: ("failed", 0, "")}
    assert reasons() == [
        (str(waits.pk), {"status": ["pending", "failed"]}, "nobody reads this address")
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"retry_all": "1"},
        {"retry_all": "1", "reason": ""},
        {"retry_all": "1", "reason": "a\x00b"},
        {"retry_all": "1", "reason": "a" * 501},
        {"reason": "no button"},
        {"retry": "", "reason": "no row"},
        {"retry": "99999999999999999999999", "reason": "no row"},
        {"retry": "a\x00b", "reason": "no row"},
        {"retry": "0x1", "reason": "no row"},
        {"give_up": "-1", "reason": "no row"},
    ],
)
def test_what_is_not_said_properly_changes_nothing(boss, fields):
    mail(status="failed"), mail()
    before = states()
    assert boss.post(KIND, fields).status_code in (200, 302)
    assert (states(), reasons()) == (before, [])


def test_who_may_only_look_changes_nothing(support):
    mail(status="failed")
    before, response = states(), support.get(KIND)
    assert response.status_code == 200
    assert "retry_all" not in response.content.decode()
    assert support.post(KIND, {"retry_all": "1", "reason": "let me"}).status_code == 403
    assert (states(), reasons()) == (before, [])


@pytest.mark.parametrize("task", ["nothing.tasks.here", "users.tasks.mail_link%00", "a" * 5_000])
def test_work_that_is_none_has_no_page(boss, task):
    assert boss.get(f"{PAGE}{task}/").status_code == 404


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
@pytest.mark.parametrize("address", [PAGE, KIND])
def test_who_is_not_of_the_staff_sees_nothing(client, role, address):
    client.force_login(UserFactory(role=role))
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={address}")


def test_a_kind_that_cannot_be_counted_says_so(boss, monkeypatch):
    def away(_seconds):
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(background, "time_limit", away)
    response = boss.get(PAGE)
    assert response.status_code == 200
    assert "could not be counted" in response.content.decode()


def test_the_pages_cost_the_same_whatever_waits(boss):
    costs = []
    mail(), boss.get(KIND)  # the first page of a session marks that it is used
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            boss.get(PAGE)
            boss.get(KIND)
        costs.append(len(queries))
        for _ in range(60):
            mail()
    assert costs[0] == costs[1]
    assert len(boss.get(KIND).context["rows"]) == background.SHOWN_ROWS


def test_why_an_attempt_came_to_nothing_is_kept_without_secrets_and_cut():
    row = mail(attempts=1)
    MAILS.postpone(row, cause="https://x.example/?token=abcdefghijklmnop " + "é" * 300)
    row.refresh_from_db()
    assert "abcdefghijklmnop" not in row.last_error
    assert len(row.last_error) == CAUSE_LENGTH
    MAILS.restart(row)
    row.refresh_from_db()
    assert (row.last_error, row.attempts, row.status) == ("", 0, "pending")


def test_work_without_a_column_for_it_keeps_no_cause():
    row = mail(attempts=1)
    work = Work(LinkMail, task="users.tasks.mail_link")
    background.registry.remove(work)
    work.postpone(row, cause="something")
    row.refresh_from_db()
    assert row.last_error == ""


def test_what_is_tried_again_because_of_a_case_is_one_of_its_events(boss, keeper):
    mail(status="failed"), mail(status="failed")
    boss.post(KIND, {"retry_all": "1", "reason": "the server is back", "case": "C-1007"})
    assert [row.status for row in LinkMail.objects.all()] == ["pending", "pending"]
    assert notes() == [
        {
            "case": 7,
            "action": "retry_all",
            "label": "users.LinkMail",
            "object_id": "",
            "count": 1,
            "text": "the server is back",
        }
    ]


def test_a_case_that_is_none_changes_nothing(boss, keeper):
    mail(status="failed")
    before = states()
    response = boss.post(KIND, {"retry_all": "1", "reason": "back", "case": "C-9"})
    assert response.status_code == 200
    assert "No open case has this number." in response.content.decode()
    assert (states(), reasons(), notes()) == (before, [], [])
