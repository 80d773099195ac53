"""Who files, answers and gets cases. Accounts are locked before any case.

Who removes an account locks it first and then its cases; so does every writer here, with the share
that a foreign key takes at the commit anyway.
"""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.db import connection

from cases.errors import UnknownAssignee, UnknownReporter
from core.roles import Role

KEY_SHARE = {"postgresql": " FOR KEY SHARE", "sqlite": ""}
SUPPORT_ROLES = frozenset({Role.SUPPORT.value, Role.ADMIN.value})


def keep_accounts(user_ids: Iterable[int]) -> dict[int, str]:
    """Keep accounts from being removed until the commit; return the roles of the active ones."""
    table = get_user_model()._meta.db_table
    sql = f"SELECT role, is_active FROM {table} WHERE id = %s{KEY_SHARE[connection.vendor]}"  # noqa: S608 - names of our own
    found = {}
    for user_id in sorted(set(user_ids)):
        with connection.cursor() as cursor:
            cursor.execute(sql, [user_id])
            row = cursor.fetchone()
        if row is not None and row[1]:
            found[user_id] = row[0]
    return found


def keep_assignee(user_id: int) -> None:
    """Keep the account of somebody of support.

    Raises:
        UnknownAssignee: there is no active one of this id.
    """
    if keep_accounts([user_id]).get(user_id) not in SUPPORT_ROLES:
        raise UnknownAssignee


def keep_reporter(user_id: int) -> None:
    """Keep the account of whoever a case is filed for.

    Raises:
        UnknownReporter: there is no active one of this id.
    """
    if user_id not in keep_accounts([user_id]):
        raise UnknownReporter
