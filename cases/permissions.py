"""Who may do what with cases: support answers them, sellers file and follow their own."""

from rest_framework.request import Request

from core.api.permissions import WORKS, AdminTable, roles
from core.roles import Role

SUPPORT = roles(Role.SUPPORT)
SUPPORT_AND_SELLERS = roles(Role.SUPPORT, Role.SELLER)

CASES = {
    "list": SUPPORT_AND_SELLERS,
    "retrieve": SUPPORT_AND_SELLERS,
    "create": SUPPORT_AND_SELLERS,  # sellers: kinds that say so
    "partial_update": SUPPORT,
    "take": SUPPORT,
    "assign": SUPPORT,
    "reply": SUPPORT_AND_SELLERS,
    "wait": SUPPORT,
    "resolve": SUPPORT,
    "reopen": SUPPORT_AND_SELLERS,
    "duplicate": SUPPORT,
}
EVENTS = {"list": SUPPORT_AND_SELLERS}
FIGURES = {"get": roles(Role.ANALYST)}
IN_ADMIN: AdminTable = {Role.SUPPORT: WORKS}


def is_seller(request: Request) -> bool:
    """Tell whether the caller sees only their own cases, and of these what is for them."""
    return getattr(request.user, "role", "") == Role.SELLER
