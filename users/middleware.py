"""What accounts add to the admin's requests."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core.middleware import ADMIN_PREFIX
from users.auth import devices


class KnownDeviceMiddleware:
    """Makes a browser known after a sign-in to the admin, so that strangers cannot lock it out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the cookie to the answer of a successful sign-in."""
        response = self.get_response(request)
        if not request.path.startswith(ADMIN_PREFIX):
            return response
        tried = request.method == "POST" and request.path == reverse("admin:login")
        if tried and request.user.is_authenticated:
            kept = devices.known_device(devices.presented(request), request.user)
            if not kept:
                devices.remember(response, devices.new_device(request.user))
        return response
