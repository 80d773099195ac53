"""What can go wrong with accounts, sessions and tokens."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import ErrorDetail

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


class SecondFactorRequired(Unauthenticated):
    """The password is right, and the account has a second factor, whose code did not come along."""

    default_code = "second_factor_required"
    default_detail = _("Send a code of your authenticator app, or a recovery code, as `otp`.")


class InvalidSecondFactor(Unauthenticated):
    """The code is wrong, used up or of another time; the answer does not say which."""

    default_code = "invalid_otp"
    default_detail = _("This code is not valid, or no longer.")


class LoginLocked(TooManyRequests):
    """Too many attempts to sign in to one account."""

    default_code = "login_locked"
    default_detail = _("Too many attempts to sign in. Try again later.")


class TooManyAccountChanges(TooManyRequests):
    """Too many tries to change an account's e-mail address, or to remove it."""

    default_code = "too_many_account_changes"
    default_detail = _("Too many tries to change this account. Try again later.")


class Refused(ApplicationError):
    """Who calls is known, and may not do this by what they call with."""

    status_code = status.HTTP_403_FORBIDDEN


class SessionRequired(Refused):
    """An API token must not decide who else gets in, nor outlive what ends it."""

    default_code = "session_required"
    default_detail = _("Sign in to do this: an API token may not.")


class TokenReadOnly(Refused):
    """The API token may look, and change nothing."""

    default_code = "token_read_only"
    default_detail = _("This API token is read only.")


class SecondFactorSetupRequired(Refused):
    """Staff must have a second factor (``STAFF_SECOND_FACTOR``), and this account has none."""

    default_code = "second_factor_setup_required"
    default_detail = _("Sign in to the administration first and set up a second factor.")


class TooManyTokens(Conflict):
    """The user has as many good API tokens as anybody may have."""

    default_code = "too_many_tokens"

    def __init__(self, limit: int) -> None:
        text = _("At most %(limit)d API tokens at a time: end one, or wait until one expires.")
        super().__init__(text % {"limit": limit}, limit=limit)


class NoSession(BadRequest):
    """Signing out needs something to sign out of."""

    default_code = "no_session"
    default_detail = _("Send the refresh token, or the access token of the session to end.")


class InvalidLink(BadRequest):
    """The one-time token is unknown, used, replaced or expired; the answer does not say which."""

    default_code = "invalid_link"
    default_detail = _("This link is not valid, or no longer. Ask for another one.")


class LinkRefused(Refused):
    """Who may be signed in as with a link is not for everybody in the admin to decide."""

    default_code = "link_refused"
    default_detail = _("Only an administrator may make this link.")


class NoPublicUrl(Conflict):
    """A link needs an address, which is never taken from a request."""

    default_code = "no_public_url"
    default_detail = _("PUBLIC_URL is not set, so no link can be made.")


class MailOff(Conflict):
    """The platform sends no mail."""

    default_code = "mail_off"
    default_detail = _("No mail is sent: EMAIL_URL is not set.")


class SecondFactorExists(Conflict):
    """The account has a second factor already."""

    default_code = "second_factor_exists"
    default_detail = _("Remove the present second factor first.")


class EmailTaken(Conflict):
    """Another account has this e-mail address, in this or another case."""

    default_code = "email_taken"
    default_detail = _("Another user has this e-mail address.")


class LastAdmin(Conflict):
    """The change would leave the platform without an administrator."""

    default_code = "last_admin"
    default_detail = _("The last active administrator cannot be removed, deactivated or demoted.")


class RemovesOneself(Conflict):
    """The admin removes others; one's own removal asks for the password, which the API does."""

    default_code = "removes_oneself"
    default_detail = _("Your own account is removed by another administrator, or by the API.")


class OnlyAdmin(Refused):
    """A user tried to change what only an administrator may change."""

    default_code = "only_admin"
    default_detail = _("Only an administrator may change the role or the status of a user.")


class WrongCurrentPassword(BadRequest):
    """Whoever changes how they sign in, or leaves, proves that they know the current password."""

    default_code = "wrong_current_password"

    def __init__(self, *, missing: bool = False) -> None:
        text = _("This is not the current password.")
        if missing:
            text = _("Send your current password along.")
        code = "required" if missing else "invalid"
        super().__init__({"current_password": [ErrorDetail(str(text), code=code)]})
