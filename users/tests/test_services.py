from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from core import signals
from core.models import JournalEntry
from core.roles import Role
from users import checks, demo, services, tasks
from users.constants import DEMO_PASSWORD
from users.errors import EmailTaken, LastAdmin
from users.models import ApiToken, LoginBucket, Session, User
from users.tests.factories import PASSWORD, ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = "another good phrase"


def history_of(user):
    return list(
        JournalEntry.objects.filter(model="users.User", object_id=str(user.pk))
        .order_by("id")
        .values_list("action", flat=True)
    )


def test_creating_leaves_a_history_without_the_password():
    user = services.create_user(email="ANA@example.com", password=PASSWORD, name="Ana")
    entry = JournalEntry.objects.get()
    assert (entry.model, entry.object_id, entry.action) == ("users.User", str(user.pk), "create")
    assert entry.changes["email"] == [None, "ana@example.com"]
    assert entry.changes["password"] is None
    assert user.check_password(PASSWORD)


def test_without_a_password_nobody_can_sign_in():
    assert not services.create_user(email="a@example.com", name="A").has_usable_password()


@pytest.mark.parametrize("email", ["taken@example.com", "TAKEN@Example.com"])
def test_a_taken_address_is_a_conflict_and_nothing_changes(email):
    UserFactory(email="taken@example.com")
    other = UserFactory(email="other@example.com")
    with pytest.raises(EmailTaken):
        services.create_user(email=email, name="B")
    with pytest.raises(EmailTaken):
        services.update_user(user=other, email=email, name="Changed")
    other.refresh_from_db()
    assert (other.email, User.objects.count()) == ("other@example.com", 2)
    assert not JournalEntry.objects.exists()


def test_changing_says_what_changed_and_revokes_no_session():
    session = SessionFactory(user=UserFactory(name="Ana"))
    services.update_user(user=session.user, name="Bea")
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.changes) == ("change", {"name": ["Ana", "Bea"]})
    session.refresh_from_db()
    assert session.revoked_at is None
    services.update_user(user=session.user, name="Bea")
    assert JournalEntry.objects.count() == 1, "nothing changed, no entry"


def test_a_new_password_revokes_every_token_and_each_history_has_it():
    user = UserFactory()
    session, token = SessionFactory(user=user), ApiTokenFactory(user=user)
    other = SessionFactory()
    services.update_user(user=user, password=NEW)
    for row in (session, token, other):
        row.refresh_from_db()
    assert session.revoked_reason == "The password was changed."
    assert token.revoked_at is not None
    assert other.revoked_at is None
    assert user.check_password(NEW)
    entries = JournalEntry.objects.values_list("model", "reason").order_by("id")
    assert list(entries) == [
        ("users.User", ""),
        ("users.Session", "The password was changed."),
        ("users.ApiToken", "The password was changed."),
    ]
    assert JournalEntry.objects.get(model="users.User").changes == {"password": None}


def test_removing_anonymises_frees_the_address_and_signals_the_other_apps():
    heard = []

    def listen(*, user_id, **_kwargs):
        heard.append(user_id)

    user = UserFactory(name="Ana", last_name="Soto", email="ana@example.com")
    session, token = SessionFactory(user=user), ApiTokenFactory(user=user)
    signals.user_removed.connect(listen)
    try:
        services.remove_user(user=user)
    finally:
        signals.user_removed.disconnect(listen)
    row = str(User.objects.filter(pk=user.pk).values().get())
    assert not any(part in row for part in ("Ana", "Soto", "ana@"))
    user.refresh_from_db()
    assert (user.is_active, user.has_usable_password()) == (False, False)
    assert user.anonymised_at is not None
    assert not User.objects.present().exists()
    for revoked in (session, token):
        revoked.refresh_from_db()
        assert revoked.revoked_at is not None
    assert heard == [user.pk]
    assert history_of(user) == ["delete"]
    assert services.create_user(email="ana@example.com", name="New").pk != user.pk


