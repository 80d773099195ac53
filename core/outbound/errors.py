"""The failures of an outbound call: one family, so that a caller catches as much as it wants."""

from typing import Any

from core.outbound.call import RETRIED_STATUSES

# With Retry-After they say for how long nobody is answered (RFC 6585 4, RFC 9110 15.6.4).
RESTING_STATUSES = frozenset({429, 503})
# JSON of another shape, or too much of it, may be one odd document of a healthy upstream.
_ANSWERED = frozenset({"status", "blocked", "unexpected", "too_large"})
_TEMPORARY = frozenset({"timeout", "connection", "tls", "garbage", "unexpected", "breaker_open"})


class UpstreamError(Exception):
    """An upstream did not answer, or not usably; holds no URL, no header and no key.

    `reason` is one of: timeout, connection (also DNS), tls, blocked (forbidden address), redirect,
    status, too_large, garbage (no JSON), unexpected (JSON of another shape), breaker_open.
    `document` is what an error status's body says in JSON, None when that is nothing.
    """

    def __init__(
        self,
        upstream: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        document: Any = None,
    ) -> None:
        self.upstream = upstream
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        self.document = document
        super().__init__(f"{upstream}: {reason}" + (f" {status}" if status else ""))

    @property
    def temporary(self) -> bool:
        """Whether the same call may well succeed later."""
        return self.reason in _TEMPORARY or self.status in RETRIED_STATUSES

    @property
    def counts(self) -> bool:
        """Whether the breaker counts it: 401, 404 and their like come from a healthy upstream."""
        return self.reason not in _ANSWERED or self.status in RETRIED_STATUSES


class NotFoundError(UpstreamError):
    """404: the upstream does not have it."""


class UnauthorizedError(UpstreamError):
    """401 or 403: our credentials are missing, wrong or not enough."""


class RateLimitedError(UpstreamError):
    """429: we called too often; `retry_after` may say until when."""


class BreakerOpenError(UpstreamError):
    """Not called at all: it failed too often just now."""


STATUS_ERRORS: dict[int, type[UpstreamError]] = {
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    429: RateLimitedError,
}
