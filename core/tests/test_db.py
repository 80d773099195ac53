"""Writes that a constraint refuses or that an answer can do without, locks, the one clock."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InternalError,
    OperationalError,
    connection,
    transaction,
)
from django.utils import timezone

from core.db import advisory_lock, database_now, if_writable, refusing, violates
from core.errors import BadRequest, Conflict, NotFound
from users.models import Session, User
from users.tests.factories import SessionFactory, UserFactory

REFUSALS = {
    "users_user_email_unique": Conflict,
    "users_user_email_folded": BadRequest,
    "users_user_pkey": NotFound,
}
KEY = 2_000_000_007  # no sequence comes so far in a test


def second(**values):
    """A user that is not stored yet, beside one who has a known key and an address."""
    UserFactory(pk=KEY, email="ada@example.com")
    return UserFactory.build(**values)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"email": "ada@example.com"}, Conflict),
        ({"email": "ADA@example.com"}, BadRequest),
        ({"pk": KEY, "email": "eva@example.com"}, NotFound),
    ],
    ids=["unique", "check", "primary key"],
)
def test_a_broken_constraint_is_the_error_that_its_name_stands_for(values, error):
    user = second(**values)
    with pytest.raises(error) as caught, refusing(User, REFUSALS), transaction.atomic():
        user.save(force_insert=True)
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert list(User.objects.values_list("pk", "email")) == [(KEY, "ada@example.com")], (
        "the transaction around it goes on"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [{"email": None}, {"email": ""}, {"email": "eva@example.com", "role": "BOSS"}],
    ids=["not null", "check", "another check"],
)
def test_a_constraint_without_an_error_stays_what_it_is(values):
    user = second(**values)
    with pytest.raises(IntegrityError), refusing(User, REFUSALS), transaction.atomic():
        user.save(force_insert=True)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_constraint_of_another_table_stays_what_it_is():
    session = SessionFactory()
    with pytest.raises(IntegrityError) as caught, refusing(User, REFUSALS), transaction.atomic():
        session.save(force_insert=True)
    assert violates(caught.value, Session, "users_session_pkey")
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_what_is_no_breach_is_left_alone():
    with refusing(User, REFUSALS):
        UserFactory()
    with pytest.raises(OperationalError), refusing(User, REFUSALS):
        raise OperationalError("disk full")
    with pytest.raises(IntegrityError), refusing(User, REFUSALS):
        raise IntegrityError("FOREIGN KEY constraint failed")


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_no_savepoint_is_needed():
    user = second(email="ada@example.com")
    assert not connection.in_atomic_block
    with pytest.raises(Conflict), refusing(User, REFUSALS):
        user.save()
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("message", "constraint", "expected"),
    [
        ("UNIQUE constraint failed: users_user.email", "users_user_email_unique", True),
        ("UNIQUE constraint failed: users_user.id", "users_user_pkey", True),
        ("UNIQUE constraint failed: index 'users_user_any'", "users_user_any", True),
        ("CHECK constraint failed: users_user_role_known", "users_user_role_known", True),
        ("NOT NULL constraint failed: users_user.email", "users_user_email_unique", False),
        ("UNIQUE constraint failed: users_user.name, users_user.email", "users_user_pkey", False),
        (
            "UNIQUE constraint failed: users_user.name, users_user.email",
            "users_user_email_unique",
            False,
        ),
        ("CHECK constraint failed: users_user_role_known", "users_user_role", False),
        ("FOREIGN KEY constraint failed", "users_user_email_unique", False),
    ],
)
def test_sqlite_is_taken_at_its_word(message, constraint, expected):
    assert violates(IntegrityError(message), User, constraint) is expected


def refuse(error):
    @if_writable
    def write():
        raise error

    return write


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_not_taken_is_none_and_a_line(logged):
    assert refuse(OperationalError("disk full"))() is None
    (line,) = logged
    assert (line.getMessage(), line.error) == ("not written", "disk full")
    assert if_writable(lambda: 7)() == 7


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [DatabaseError("ours"), InternalError("ours")])
def test_a_defect_of_ours_stays_one(error):
    with pytest.raises(type(error)):
        refuse(error)()


@pytest.mark.django_db
def test_inside_a_transaction_the_error_stays():
    with pytest.raises(OperationalError), transaction.atomic():
        refuse(OperationalError("disk full"))()


# -- locks ------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wait", [True, False])
def test_a_lock_without_a_transaction_is_a_mistake(wait):
    with pytest.raises(transaction.TransactionManagementError, match="'work'"):
        advisory_lock("work", wait=wait)


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_taken_as_often_as_its_transaction_likes():
    with transaction.atomic():
        assert advisory_lock("work")
        assert advisory_lock("work", wait=False)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_transactions_one_has_a_lock_until_it_ends():
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with transaction.atomic():
            assert advisory_lock("work")
            assert not advisory_lock("work", wait=False, on=other)
            assert advisory_lock("other work", wait=False, on=other)
        assert advisory_lock("work", wait=False, on=other)
        with transaction.atomic():
            assert not advisory_lock("work", wait=False)
        other.rollback()
        with transaction.atomic():
            assert advisory_lock("work", wait=False)
    finally:
        other.close()


@pytest.mark.django_db
def test_the_database_says_what_time_it_is():
    before = timezone.now()
    moment = database_now()
    assert before <= moment <= timezone.now()
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_time_of_the_database_is_not_this_nodes(monkeypatch):
    off = SimpleNamespace(now=lambda: timezone.now() + timedelta(minutes=5))
    monkeypatch.setattr("core.db.timezone", off)
    assert database_now() <= timezone.now()
    with transaction.atomic():  # which has lasted for a while: it is not its beginning
        first = database_now()
        assert database_now() > first
