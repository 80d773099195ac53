"""What follows from a change to an account, whoever made it."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_noop as noop

from users import services, signals
from users.auth import browser
from users.models import User


@receiver(signals.password_changed)
def revoke_tokens(*, user: User, **_: Any) -> None:
    """Journal the new password and revoke every token; an error keeps the old password."""
    services.password_changed(user=user)


@receiver(user_logged_in)
def open_browser_session(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Give the browser that signed in to the admin a session that can be seen and ended."""
    browser.begin(request, user)


@receiver(user_logged_out)
def end_browser_session(*, request: HttpRequest, **_: Any) -> None:
    """End the session of the browser that signs out."""
    browser.end(request, reason=noop("Signed out."))
