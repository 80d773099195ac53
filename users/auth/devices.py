"""Known devices: a signed value, set at sign-in, that gives a device its own count of attempts.

So a stranger who guesses at somebody's password locks out strangers, not the owner's phone.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from users.constants import DEVICE_COOKIE, DEVICE_HEADER, DEVICE_MAX_AGE_SECONDS
from users.models import User

SALT = "users.devices"
MAX_DEVICE_CHARACTERS = 300


def new_device(user: User) -> str:
    """Return the signed value that makes a device known to ``user``."""
    return signing.dumps({"user": user.pk, "device": secrets.token_hex(16)}, salt=SALT)


def known_device(value: str, user: User | None) -> str:
    """Return the id of the device if ``value`` makes it known to ``user``, else an empty text."""
    if user is None or not value or len(value) > MAX_DEVICE_CHARACTERS:
        return ""
    try:
        said: Any = signing.loads(value, salt=SALT, max_age=DEVICE_MAX_AGE_SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    return str(said["device"]) if said["user"] == user.pk else ""


def presented(request: HttpRequest | Request | None) -> str:
    """Return what the client says about its device: a header, or else a cookie."""
    if request is None:
        return ""
    return request.headers.get(DEVICE_HEADER, "") or request.COOKIES.get(DEVICE_COOKIE, "")


def remember(response: HttpResponse, value: str) -> None:
    """Make the device known to the browser or the app that gets ``response``."""
    response.set_cookie(
        DEVICE_COOKIE,
        value,
        max_age=DEVICE_MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
