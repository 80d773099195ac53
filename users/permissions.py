"""Who may do what with users: the API's tables, and the answers for the admin."""

from core.api.permissions import ADMIN_ONLY, ANYONE, SIGNED_IN, AdminTable
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

# SUPPORT looks, ends sessions and tokens, unlocks, makes links. Whoever can set a password, a role
# or a token owns every account, so those stay with ADMIN.
IN_ADMIN: AdminTable = {
    Role.SUPPORT: (
        *("view_user", "link_user"),
        *("view_session", "revoke_session", "view_apitoken", "revoke_apitoken"),
        *("view_loginbucket", "unlock_loginbucket"),
        *("view_linkmail", "view_onetimelink", "view_secondfactor"),
    )
}

# Whose accounts SUPPORT may hand a link out for: whoever has it sets the password, and is them.
LINKED_BY_SUPPORT = frozenset({Role.SELLER, Role.USER})


def may_see_link(role: str, of: str) -> bool:
    """Tell whether ``role`` may see a one-time link of somebody with the role ``of``."""
    return role == Role.ADMIN or (role == Role.SUPPORT and of in LINKED_BY_SUPPORT)


def may_mail_link(role: str, of: str) -> bool:
    """Tell whether ``role`` may have a link sent to its owner, unseen."""
    return role == Role.ADMIN or (role == Role.SUPPORT and of != Role.ADMIN)
