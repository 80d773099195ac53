"""Writes that an answer can do without, and locks that end with their transaction."""

import pytest
from django.db import DatabaseError, InternalError, OperationalError, connection, transaction

from core.db import advisory_lock, if_writable


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
