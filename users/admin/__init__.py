"""Accounts for support staff: find, explain, end. Nobody sees a hash or a token."""

from users.admin import signing_in as signing_in
from users.admin import time_zones as time_zones
from users.admin.access import ApiTokenAdmin, LoginBucketAdmin, SessionAdmin
from users.admin.accounts import UserAdmin
from users.admin.proofs import LinkMailAdmin, OneTimeLinkAdmin, SecondFactorAdmin

__all__ = [
    "ApiTokenAdmin",
    "LinkMailAdmin",
    "LoginBucketAdmin",
    "OneTimeLinkAdmin",
    "SecondFactorAdmin",
    "SessionAdmin",
    "UserAdmin",
]
