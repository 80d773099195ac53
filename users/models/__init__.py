"""People, what lets them in, and what proves who they are."""

from users.models.access import ApiToken, LoginBucket, Session, SessionKind
from users.models.accounts import User
from users.models.proofs import LinkMail, MailStatus, OneTimeLink, Purpose, SecondFactor

__all__ = [
    "ApiToken",
    "LinkMail",
    "LoginBucket",
    "MailStatus",
    "OneTimeLink",
    "Purpose",
    "SecondFactor",
    "Session",
    "SessionKind",
    "User",
]
