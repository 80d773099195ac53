"""People, what lets them in, and the attempts to sign in."""

from users.models.accounts import ApiToken, LoginBucket, Session, SessionKind, User

__all__ = ["ApiToken", "LoginBucket", "Session", "SessionKind", "User"]