@pytest.mark.parametrize(
    "change",
    [
        lambda user: services.remove_user(user=user),
        lambda user: services.update_user(user=user, role=Role.SUPPORT),
        lambda user: services.update_user(user=user, is_active=False),
    ],
    ids=["remove", "demote", "deactivate"],
)
def test_the_last_active_administrator_stays(change):
    admin = UserFactory(role=Role.ADMIN)
    UserFactory(role=Role.ADMIN, is_active=False)
    with pytest.raises(LastAdmin):
        change(User.objects.get(pk=admin.pk))
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == (Role.ADMIN, True)
    assert not JournalEntry.objects.exists()
    UserFactory(role=Role.ADMIN)
    change(admin)
    assert User.objects.active_admins().count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_administrators_who_demote_each_other_at_once_do_not_both_win():
    for _round in range(10):
        User.objects.all().delete()
        pair = UserFactory.create_batch(2, role=Role.ADMIN)

        def demote(user):
            try:
                services.update_user(user=user, role=Role.USER)
            except LastAdmin:
                return "refused"
            finally:
                connection.close()
            return "done"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(demote, pair)) == ["done", "refused"]
        assert User.objects.active_admins().count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_address_asked_for_at_once_is_given_once():
    def create(spelling):
        try:
            services.create_user(email=spelling, name="A")
        except EmailTaken:
            return "taken"
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, ["ana@example.com", "ANA@example.com"] * 8))
    assert (answers.count("made"), answers.count("taken")) == (1, 15)
    assert JournalEntry.objects.count() == 1


# --- the first administrator -------------------------------------------------------------------


@pytest.fixture
def first_admin(settings):
    settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD = "Root@example.com", PASSWORD


THERE_IS_ONE = (
    "administrator: none made from ADMIN_EMAIL, an active one exists already"
    " (another: manage.py createsuperuser)"
)


def ensure_admin():
    out = StringIO()
    call_command("ensure_admin", stdout=out)
    return out.getvalue().strip()


def test_the_first_administrator_is_made_once(first_admin):
    assert ensure_admin() == "administrator root@example.com made"
    assert ensure_admin() == THERE_IS_ONE
    user = User.objects.get()
    assert (user.role, user.check_password(PASSWORD)) == (Role.ADMIN, True)
    assert JournalEntry.objects.get().actor_label == "ensure_admin"


def test_an_existing_administrator_is_enough(first_admin):
    UserFactory(role=Role.ADMIN)
    assert ensure_admin() == THERE_IS_ONE
    assert User.objects.count() == 1


def test_nothing_configured_makes_nobody(settings):
    settings.ADMIN_EMAIL = settings.ADMIN_PASSWORD = ""
    assert ensure_admin() == ""
    assert not User.objects.exists()


@pytest.mark.parametrize("missing", ["ADMIN_EMAIL", "ADMIN_PASSWORD"])
def test_half_of_what_is_needed_is_said(first_admin, settings, missing):
    setattr(settings, missing, "")
    assert ensure_admin() == f"administrator: none made, {missing} is not set"
    assert not User.objects.exists()


def test_beside_demo_data_the_start_says_why_nobody_was_made(first_admin, settings):
    settings.DEMO_DATA = True
    out = StringIO()
    call_command("prepare", verbosity=0, stdout=out)
    assert out.getvalue().splitlines()[-1] == THERE_IS_ONE
    assert not User.objects.filter(email="root@example.com").exists()


def test_a_weak_password_or_a_taken_address_is_refused_in_words(first_admin, settings):
    UserFactory(email="root@example.com")
    with pytest.raises(CommandError, match="without the role"):
        ensure_admin()
    settings.ADMIN_PASSWORD = "12345678"
    with pytest.raises(CommandError, match=r"ADMIN_PASSWORD: .*common"):
        ensure_admin()
    assert User.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_replicas_make_one_administrator(first_admin):
    def start(_number):
        try:
            return ensure_admin()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(start, range(4)))
    assert answers == ["administrator root@example.com made", *[THERE_IS_ONE] * 3]
    assert User.objects.count() == 1


