"""People, what lets them in, and the attempts to sign in."""

from users.models.access import ApiToken, LoginBucket, Session, SessionKind
from users.models.accounts import User

__all__ = ["ApiToken", "LoginBucket", "Session", "SessionKind", "User"]
