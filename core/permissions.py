"""Who may look at the kernel's rows in the admin."""

from core.api.permissions import LOOKS, AdminTable
from core.roles import Role

IN_ADMIN: AdminTable = {Role.SUPPORT: LOOKS}
