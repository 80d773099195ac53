"""Every error leaves as an RFC 9457 problem document, rendered here and nowhere else."""

import errno
import logging
import sys
from collections.abc import Iterator
from typing import Any

import orjson
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.encoding import escape_uri_path, force_str
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from core import context, errors
from core.db import code_of, is_away, is_duplicate

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "/docs/problems/"  # a page of this platform: core.views.problem_page
TITLES = {
    400: _("Bad request"),
    401: _("Not authenticated"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Method not allowed"),
    406: _("Not acceptable"),
    409: _("Conflict"),
    408: _("Request timeout"),
    410: _("Gone"),
    411: _("Length required"),
    412: _("Precondition failed"),
    413: _("Payload too large"),
    414: _("URI too long"),
    415: _("Unsupported media type"),
    422: _("Unprocessable content"),
    426: _("Upgrade required"),
    429: _("Too many requests"),
    460: _("Checksum mismatch"),
    500: _("Internal error"),
    502: _("Bad gateway"),
    503: _("Service unavailable"),
    504: _("Gateway timeout"),
    507: _("Insufficient storage"),
}

# What PostgreSQL's codes mean to a caller, and after how many seconds to try again.
DATABASE_SAYS: dict[str, tuple[type[errors.ServiceUnavailable], int]] = {
    "55P03": (errors.LockTimeout, 1),
    "57014": (errors.StatementTimeout, 10),
    "40P01": (errors.Deadlock, 1),
    "40001": (errors.Deadlock, 1),
    "53300": (errors.TooManyConnections, 2),
    "25006": (errors.DatabaseReadOnly, 5),
    "53100": (errors.DatabaseReadOnly, 30),
}
# What has no code: refusals at the start of a session, a pooler's, SQLite's.
DATABASE_WORDS = {
    "too many clients": "53300",
    "remaining connection slots": "53300",
    "no more connections allowed": "53300",
    "query_wait_timeout": "53300",
    "database is locked": "55P03",
    "database or disk is full": "53100",
    "readonly database": "25006",
}


def database_refusal(error: Exception) -> errors.ServiceUnavailable:
    """Return what an error of the database's means to whoever asked."""
    text = str(error)
    by_words = (code for words, code in DATABASE_WORDS.items() if words in text)
    known = DATABASE_SAYS.get(code_of(error)) or DATABASE_SAYS.get(next(by_words, ""))
    if known is None:
        logger.error("database away", exc_info=error)
        return errors.ServiceUnavailable(_("The database is not reachable; try again."))
    refusal, seconds = known
    logger.warning("database refused", extra={"code": refusal.default_code}, exc_info=error)
    return refusal(retry_after=seconds)


def problem_response(
    request: HttpRequest | None,
    status: int,
    code: str,
    detail: object = "",
    *,
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> HttpResponse:
    """Return one problem document as a plain Django response."""
    body = {
        "type": TYPE_PREFIX + code,
        "title": force_str(TITLES.get(status, "")),
        "status": status,
        "detail": force_str(detail),
        "instance": escape_uri_path(request.path) if request is not None else "",
        "code": code,
        "request_id": context.request_id.get(),
        **extra,
    }
    response = HttpResponse(
        orjson.dumps(body, default=force_str),
        status=status,
        content_type=CONTENT_TYPE,
        headers=headers or {},
    )
    # The access log has the line; Django's own second one is for defects, whose traceback it has.
    response._has_been_logged = status != 500  # type: ignore[attr-defined]  # noqa: PLR2004, SLF001 - Django's own mark
    return response


def field_errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Yield ``{field, code, detail}`` for each leaf of DRF's nested error detail.

    Fields are named as JavaScript reaches them: ``address.city``, ``products[3]``,
    ``rows[3].name``.
    """
    if isinstance(detail, dict):
        for key, value in detail.items():
            if isinstance(key, int):  # what DRF's ListField calls a place in its list
                yield from field_errors(value, f"{path}[{key}]")
            else:
                yield from field_errors(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from field_errors(value, f"{path}[{index}]" if nested else path)
    else:
        code = getattr(detail, "code", None) or "invalid"
        yield {"field": path, "code": code, "detail": force_str(detail)}


def translate(error: Exception) -> exceptions.APIException | None:  # noqa: C901, PLR0911 - one table
    """Return the API error that ``error`` means to a client, or None for a defect of ours."""
    match error:
        case exceptions.APIException():
            return error
        case Http404():
            return errors.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return errors.PayloadTooLarge()
        case SuspiciousOperation() | BadRequest():
            return errors.BadRequest()
        case IntegrityError() if is_duplicate(error):
            return errors.Conflict()
        case OperationalError() | InterfaceError() | InternalError() if is_away(error):
            return database_refusal(error)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            logger.error("disk full", exc_info=error)
            return errors.ServiceUnavailable(retry_after=30)
    return None


def from_api_error(request: HttpRequest | None, error: exceptions.APIException) -> HttpResponse:
    """Render one API error."""
    headers = dict(getattr(error, "headers", {}))
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    extra = dict(getattr(error, "extra", {}))
    detail: Any = error.detail
    code = error.default_code
    if isinstance(detail, dict | list):
        extra["errors"] = list(field_errors(detail))
        detail = gettext("Some fields are not valid.")
    else:
        code = getattr(detail, "code", None) or code
    return problem_response(request, error.status_code, code, detail, headers=headers, **extra)


def refuse_writing(request: HttpRequest) -> HttpResponse | None:
    """Return the 405 of a route that can only be read, or None for GET and HEAD."""
    if request.method in {"GET", "HEAD"}:
        return None
    detail = gettext("Only GET and HEAD are allowed here.")
    headers = {"Allow": "GET, HEAD"}
    return problem_response(request, 405, "method_not_allowed", detail, headers=headers)


def exception_handler(error: Exception, handler_context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a problem document (DRF's EXCEPTION_HANDLER)."""
    view, request = handler_context.get("view"), handler_context.get("request")
    known = translate(error)
    if known is None:
        return None
    if view is not None and hasattr(view, "on_error"):
        view.on_error(known)
    return from_api_error(request, known)  # type: ignore[return-value]  # plain response: already rendered


def answer(request: HttpRequest, known: exceptions.APIException) -> HttpResponse:
    """Render an error outside of the API's views: a page for people in the admin, else JSON."""
    response = from_api_error(request, known)
    if request.path == "/admin" or request.path.startswith("/admin/"):
        problem = orjson.loads(response.content)
        response.content = render_to_string("core/admin/problem.html", problem)
        response["Content-Type"] = "text/html; charset=utf-8"
    return response


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses."""
    return answer(request, translate(exception) or errors.BadRequest())


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refusal outside a view."""
    del exception
    return answer(request, exceptions.PermissionDenied(gettext("You may not do this.")))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown path."""
    del exception
    return answer(request, errors.NotFound(gettext("There is nothing at this address.")))


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a defect of ours without saying anything about it.

    Outside of views (the admin, its session) this is where a database that is away ends up, too.
    """
    error = sys.exc_info()[1]
    known = translate(error) if isinstance(error, Exception) else None
    if isinstance(known, errors.ServiceUnavailable):
        return answer(request, known)
    return answer(request, errors.InternalError())
