"""A forgotten password, and an invitation: asking for a link, and the mail."""

import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import rates
from core.jobs import work
from users import resets
from users.models import LinkMail, OneTimeLink, Purpose
from users.tasks import mail_link
from users.tests.factories import PASSWORD, UserFactory
from users.tests.helpers_links import ASK, LINK, NEW, assert_refused, mailed, send_all, use

pytestmark = pytest.mark.django_db


def test_a_forgotten_password_is_reset_without_an_administrator(api):
    user = UserFactory(email="ana@example.com")
    token = mailed(api, "Ana@Example.com")
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ana@example.com"], "Your new password")
    assert not LinkMail.objects.exists()
    link = OneTimeLink.objects.get()
    assert (link.user, link.purpose, link.used_at) == (user, Purpose.RESET, None)
    assert link.expires_at - link.created_at == timedelta(hours=1)
    assert link.mailed_at is not None
    response = use(api, token)
    assert (response.status_code, response.content) == (204, b"")
    assert response["Cache-Control"] == "no-store"
    answer = api.post("/api/auth/token", {"email": user.email, "password": NEW})
    assert answer.status_code == 200
    answer = api.post("/api/auth/token", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 401


def test_the_mail_speaks_the_language_of_whoever_asked(api):
    UserFactory(email="ana@example.com")
    api.post(ASK, {"email": "ana@example.com"}, HTTP_ACCEPT_LANGUAGE="es")
    assert LinkMail.objects.get().language == "es"
    send_all()
    assert LINK.search(mail.outbox[0].body)


def test_the_answer_and_the_work_are_the_same_for_every_address(api, published, monkeypatch):
    monkeypatch.setattr(rates, "now", lambda: 1_000_000_000.0)  # RateLimit says how long it lasts
    UserFactory(email="known@example.com")
    UserFactory(email="off@example.com", is_active=False)
    UserFactory(email="new@example.com", password=None)
    answers, statements = [], []
    for number, name in enumerate(("known", "off", "new", "nobody")):
        with CaptureQueriesContext(connection) as queries:
            response = api.post(
                ASK, {"email": f"{name}@example.com"}, REMOTE_ADDR=f"192.0.2.{number}"
            )
        headers = {key: value for key, value in response.items() if key != "X-Request-ID"}
        answers.append((response.status_code, response.content, headers))
        statements.append(
            [re.sub(r"'[^']*'|[0-9]+", "?", each["sql"]) for each in queries.captured_queries]
        )
        assert not any('"users_user"' in each["sql"] for each in queries.captured_queries)
    assert answers == [answers[0]] * 4
    assert answers[0][:2] == (202, b"")
    assert statements == [statements[0]] * 4
    assert LinkMail.objects.count() == 4


def test_unknown_and_deactivated_addresses_get_no_mail(api):
    UserFactory(email="off@example.com", is_active=False)
    for email in ("off@example.com", "nobody@example.com"):
        assert api.post(ASK, {"email": email}).status_code == 202
    send_all()
    assert mail.outbox == []
    assert not LinkMail.objects.exists(), "nobody's address is kept"
    assert not OneTimeLink.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"email": ""}, {"email": "ana"}, {"email": 7}, {"email": ["a@b.co"]}]
)
def test_what_is_no_address_is_refused(api, body):
    response = api.post(ASK, body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "email")
    assert not LinkMail.objects.exists()


def test_beyond_the_limits_the_answer_stays_and_no_mail_comes(api):
    UserFactory(email="ana@example.com")
    for _time in range(5):
        assert api.post(ASK, {"email": "ana@example.com"}).status_code == 202
    assert LinkMail.objects.count() == 3
    for number in range(40):
        assert api.post(ASK, {"email": f"n{number}@example.com"}).status_code == 202
    assert LinkMail.objects.count() == 3 + 25, "30 of one client, of which 5 were before"


def test_a_platform_without_mail_says_the_same_and_stores_nothing(api, settings):
    settings.MAIL_ENABLED = False
    response = api.post(ASK, {"email": "ana@example.com"})
    assert (response.status_code, response.content) == (202, b"")
    assert not LinkMail.objects.exists()


def test_the_row_is_the_job(api, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        api.post(ASK, {"email": "ana@example.com"}, HTTP_X_REQUEST_ID="request-1")
    job = LinkMail.objects.get()
    arguments = {"pk": job.pk, "request_id": "request-1"}
    assert published == [("users.tasks.mail_link", arguments)]
    LinkMail.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    published.clear()
    assert resets.MAILS in work.registry
    assert resets.MAILS.sweep() == 1, "the broker lost the message"


def test_a_mail_server_that_fails_is_tried_again_and_the_last_mail_counts(api, monkeypatch, logged):
    user = UserFactory(email="ana@example.com")

    def refuse(self, *_args):
        refuse.body = self.body
        raise SMTPRecipientsRefused({"ana@example.com": (450, b"later")})

    api.post(ASK, {"email": user.email})
    job = LinkMail.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr("users.resets.EmailMessage.send", refuse)
        mail_link(pk=job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("pending", 1)
    assert job.due_at > timezone.now()
    assert not any("ana@" in str(vars(record)) for record in logged)
    assert OneTimeLink.objects.get().mailed_at is None
    mail_link(pk=job.pk)
    assert mail.outbox == [], "not before it is due"
    LinkMail.objects.update(due_at=timezone.now())
    mail_link(pk=job.pk)
    mail_link(pk=job.pk)
    (message,) = mail.outbox
    assert_refused(use(api, LINK.search(refuse.body)[1]))
    assert use(api, LINK.search(message.body)[1]).status_code == 204


def test_a_mail_that_is_an_hour_late_is_not_sent(api):
    UserFactory(email="ana@example.com")
    api.post(ASK, {"email": "ana@example.com"})
    LinkMail.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    send_all()
    assert mail.outbox == []
    assert not LinkMail.objects.exists()
