"""Checking a password, the same way for the API's sign-in and for the admin's form."""

import functools
import logging
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, get_hasher, make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from core.text import email_key
from users.auth import devices, limits
from users.constants import PASSWORD_MAX_LENGTH
from users.errors import LoginLocked
from users.models import User

logger = logging.getLogger(__name__)


@functools.lru_cache(maxsize=2)
def nobodys_hash(algorithm: str) -> str:
    """Return a hash that no password matches knowingly, made once per process and algorithm."""
    return make_password(f"nobody-{algorithm}")


@sensitive_variables("password")
def check_credentials(*, email: str, password: str, device: str = "") -> User | None:
    """Return the active user with this e-mail and password, None, or raise LoginLocked.

    The attempt is counted before any hash is computed, and an unknown address costs one hash too.
    """
    user = User.objects.filter(email=email_key(email), is_active=True).first()
    bucket = limits.Bucket(email, own=devices.known_device(device, user))
    try:
        limits.reserve(bucket)
    except LoginLocked:
        logger.warning("sign-in locked", extra={"account": limits.account_key(email)[:12]})
        raise
    too_long = len(password) > PASSWORD_MAX_LENGTH
    if user is None or not user.has_usable_password() or too_long:
        check_password(password[:PASSWORD_MAX_LENGTH], nobodys_hash(get_hasher().algorithm))
        return None
    if not user.check_password(password):
        return None
    limits.forgive(bucket)
    return user


class LimitedBackend(BaseBackend):
    """Django's way in (the admin's form): the same check, the same limit."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        """Return the user, or None; a locked account is refused without a check."""
        email = username or credentials.get("email")
        if not email or password is None:
            return None
        try:
            return check_credentials(
                email=email, password=password, device=devices.presented(request)
            )
        except LoginLocked as error:
            if request is not None:
                # The form tells people how long to wait.
                request.login_locked_for = int(error.headers["Retry-After"])  # type: ignore[attr-defined]  # read by forms.SignInForm
            raise PermissionDenied from error

    def get_user(self, user_id: int) -> User | None:
        """Return the user of a browser session while they are active."""
        return User.objects.filter(pk=user_id, is_active=True).first()
