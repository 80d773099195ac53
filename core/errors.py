"""Errors are classes with a stable code and a status.

The domain raises them; :mod:`core.problems` renders them once, as RFC 9457 problem documents.
"""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException


class ApplicationError(APIException):
    """An expected failure. ``extra`` becomes members of the problem document.

    Where the same request may succeed later, the class says after how many seconds to try again:
    ``retry_after``, which is sent, and which keeps the refusal from being kept under a key.
    """

    retry_after: ClassVar[int | None] = None
    headers: dict[str, str]
    extra: dict[str, Any]

    def __init__(
        self, detail: Any = None, *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        again = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        self.headers = {**again, **(headers or {})}
        self.extra = extra


class BadRequest(ApplicationError):
    """The request cannot be understood."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_request"
    default_detail = _("The request could not be understood.")


class NotFound(ApplicationError):
    """There is no such thing, or it is not the caller's to see."""

    status_code = status.HTTP_404_NOT_FOUND
    default_code = "not_found"
    default_detail = _("Not found.")


class Conflict(ApplicationError):
    """The request contradicts what is stored."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = _("The request conflicts with the current state.")


class PreconditionFailed(ApplicationError):
    """``If-Match`` names another version than the stored one (RFC 9110, 13.1.1)."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = _("The resource has changed since you read it.")


class PayloadTooLarge(ApplicationError):
    """The body is larger than the route takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "payload_too_large"
    default_detail = _("The request body is too large.")


class Unprocessable(ApplicationError):
    """The request is well-formed but cannot be followed."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unprocessable"
    default_detail = _("The request cannot be processed.")


class TooManyRequests(ApplicationError):
    """The caller must wait ``retry_after`` seconds."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_requests"
    default_detail = _("Too many requests.")

    def __init__(self, detail: Any = None, *, retry_after: int, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **extra)


class ServiceUnavailable(ApplicationError):
    """Something that we need is away; trying again after ``retry_after`` seconds may work."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "service_unavailable"
    default_detail = _("The service is temporarily unavailable.")

    def __init__(self, detail: Any = None, *, retry_after: int = 2, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **extra)


class LockTimeout(ServiceUnavailable):
    """Somebody else has held what the request needs for longer than it may wait."""

    default_code = "lock_timeout"
    default_detail = _("Somebody else holds what the request needs; try again.")


class StatementTimeout(ServiceUnavailable):
    """The database ended a statement that took longer than a request may."""

    default_code = "statement_timeout"
    default_detail = _("The database took too long for the request; ask for less, or try later.")


class Deadlock(ServiceUnavailable):
    """Two transactions waited for each other, or saw each other's rows change; one gave way."""

    default_code = "deadlock"
    default_detail = _("The request and another one waited for each other; try again.")


class TooManyConnections(ServiceUnavailable):
    """The database, or the pooler before it, has no session left."""

    default_code = "too_many_connections"
    default_detail = _("The database takes no more connections just now; try again.")


class DatabaseReadOnly(ServiceUnavailable):
    """The database takes no writes: its disk is full, or it is a standby."""

    default_code = "database_read_only"
    default_detail = _("The database takes no writes just now; try again.")


class InternalError(ApplicationError):
    """A defect of ours, of which nothing is said."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "internal_error"
    default_detail = _("Something went wrong on our side.")


def errors_of(error: type[ApplicationError], *fields: str) -> list[dict[str, Any]]:
    """Return what a problem document says of fields that are wrong for the reason of ``error``."""
    detail = str(error.default_detail)
    return [{"field": field, "code": error.default_code, "detail": detail} for field in fields]


class FieldError(BadRequest):
    """Fields name something that is not there; the problem document names each of them."""

    field = ""

    def __init__(self, *fields: str) -> None:
        super().__init__(errors=errors_of(type(self), *(fields or (self.field,))))
