"""Who may do what with movies, favourites and ratings."""

from core.api.permissions import ADMIN_ONLY, SIGNED_IN, WORKS, AdminTable, roles
from core.roles import Role

CATALOG = dict.fromkeys(("popular", "search", "retrieve"), SIGNED_IN)
# Everybody has a list and ratings of their own, and sees no other's.
FAVORITES = dict.fromkeys(("list", "retrieve", "create", "destroy"), SIGNED_IN)
RATINGS = dict.fromkeys(("retrieve", "create", "update", "partial_update", "destroy"), SIGNED_IN)
FAVORITES_OF_USERS = {"list": ADMIN_ONLY, "wipe": ADMIN_ONLY}
GONE = {"list": roles(Role.SUPPORT), "create": roles(Role.SUPPORT)}
IN_ADMIN: AdminTable = {Role.SUPPORT: WORKS}


def may_wipe(user: object) -> bool:
    """Tell whether somebody may empty another's list in the admin: ADMIN, as by the API."""
    return getattr(user, "role", "") == Role.ADMIN