# --- demo data ---------------------------------------------------------------------------------


def test_demo_data_has_the_users_and_tokens_of_the_brief(api):
    with connection.cursor() as cursor:  # a test before may have left its number
        cursor.execute(
            "ALTER SEQUENCE users_user_id_seq RESTART WITH 1"
            if connection.vendor == "postgresql"
            else "DELETE FROM sqlite_sequence WHERE name = 'users_user'"
        )
    assert demo.load() == demo.load()
    assert list(User.objects.order_by("pk").values_list("pk", "name", "role")) == [
        (1, "admin", "ADMIN"),
        (2, "consumer", "USER"),
    ]
    assert ApiToken.objects.count() == 2
    for token, name in (("abcdef1234567890", "admin"), ("1234567890", "consumer")):
        answer = api.get("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {token}")
        assert answer.json()["name"] == name
    assert UserFactory().pk == 3


def test_demo_data_beside_other_users_takes_free_ids():
    user = UserFactory()
    demo.load()
    assert User.objects.filter(pk__gt=user.pk).count() == 2


def test_production_refuses_demo_credentials(settings):
    demo.load()
    UserFactory(email="ana@plaza.example", role=Role.SELLER, password=DEMO_PASSWORD)  # an app's
    UserFactory(email="eva@plaza.example", role=Role.SELLER)  # has a password of her own
    assert checks.no_demo_credentials(databases=["default"]) == [], "fine in development"
    settings.PRODUCTION, settings.DEMO_DATA = True, False
    assert checks.no_demo_credentials() == [], "no database, no check"
    found = checks.no_demo_credentials(databases=["default"])
    assert len(found) == 5
    assert {error.id for error in found} == {"users.E001"}
    assert not any(token in str(found) for token in ("abcdef", "1234567890", DEMO_PASSWORD))
    call_command("forget_demo", stdout=StringIO())
    entries = JournalEntry.objects.filter(model="users.User", action="change")
    assert list(entries.values_list("changes", flat=True)) == [{"password": None}] * 3
    assert checks.no_demo_credentials(databases=["default"]) == []


def test_a_production_server_does_not_start_with_demo_credentials(settings, monkeypatch):
    monkeypatch.setattr(checks.connections, "close_all", lambda: None)
    settings.PRODUCTION, settings.DEMO_DATA = True, False
    checks.refuse_demo_credentials()
    UserFactory(role=Role.ADMIN, password=DEMO_PASSWORD)
    with pytest.raises(ImproperlyConfigured, match="Demo credentials"):
        checks.refuse_demo_credentials()


# --- purging -----------------------------------------------------------------------------------


def test_purging_deletes_what_is_long_over_and_nothing_else():
    now = timezone.now()
    old = now - timedelta(days=31)
    kept = [SessionFactory(), SessionFactory(revoked_at=now - timedelta(days=29))]
    SessionFactory(revoked_at=old)
    SessionFactory(created_at=now - timedelta(days=90), expires_at=old)
    LoginBucket.objects.create(key="a", account="a", window_ends_at=now - timedelta(seconds=1))
    live = LoginBucket.objects.create(
        key="b", account="b", window_ends_at=now + timedelta(minutes=1)
    )
    assert tasks.purge_expired() == {"sessions": 2, "buckets": 1, "links": 0, "mails": 0}
    assert set(Session.objects.all()) == set(kept)
    assert list(LoginBucket.objects.all()) == [live]


def test_purging_deletes_the_admins_cookies_that_are_over(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    BrowserSession.objects.create(session_key="over", expire_date=timezone.now())
    tasks.purge_expired()
    assert [row.session_key for row in BrowserSession.objects.all()] == [client.session.session_key]
