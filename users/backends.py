"""Django's way in: the admin's sign-in form."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from users.auth import devices
from users.auth.passwords import check_credentials
from users.errors import LoginLocked
from users.models import User


class LimitedBackend(BaseBackend):
    """The same check as the API's, with the same limit. Browser sessions store its dotted name."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        """Return the user, or None; raise PermissionDenied, unchecked, for a locked account."""
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
