"""Accounts for support staff: find, explain, revoke. Nobody sees a hash or a token."""

from users.admin import accounts  # noqa: F401 - importing it registers its pages
