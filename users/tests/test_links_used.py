"""Using a one-time link: once, in time, by whoever has it, and what it ends."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.models import JournalEntry, StoredAnswer
from core.roles import Role
from core.tests.helpers_threads import together
from users import services
from users.auth import api_tokens, links
from users.checks import links_have_an_address
from users.errors import InvalidLink
from users.models import LinkMail, LoginBucket, OneTimeLink, Session, User
from users.tasks import purge_expired
from users.tests.factories import PASSWORD, UserFactory
from users.tests.helpers_links import ASK, NEW, assert_refused, mailed, send_all, use

pytestmark = pytest.mark.django_db


def test_a_link_is_good_once(api):
    user = UserFactory()
    token = mailed(api, user.email)
    assert use(api, token).status_code == 204
    assert_refused(use(api, token, "yet another phrase"))
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_new_link_replaces_the_former_one(api):
    user = UserFactory()
    first, second = mailed(api, user.email), mailed(api, user.email)
    assert_refused(use(api, first))
    assert use(api, second).status_code == 204


def test_a_link_is_good_for_an_hour(api):
    user = UserFactory()
    _link, token = links.make_link(user=user)
    now = timezone.now()
    OneTimeLink.objects.update(created_at=now - timedelta(hours=1), expires_at=now)
    assert_refused(use(api, token))
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"email": "other@example.com"},
        {"role": Role.SUPPORT},
        {"password": "set by an administrator"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_account_ends_its_link(api, change):
    user = UserFactory()
    _link, token = links.make_link(user=user)
    services.update_user(user=User.objects.get(pk=user.pk), **change)
    before = User.objects.get(pk=user.pk).password
    assert_refused(use(api, token))
    assert User.objects.get(pk=user.pk).password == before
    assert OneTimeLink.objects.get().ended_at is not None


def test_a_removed_user_leaves_no_link_and_no_mail(api):
    user = UserFactory()
    _link, token = links.make_link(user=user)
    api.post(ASK, {"email": user.email})
    services.remove_user(user=user)
    assert not LinkMail.objects.exists()
    assert_refused(use(api, token))
    with pytest.raises(InvalidLink):
        links.make_link(user=user)


def test_a_deactivated_user_is_refused_whatever_the_row_says(api):
    user = UserFactory()
    _link, token = links.make_link(user=user)
    User.objects.update(is_active=False)
    assert_refused(use(api, token))


def test_another_users_session_changes_nothing(client_for):
    other = client_for(Role.USER)
    user = UserFactory()
    _link, token = links.make_link(user=user)
    assert use(other, token).status_code == 204
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert other.get("/api/users/me").json()["id"] == other.user.pk
    other.user.refresh_from_db()
    assert other.user.check_password(PASSWORD)


def test_sessions_and_api_tokens_end_and_wrong_passwords_are_forgotten(api, client_for):
    caller = client_for(Role.USER)
    user = caller.user
    _row, text = api_tokens.create_api_token(user=user, name="nightly")
    for _time in range(6):
        api.post("/api/auth/token", {"email": user.email, "password": "a guess"})
    token = mailed(api, user.email)
    assert use(api, token).status_code == 204
    assert caller.get("/api/users/me").status_code == 401
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert caller.get("/api/users/me").status_code == 401
    assert Session.objects.get().revoked_reason == "The password was changed."
    answer = api.post("/api/auth/token", {"email": user.email, "password": NEW})
    assert answer.status_code == 200
    assert LoginBucket.objects.filter(max_attempts__isnull=False).count() == 2, "of asking"


@pytest.mark.parametrize("password", ["short", "12345678", "", None, 7, "x" * 1001])
def test_a_bad_password_leaves_the_link_good(api, password):
    _link, token = links.make_link(user=UserFactory())
    response = use(api, token, password)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "password")
    assert use(api, token).status_code == 204


def test_a_password_like_the_users_name_is_refused(api):
    user = UserFactory(name="Wilhelmina", email="wilhelmina.s@example.com")
    _link, token = links.make_link(user=user)
    response = use(api, token, "Wilhelmina1")
    assert response.json()["errors"][0]["field"] == "password"


@pytest.mark.parametrize("token", ["x", "x" * 43, "é" * 43, " " * 43, "x" * 200])
def test_what_is_no_token_is_one_refusal(api, token):
    assert_refused(use(api, token))


@pytest.mark.parametrize("token", [None, 7, "", "x" * 201, "a\x00b", ["x"]])
def test_what_is_no_text_is_refused_by_name(api, token):
    assert use(api, token).status_code == 400


def test_the_token_is_stored_and_logged_nowhere(api, logged):
    user = UserFactory()
    token = mailed(api, user.email)
    assert use(api, token, HTTP_IDEMPOTENCY_KEY="once").status_code == 204
    again = use(api, token, HTTP_IDEMPOTENCY_KEY="once")
    assert (again.status_code, again["Idempotency-Replayed"]) == (204, "true")
    rows = [*OneTimeLink.objects.values(), *JournalEntry.objects.values()]
    rows += StoredAnswer.objects.values()
    for secret in (token, NEW):
        assert secret not in str(rows)
        assert not any(secret in str(vars(record)) for record in logged)
    assert not any(user.email in str(record.getMessage()) for record in logged)


def test_the_journal_tells_the_story(api):
    user = UserFactory()
    token = mailed(api, user.email)
    use(api, token)
    entries = JournalEntry.objects.filter(model="users.OneTimeLink").order_by("pk")
    assert [entry.action for entry in entries] == ["create", "change"]
    assert entries[0].changes["digest"] is None
    assert list(entries[1].changes) == ["used_at"]
    changed = JournalEntry.objects.filter(model="users.User", action="change")
    assert [entry.changes for entry in changed] == [{"password": None}]


def test_the_address_is_never_the_requests(api, settings):
    settings.ALLOWED_HOSTS = ["*"]
    UserFactory(email="ana@example.com")
    api.post(ASK, {"email": "ana@example.com"}, HTTP_HOST="evil.example")
    send_all()
    assert "evil" not in mail.outbox[0].body
    settings.PASSWORD_RESET_URL = "https://front.example/new-password?code={token}"
    assert links.address_of("abc") == "https://front.example/new-password?code=abc"


def test_production_warns_when_no_link_can_be_made(settings):
    assert links_have_an_address() == []
    settings.PRODUCTION, settings.PUBLIC_URL = True, ""
    assert [warning.id for warning in links_have_an_address()] == ["users.W001"]
    settings.PASSWORD_RESET_URL = "https://front.example/#{token}"
    assert links_have_an_address() == []


def test_a_former_secret_key_keeps_links_good(api, settings):
    _link, token = links.make_link(user=UserFactory())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "k" * 40
    assert use(api, token).status_code == 204


def test_old_links_and_mails_are_purged(api):
    links.make_link(user=UserFactory())
    api.post(ASK, {"email": "ana@example.com"})
    long_ago = timezone.now() - timedelta(days=40)
    OneTimeLink.objects.update(created_at=long_ago, expires_at=long_ago + timedelta(hours=1))
    LinkMail.objects.update(created_at=long_ago)
    counts = purge_expired()
    assert (counts["links"], counts["mails"]) == (1, 1)
    assert not OneTimeLink.objects.exists()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"purpose": "other"}, "users_onetimelink_purpose"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "users_onetimelink_ends_after_start"),
        ({"used_at": timezone.now()}, "users_onetimelink_used_is_ended"),
    ],
)
def test_the_database_refuses_bad_links(fields, name):
    links.make_link(user=UserFactory())
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        OneTimeLink.objects.update(**fields)


def test_the_database_keeps_one_open_link_of_a_user_and_every_digest_apart():
    user, now = UserFactory(), timezone.now()
    link, _token = links.make_link(user=user)
    fields = {"purpose": "reset", "created_at": now, "expires_at": now + timedelta(hours=1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeLink.objects.create(user=user, digest="other", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeLink.objects.create(user=UserFactory(), digest=link.digest, **fields)
    with pytest.raises(IntegrityError, match="users_linkmail_status_known"), transaction.atomic():
        LinkMail.objects.create(email="a@example.com", language="en", status="odd")
    assert OneTimeLink.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_link_at_once_one_sets_the_password():
    from rest_framework.test import APIClient

    user = UserFactory()
    _link, token = links.make_link(user=user)
    answers = together(6, lambda number: use(APIClient(), token, f"{NEW} {number}"))
    assert sorted(answer.status_code for answer in answers) == [204, *[400] * 5]
    winner = [answer.status_code for answer in answers].index(204)
    user.refresh_from_db()
    assert user.check_password(f"{NEW} {winner}")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_links_made_at_once_one_stays_good():
    user = UserFactory()
    together(6, lambda _number: links.make_link(user=user))
    assert OneTimeLink.objects.filter(ended_at__isnull=True).count() == 1
    assert OneTimeLink.objects.count() == 6
