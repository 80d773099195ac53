"""Accounts for support staff: find, explain, end. Nobody sees a hash or a token."""

from users.admin.access import ApiTokenAdmin, LoginBucketAdmin, SessionAdmin
from users.admin.accounts import UserAdmin

__all__ = ["ApiTokenAdmin", "LoginBucketAdmin", "SessionAdmin", "UserAdmin"]
