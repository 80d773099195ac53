"""What accounts add to the admin's requests."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from core.middleware import ADMIN_PREFIX
from users.auth import browser, devices, second_factor
from users.values import zone_of


class BrowserSessionMiddleware:
    """Signs a browser out of the admin whose session was ended, is over or was idle too long.

    Stands behind the middleware that makes ``request.user``, before whatever asks who that is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as to a stranger when the session is over."""
        is_admin = request.path.startswith(ADMIN_PREFIX)
        if is_admin and SESSION_KEY in request.session and not browser.is_open(request):
            request.session.flush()
            request.user = AnonymousUser()
        return self.get_response(request)


class StaffSecondFactorMiddleware:
    """Lets staff without a second factor set one up, and nothing else, where one is required."""

    OPEN = ("second_factor", "login", "logout", "jsi18n", "admin_password_reset", "new_password")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page where it is set up."""
        if settings.STAFF_SECOND_FACTOR == "required" and self.lacks(request):
            return HttpResponseRedirect(reverse("admin:second_factor"))
        return self.get_response(request)

    def lacks(self, request: HttpRequest) -> bool:
        """Tell whether the browser asks for a page that takes a second factor, without one."""
        if not request.path.startswith(ADMIN_PREFIX) or not request.user.is_authenticated:
            return False
        session, user = request.session, request.user
        if session.get(second_factor.SESSION_KEY) or not second_factor.is_required(user):
            return False
        if second_factor.of(user) is not None:
            session[second_factor.SESSION_KEY] = True  # whoever removes it ends the session
            return False
        return request.path not in [reverse(f"admin:{name}") for name in self.OPEN]


class TimeZoneMiddleware:
    """Shows people in the admin times in the zone that they chose, and reads theirs in it.

    Nothing else moves: days of business are those of TIME_ZONE (core.values.business_day).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the person's zone; the thread's next request has none."""
        if not request.path.startswith(ADMIN_PREFIX):
            return self.get_response(request)
        with timezone.override(zone_of(getattr(request.user, "time_zone", ""))):
            return self.get_response(request)


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
