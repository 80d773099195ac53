"""Writes that an answer can do without."""

import pytest
from django.db import DatabaseError, InternalError, OperationalError, transaction

from core.db import if_writable


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
