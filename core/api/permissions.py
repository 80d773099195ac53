"""Closed by default: a table says, per action, who may; an action without a row is refused.

Each app keeps its tables in ``permissions.py`` and each view names its own as
``permission_table``. What a caller may *see* is the business of the view's queryset. ``IN_ADMIN``
says in the same place what other roles than ADMIN may do with the app's rows in the admin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.roles import Role


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do something: anybody, anybody signed in, or the given roles."""

    label: str
    roles: frozenset[str]
    anonymous: bool = False

    def allows(self, user: Any) -> bool:
        """Tell whether ``user`` may."""
        if self.anonymous:
            return True
        return bool(user and user.is_authenticated and user.role in self.roles)


def roles(*names: Role) -> Rule:
    """Return the rule that lets these roles in, and ADMIN."""
    return Rule(", ".join(names), frozenset({*names, Role.ADMIN}))


ANYONE = Rule("anyone", frozenset(Role.values), anonymous=True)
SIGNED_IN = Rule("signed in", frozenset(Role.values))
ADMIN_ONLY = roles(Role.ADMIN)

type_table = Mapping[str, Rule]
# By role, the permissions that it has in the admin of one app, as Django calls them without the
# app's name; ``view_*`` is that of every model.
AdminTable = Mapping[Role, tuple[str, ...]]
LOOKS = ("view_*",)
WORKS = ("view_*", "add_*", "change_*")


class ActionPermission(BasePermission):
    """Reads the row of the view's ``permission_table`` for the action at hand."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the caller may; no row is no."""
        action = view.action_name()
        if action is None:
            return True  # the method is not mapped: the view answers 405
        rule: Rule | None = view.permission_table.get(action)
        return rule is not None and rule.allows(request.user)
