"""Who may do what: sellers read the catalogue and record visits, ADMIN manages, SUPPORT helps."""

from rest_framework.request import Request

from core.api.permissions import ADMIN_ONLY, ANYONE, WORKS, AdminTable, Rule, roles
from core.roles import Role

SUPPORT = roles(Role.SUPPORT)
STAFF_AND_SELLERS = roles(Role.SUPPORT, Role.SELLER)
# For phones: what an ADMIN did there would be a seller's visit.
SELLERS_ONLY = Rule("SELLER only", frozenset({Role.SELLER}))

MANAGED = {
    "list": STAFF_AND_SELLERS,
    "retrieve": STAFF_AND_SELLERS,
    "create": ADMIN_ONLY,
    "update": ADMIN_ONLY,
    "partial_update": ADMIN_ONLY,
    "destroy": ADMIN_ONLY,
    "bulk": ADMIN_ONLY,
    "export_file": SUPPORT,
}
PLACES = {"list": STAFF_AND_SELLERS, "retrieve": STAFF_AND_SELLERS}
PRODUCTS = MANAGED
ESTABLISHMENTS = {**MANAGED, "reassign": ADMIN_ONLY}
ASSIGNMENTS = MANAGED
PORTFOLIOS = {
    "list": STAFF_AND_SELLERS,
    "retrieve": STAFF_AND_SELLERS,
    "create": ADMIN_ONLY,
    "update": ADMIN_ONLY,
    "partial_update": ADMIN_ONLY,
    "destroy": ADMIN_ONLY,
    "draft": ADMIN_ONLY,
    "discard_draft": ADMIN_ONLY,
    "publish": ADMIN_ONLY,
    "diff": SUPPORT,
}
PORTFOLIO_VERSIONS = {"list": SUPPORT, "retrieve": SUPPORT, "retire": ADMIN_ONLY}
VISITS = {
    "list": STAFF_AND_SELLERS,
    "retrieve": STAFF_AND_SELLERS,
    "apply_revision": SUPPORT,
    "void": SUPPORT,
}
REVISIONS = {"list": SUPPORT}
# Sums over places and products: who visited, what and whose is not an analyst's business.
IN_ADMIN: AdminTable = {
    Role.SUPPORT: WORKS,
    Role.ANALYST: ("view_areaday", "view_productday", "view_productmonth"),
}
FIGURES = {"get": roles(Role.ANALYST)}
OWN_FIGURES = {"get": SELLERS_ONLY}
UNRECOGNISED = {"list": SUPPORT, "retrieve": SUPPORT, "preview": SUPPORT}
PHOTOS = {"post": SELLERS_ONLY, "options": ANYONE}
PHOTO = {"get": SELLERS_ONLY, "patch": SELLERS_ONLY, "options": ANYONE}
SUGGESTIONS = {"list": SUPPORT}
PICTURE = {"get": STAFF_AND_SELLERS}
SYNC = {"get": SELLERS_ONLY, "post": SELLERS_ONLY}


def is_seller(request: Request) -> bool:
    """Tell whether the caller sees only what is in use, or their own."""
    return getattr(request.user, "role", "") == Role.SELLER
