from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from core.text import email_key
from users import signals
from users.models import ApiToken, LoginBucket, Session, User
from users.tests.factories import ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def refused(constraint, function):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        function()
    text = str(caught.value)
    assert constraint in text or "UNIQUE constraint failed" in text


def test_the_user_model_is_ours_and_has_no_second_system_of_rights():
    assert get_user_model() is User
    names = {field.name for field in User._meta.get_fields()}
    assert not names & {"groups", "user_permissions", "is_superuser", "is_staff", "username"}


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("users_user_email_unique", {"email": "taken@example.com"}),
        ("users_user_email_folded", {"email": "Upper@example.com"}),
        ("users_user_email_present", {"email": ""}),
        ("users_user_role_known", {"role": "BOSS"}),
        ("users_user_removed_is_inactive", {"anonymised_at": timezone.now()}),
    ],
)
def test_the_database_refuses_bad_users(constraint, fields):
    UserFactory(email="taken@example.com")
    refused(constraint, lambda: UserFactory(**fields))
    assert User.objects.count() == 1


def test_the_database_refuses_a_session_or_token_that_expires_before_it_starts():
    user, now = UserFactory(), timezone.now()
    early = now - timedelta(seconds=1)
    refused(
        "users_session_ends_after_start",
        lambda: SessionFactory(user=user, created_at=now, expires_at=early),
    )
    refused(
        "users_apitoken_ends_after_start",
        lambda: ApiTokenFactory(user=user, created_at=now, expires_at=early),
    )
    assert not Session.objects.exists()
    assert not ApiToken.objects.exists()


def test_a_session_is_of_a_known_kind():
    refused("users_session_kind_known", lambda: SessionFactory(kind="phone"))


@pytest.mark.parametrize(
    ("factory", "new"),
    [(SessionFactory, {"kind": "api", "address": ""}), (ApiTokenFactory, {"read_only": False})],
)
def test_a_node_of_the_release_before_may_still_write(factory, new):
    row = factory()
    table = row._meta.db_table
    columns = [one.column for one in row._meta.concrete_fields if one.name not in new]
    named = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE former AS SELECT {named} FROM {table}")  # noqa: S608 - names of our own columns
        row.delete()
        cursor.execute(f"INSERT INTO {table} ({named}) SELECT {named} FROM former")  # noqa: S608 - names of our own columns
        cursor.execute("DROP TABLE former")
    assert factory._meta.model.objects.values(*new).get() == new


@pytest.mark.parametrize("kind", ["api", "admin"])
def test_the_query_finds_the_sessions_that_are_alive(kind):
    now = timezone.now()
    hours = [0, 1, 2, 24 * 29, 24 * 31]
    for ago in hours:
        SessionFactory(kind=kind, created_at=now - timedelta(hours=ago))
    SessionFactory(kind=kind, revoked_at=now)
    found = set(Session.objects.alive(now))
    assert found == {session for session in Session.objects.all() if session.is_alive(now)}
    assert len(found) == {"api": 4, "admin": 1}[kind]


def test_digests_and_bucket_keys_are_unique():
    ApiTokenFactory(plaintext="same-token")
    refused("users_apitoken_digest_unique", lambda: ApiTokenFactory(plaintext="same-token"))
    end = timezone.now()
    LoginBucket.objects.create(key="k", account="a", window_ends_at=end)
    refused(
        "users_loginbucket_key_unique",
        lambda: LoginBucket.objects.create(key="k", account="b", window_ends_at=end),
    )


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("  Ana@Example.COM ", "ana@example.com"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("\u00c9va@example.com", "\u00e9va@example.com"),
    ],
)
def test_an_address_has_one_spelling(given, stored):
    assert email_key(given) == stored
    user = User.objects.create_user(given, "x", name="A")
    assert user.email == stored
    assert User.objects.get_by_natural_key(given) == user


def test_create_superuser_makes_an_administrator():
    user = User.objects.create_superuser("root@example.com", "x")
    assert (user.role, user.is_staff, user.is_superuser) == (Role.ADMIN, True, True)
    assert user.check_password("x")


def test_the_command_that_makes_an_administrator_leaves_its_entry(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a good long phrase")
    call_command("createsuperuser", interactive=False, email="ROOT@example.com", name="Root")
    user = User.objects.get(email="root@example.com")
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.model, entry.object_id) == ("create", "users.User", str(user.pk))
    assert (entry.changes["role"], entry.changes["password"]) == ([None, "ADMIN"], None)
    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, email="root@example.com", name="R")
    assert (User.objects.count(), JournalEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("role", "staff", "superuser"),
    [
        (Role.ADMIN, True, True),
        (Role.SUPPORT, True, False),
        (Role.ANALYST, True, False),
        (Role.CLINICIAN, False, False),
        (Role.SELLER, False, False),
        (Role.USER, False, False),
    ],
)
def test_the_role_says_who_may_use_the_admin(role, staff, superuser):
    user = UserFactory.build(role=role)
    assert (user.is_staff, user.is_superuser) == (staff, superuser)
    is_support = role in {Role.ADMIN, Role.SUPPORT}
    assert user.has_module_perms("users") is staff
    assert user.has_perm("dogs.change_dog") is is_support
    assert user.has_perm("users.change_user") is superuser
    assert user.has_perm("users.add_apitoken") is superuser
    assert user.has_perms(["users.view_user", "users.unlock_loginbucket"]) is is_support
    assert user.has_perm("core.view_journalentry") is is_support
    assert user.has_perm("stores.view_areaday") is staff
    assert user.has_perm("stores.view_visit") is is_support
    assert user.has_perm("auth.view_group") is superuser
    assert user.has_perm("nowhere.view_thing") is superuser
    assert user.has_perm("dogs.delete_dog") is superuser
    user.is_active = False
    assert not user.has_perm("users.view_user")
    assert not user.has_module_perms("users")


@pytest.mark.parametrize("fields", [None, ["password"]])
def test_a_password_that_is_saved_without_a_service_revokes_every_token(fields):
    user = UserFactory()
    rows = [SessionFactory(user=user), ApiTokenFactory(user=user)]
    user.save(update_fields=fields)
    assert not JournalEntry.objects.exists()
    user.set_password("another good phrase")
    user.save(update_fields=fields)
    for row in rows:
        row.refresh_from_db()
        assert row.revoked_at is not None
    entries = JournalEntry.objects.order_by("id").values_list("model", flat=True)
    assert list(entries) == ["users.User", "users.Session", "users.ApiToken"]


@pytest.mark.django_db(transaction=True)
def test_a_password_whose_tokens_cannot_be_revoked_is_not_stored():
    def fail(**_kwargs):
        raise OSError("the journal is full")

    user = UserFactory()
    session, before = SessionFactory(user=user), user.password
    user.set_password("another good phrase")
    signals.password_changed.connect(fail)
    try:
        with pytest.raises(OSError, match="the journal is full"):
            user.save()
    finally:
        signals.password_changed.disconnect(fail)
    session.refresh_from_db()
    assert User.objects.get(pk=user.pk).password == before
    assert session.revoked_at is None
    assert not JournalEntry.objects.exists()
