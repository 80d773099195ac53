"""What a role may do in the admin: the table ``IN_ADMIN`` in each app's ``permissions.py``.

Closed by default: an app without a table, or a role without a row, may nothing. ADMIN may all.
"""

from fnmatch import fnmatchcase
from functools import lru_cache

from django.apps import apps

from core import plugs
from core.api.permissions import AdminTable
from core.roles import Role


def table_of(app: str) -> AdminTable:
    """Return an app's table; an empty one for an app that has none, or is not here."""
    config = apps.app_configs.get(app)
    part = config.part("permissions") if isinstance(config, plugs.PluggableApp) else None
    return getattr(part, "IN_ADMIN", {})


@lru_cache(maxsize=2048)
def may_in_admin(role: str, permission: str) -> bool:
    """Answer Django's ``has_perm`` from the role; a ModelAdmin may narrow it further."""
    if role == Role.ADMIN:
        return True
    app, _, action = permission.partition(".")
    if role not in Role.values:
        return False
    return any(fnmatchcase(action, allowed) for allowed in table_of(app).get(Role(role), ()))
