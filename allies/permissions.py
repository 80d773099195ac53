"""Who may do what with allies: support staff."""

from core.api.permissions import WORKS, AdminTable, roles
from core.roles import Role

SUPPORT = roles(Role.SUPPORT)

ALLIES = {
    "list": SUPPORT,
    "retrieve": SUPPORT,
    "create": SUPPORT,
    "update": SUPPORT,
    "partial_update": SUPPORT,
    "destroy": SUPPORT,
    "tags": SUPPORT,
}
CREDENTIALS = {"retrieve": SUPPORT, "create": SUPPORT}
IN_ADMIN: AdminTable = {Role.SUPPORT: WORKS}
