"""What every writer of a seller's rows locks first: the account; of visits, the clock next.

Who removes a seller locks the account, too, and then erases what the visits say of the person. So a
visit is either there to be erased, or comes too late to be stored.
"""

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet

from stores import clock
from stores.models import Assignment

# The share that a foreign key takes at the commit anyway: it waits for a removal, a deactivation or
# an ADMIN's change, and for nobody else who works with the account.
KEY_SHARE = {"postgresql": " FOR KEY SHARE", "sqlite": ""}


def keep_account(seller_id: int) -> bool:
    """Keep an account from being removed until the commit; tell whether it is an active one."""
    table = get_user_model()._meta.db_table
    sql = f"SELECT is_active FROM {table} WHERE id = %s{KEY_SHARE[connection.vendor]}"  # noqa: S608 - names of our own
    with connection.cursor() as cursor:
        cursor.execute(sql, [seller_id])
        found = cursor.fetchone()
    return found is not None and bool(found[0])


def lock_assignments(
    assignments: QuerySet[Assignment], *, skip_locked: bool = False
) -> list[Assignment]:
    """Return assignments, locked after the accounts of their sellers, in the order of their keys.

    An assignment that is written and then stamped has its foreign keys looked up at the commit:
    without the account's lock before, a removal of the seller would wait for it, and it for that.
    """
    for seller_id in sorted(set(assignments.order_by().values_list("seller_id", flat=True))):
        keep_account(seller_id)
    return list(assignments.select_for_update(skip_locked=skip_locked).order_by("pk"))


def lock_visits_of(seller_id: int, *, count: int = 0) -> int:
    """Lock the account and the clock of a seller's visits; return what it shows ``count`` later."""
    keep_account(seller_id)
    return clock.advance(clock.seller_key(seller_id), count)
