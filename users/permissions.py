"""Who may do what with users: the API's tables, and the answers for the admin."""

from core.api.permissions import ADMIN_ONLY, ANYONE, SIGNED_IN
from core.roles import Role

# Whose row it is, is the queryset's business: others than ADMIN find themselves only.
USERS = {
    "list": ADMIN_ONLY,
    "create": ADMIN_ONLY,
    "retrieve": SIGNED_IN,
    "update": SIGNED_IN,
    "partial_update": SIGNED_IN,
    "destroy": SIGNED_IN,
}
ME = dict.fromkeys(("retrieve", "update", "partial_update", "destroy"), SIGNED_IN)
TOKENS = {"post": ANYONE}
# Theirs alone, also ADMIN's; an API token is refused whatever its owner may.
OWN_SESSIONS = dict.fromkeys(("list", "retrieve", "destroy", "end_others"), SIGNED_IN)
OWN_TOKENS = dict.fromkeys(("list", "create", "retrieve", "destroy"), SIGNED_IN)

# What SUPPORT may do in the admin with accounts: look, end sessions and tokens, unlock. Whoever
# can set a password, a role or a token owns every account, so those stay with ADMIN.
SUPPORT_WITH_USERS = frozenset(
    {
        "users.view_user",
        "users.view_session",
        "users.view_apitoken",
        "users.view_loginbucket",
        "users.revoke_session",
        "users.revoke_apitoken",
        "users.unlock_loginbucket",
    }
)


def may_in_admin(role: str, permission: str) -> bool:
    """Answer Django's ``has_perm`` from the role; a ModelAdmin may narrow it further."""
    if role == Role.ADMIN:
        return True
    app, _, action = permission.partition(".")
    if role != Role.SUPPORT or app == "auth":
        return False
    if app in {"users", "core"}:
        return permission in SUPPORT_WITH_USERS or (app == "core" and action.startswith("view_"))
    return not action.startswith("delete_")
