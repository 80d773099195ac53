"""What happens around every request; the admin's layers stay out of the API's way."""

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import gettext

from core import context, plugs, problems, rates
from core.api.query import has_encoded_slash
from core.ops import metrics, traces
from core.patience import READ_SECONDS, USUAL, wait_at_most
from core.proxies import client_address

logger = logging.getLogger("plaza.access")

type_response = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
ADMIN_PREFIX = "/admin"


class RequestContextMiddleware:
    """Gives every request an id, refuses bodies over the limit, counts and logs the answer.

    Only the language is chosen before it, so an exception that escaped everything else still leaves
    as a problem document with the request's id (Django's own handler renders it, by handler500).
    """

    def __init__(self, get_response: type_response) -> None:
        self.get_response = get_response
        self.larger = plugs.body_limits()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        started = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        context.request_id.set(request_id)
        context.actor.set(context.NOBODY)
        if traceparent := request.META.get("HTTP_TRACEPARENT"):
            context.trace.set(traces.taken(traceparent))
        # A view that writes takes longer (core.api.views), and so may a page of the admin.
        wait_at_most(USUAL if request.path.startswith(ADMIN_PREFIX) else READ_SECONDS)
        response = self.refuse(request) or self.get_response(request)
        response["X-Request-ID"] = request_id
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        if request.method == "HEAD":  # the server drops a body, and warns of it each time
            setattr(response, "streaming_content" if response.streaming else "content", [])
        seconds = time.perf_counter() - started
        metrics.observe(request, response, seconds)
        logger.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                "client": client_address(request),
            },
        )
        # What the thread says until its next request is nobody's.
        context.request_id.set("")
        context.actor.set(context.NOBODY)
        if context.trace.get():
            context.trace.set("")
        wait_at_most(USUAL)
        return response

    def refuse(self, request: HttpRequest) -> HttpResponse | None:
        """Return the refusal of a foreign host, or of a body too large or of unknown length."""
        try:
            request.get_host()
        except DisallowedHost as error:
            return problems.handler400(request, error)
        if "HTTP_TRANSFER_ENCODING" in request.META and "CONTENT_LENGTH" not in request.META:
            detail = gettext("Send the body with a Content-Length.")
            return problems.problem_response(request, 411, "length_required", detail)
        limit = self.limit_of(request)
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0  # the server refuses a malformed header; a test client may send one
        if length > limit:
            detail = gettext("The body may have at most %(limit)d bytes.") % {"limit": limit}
            return problems.problem_response(request, 413, "payload_too_large", detail)
        return None

    def limit_of(self, request: HttpRequest) -> int:
        """Return how many bytes the body may have."""
        if request.content_type == "multipart/form-data":
            return int(settings.MAX_UPLOAD_BYTES)
        for path, media_type, most in self.larger:
            if request.content_type == media_type and request.path.startswith(path):
                return most
        return int(settings.MAX_BODY_BYTES)


class RateLimitMiddleware:
    """Refuses whoever asks too often, per token and per address, and says what is left.

    The fields are those of draft-ietf-httpapi-ratelimit-headers-10. Sign-in has limits of its own,
    which stay (users.auth.limits).
    """

    free = ("/health/", "/metrics", "/static/")

    def __init__(self, get_response: type_response) -> None:
        self.get_response = get_response
        self.by_token = plugs.paths_limited_by_token()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Count one request, answer or refuse it."""
        if request.path.startswith(self.free):
            return self.get_response(request)
        rates.counts.start_sharing()
        quota, now, left = rates.quota(), rates.now(), {}
        token = request.META.get("HTTP_AUTHORIZATION")
        if token:
            left["token"] = quota - rates.counts.add(rates.token_key(token), now)
        address = rates.address_key(client_address(request))
        by_token = token and request.path.startswith(self.by_token)
        if by_token:
            # Many phones share an address, but whoever makes tokens up does not come by them.
            left["address"] = quota - rates.counts.seen(address, now) - 1
        else:
            left["address"] = quota - rates.counts.add(address, now)
        response = self.get_response(request) if min(left.values()) >= 0 else self.refuse(request)
        if by_token:
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                rates.counts.add(address, now)
            else:
                del left["address"]
        window = rates.WINDOW_SECONDS
        seconds = window - int(now) % window
        response["RateLimit-Policy"] = ", ".join(f'"{name}";q={quota};w={window}' for name in left)
        response["RateLimit"] = ", ".join(
            f'"{name}";r={max(0, rest)};t={seconds}' for name, rest in left.items()
        )
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.setdefault("Retry-After", str(seconds))
        return response

    def refuse(self, request: HttpRequest) -> HttpResponse:
        """Return the refusal, which costs neither a view nor the database."""
        detail = gettext("Too many requests. Wait a moment.")
        return problems.problem_response(request, 429, "too_many_requests", detail)


class StripTrailingSlashMiddleware:
    """Lets every route answer with and without a trailing slash, without a redirect."""

    def __init__(self, get_response: type_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Resolve the path without its one trailing slash, which is no encoded one."""
        path = request.path_info
        if path.endswith("/") and len(path) > 1 and not path.startswith((ADMIN_PREFIX, "/static")):
            if not has_encoded_slash(request.META):
                request.path_info = path[:-1]
        elif path == ADMIN_PREFIX:
            request.path_info = ADMIN_PREFIX + "/"
        return self.get_response(request)


class AdminOnly:
    """Mixin: the middleware runs for the admin and costs any other route one comparison."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        """Pass requests of other routes straight on."""
        if request.path.startswith(ADMIN_PREFIX):
            return super().__call__(request)  # type: ignore[misc]  # the middleware mixed in
        return self.get_response(request)


class AdminSessionMiddleware(AdminOnly, SessionMiddleware):
    """Sessions: people in the admin have one, API callers carry tokens."""


class AdminAuthenticationMiddleware(AdminOnly, AuthenticationMiddleware):
    """The user of the admin's session."""


class AdminMessageMiddleware(AdminOnly, MessageMiddleware):
    """One-time notices in the admin."""


class AdminCsrfMiddleware(AdminOnly, CsrfViewMiddleware):
    """CSRF protection where a cookie authenticates."""

    def process_view(self, request: HttpRequest, *args: Any) -> Any:
        """Check the token on admin routes only: Bearer tokens cannot be forged by a browser."""
        if not request.path.startswith(ADMIN_PREFIX):
            return None
        return super().process_view(request, *args)


class LanguageMiddleware(LocaleMiddleware):
    """The language of the texts: the admin's choice, or the API caller's ``Accept-Language``."""

    def __call__(self, request: HttpRequest) -> Any:
        """Skip negotiation for a caller who did not ask for a language.

        Threads serve many callers: the language of the last one must not stay.
        """
        if "HTTP_ACCEPT_LANGUAGE" in request.META or request.path.startswith(ADMIN_PREFIX):
            try:
                return super().__call__(request)
            finally:
                translation.deactivate()
        return self.get_response(request)


class AdminActorMiddleware:
    """The person in the admin's session acts in the journal."""

    def __init__(self, get_response: type_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Name the actor of an admin request."""
        if request.path.startswith(ADMIN_PREFIX) and request.user.is_authenticated:
            user = request.user
            context.actor.set(
                context.Actor("user", user.pk, user.get_username(), getattr(user, "role", ""))
            )
        return self.get_response(request)
