"""Who may do what with the kernel's own resources."""

from core.api.permissions import ADMIN_ONLY

JOURNAL = {"list": ADMIN_ONLY, "retrieve": ADMIN_ONLY}
