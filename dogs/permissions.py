"""Who may do what with dogs and files."""

from core.api.permissions import ANYONE, SIGNED_IN, WORKS, AdminTable
from core.roles import Role

DOGS = {
    "list": ANYONE,
    "retrieve": ANYONE,
    "create": SIGNED_IN,
    "update": SIGNED_IN,
    "partial_update": SIGNED_IN,
    "destroy": SIGNED_IN,
    "adopt": SIGNED_IN,
    "release": SIGNED_IN,
    "another_picture": SIGNED_IN,
}
# Whose dog it is stands in the public record; whose it was is not for everybody.
ADOPTIONS = {"list": SIGNED_IN}
FILES = {  # a sender sees its own files; ADMIN and SUPPORT see all
    "list": SIGNED_IN,
    "retrieve": SIGNED_IN,
    "create": SIGNED_IN,
    "destroy": SIGNED_IN,  # its sender's and ADMIN's; SUPPORT is refused (retention.erase_file)
}
ALL_FILES = frozenset({Role.ADMIN, Role.SUPPORT})
IN_ADMIN: AdminTable = {Role.SUPPORT: WORKS}
