"""Who may do what with users."""

from core.roles import Role

# What SUPPORT may do in the admin with accounts: look, and end what hurts. Whoever can set a
# password, a role or a token owns every account, so those stay with ADMIN.
SUPPORT_WITH_USERS = frozenset(
    {
        "users.view_user",
        "users.view_session",
        "users.view_apitoken",
        "users.view_loginbucket",
        "users.change_session",
        "users.change_loginbucket",
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
