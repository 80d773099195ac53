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
PASSWORD_RESET = {"post": ANYONE}
TOKENS = {"post": ANYONE}
# Theirs alone, also ADMIN's; an API token is refused whatever its owner may.
OWN_SESSIONS = dict.fromkeys(("list", "retrieve", "destroy", "end_others"), SIGNED_IN)
OWN_TOKENS = dict.fromkeys(("list", "create", "retrieve", "destroy"), SIGNED_IN)

# What SUPPORT may do in the admin with accounts: look, end sessions and tokens, unlock,
# make links. Whoever
# can set a password, a role or a token owns every account, so those stay with ADMIN.
SUPPORT_WITH_USERS = frozenset(
    {
        "users.view_user",
        "users.view_session",
        "users.view_apitoken",
        "users.view_loginbucket",
        "users.view_linkmail",
        "users.view_onetimelink",
        "users.view_secondfactor",
        "users.link_user",
        "users.revoke_session",
        "users.revoke_apitoken",
        "users.unlock_loginbucket",
    }
)


# Whose accounts SUPPORT may hand a link out for: whoever has it sets the password, and is them.
LINKED_BY_SUPPORT = frozenset({Role.SELLER, Role.USER})


def may_see_link(role: str, of: str) -> bool:
    """Tell whether ``role`` may see a one-time link of somebody with the role ``of``."""
    return role == Role.ADMIN or (role == Role.SUPPORT and of in LINKED_BY_SUPPORT)


def may_mail_link(role: str, of: str) -> bool:
    """Tell whether ``role`` may have a link sent to its owner, unseen."""
    return role == Role.ADMIN or (role == Role.SUPPORT and of != Role.ADMIN)


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
