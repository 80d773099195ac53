"""What can go wrong with accounts, sessions and tokens."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status

from core.errors import ApplicationError, BadRequest, Conflict, TooManyRequests

REALM = 'Bearer realm="plaza"'


class Unauthenticated(ApplicationError):
    """A 401 that says how to authenticate (RFC 6750, 3)."""

    status_code = status.HTTP_401_UNAUTHORIZED
    challenge = REALM

    def __init__(self, detail: Any = None, **extra: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self.challenge}, **extra)


class InvalidToken(Unauthenticated):
    """The token is malformed, unknown, expired or revoked; the answer does not say which."""

    default_code = "invalid_token"
    default_detail = _("The token is not valid, or no longer.")
    challenge = f'{REALM}, error="invalid_token"'


class InvalidCredentials(Unauthenticated):
    """No active account has this e-mail and this password; the answer does not say which."""

    default_code = "invalid_credentials"
    default_detail = _("No account has this e-mail address and this password.")


class LoginLocked(TooManyRequests):
    """Too many attempts to sign in to one account."""

    default_code = "login_locked"
    default_detail = _("Too many attempts to sign in. Try again later.")


class NoSession(BadRequest):
    """Signing out needs something to sign out of."""

    default_code = "no_session"
    default_detail = _("Send the refresh token, or the access token of the session to end.")


class EmailTaken(Conflict):
    """Another account has this e-mail address, in this or another case."""

    default_code = "email_taken"
    default_detail = _("Another user has this e-mail address.")


class LastAdmin(Conflict):
    """The change would leave the platform without an administrator."""

    default_code = "last_admin"
    default_detail = _("The last active administrator cannot be removed, deactivated or demoted.")


class OnlyAdmin(ApplicationError):
    """A user tried to change what only an administrator may change."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "only_admin"
    default_detail = _("Only an administrator may change the role or the status of a user.")


class WrongCurrentPassword(BadRequest):
    """Whoever changes their own password proves that they know the current one."""

    default_code = "wrong_current_password"

    def __init__(self) -> None:
        super().__init__({"current_password": [_("This is not the current password.")]})
