"""Outbound HTTP: the one way to call another system.

    tmdb = Upstream("tmdb", settings.TMDB_API_URL, allowed_hosts={"api.themoviedb.org"})
    page = tmdb.get_json("movie/popular", {"page": 1, "api_key": key}, parse=check_page)

A call has a deadline for everything together: resolving, connecting, all attempts with their
pauses, and a body that drips. Failures are one family, `UpstreamError`; each writes one line.

Addresses: a base URL on loopback (the sandbox) reaches loopback only; any other reaches public
addresses only, unless `allow_private` says that the operator runs the upstream in a private
network (never link-local, where clouds keep their metadata). The address that was checked is the
one connected to, so a name that resolves anew cannot slip through, and redirects are not
followed. Not covered: a public address that the network itself routes inside.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import IO, Any
from urllib.parse import quote, urlsplit

import orjson
import requests  # noqa: TID251 - the one place that calls out
from requests.adapters import HTTPAdapter  # noqa: TID251 - the one place that calls out
from urllib3.exceptions import HTTPError

from core import context
from core.outbound import counts
from core.outbound.breaker import Breaker, Permit
from core.outbound.call import RETRIED_STATUSES, Call, ForbiddenAddressError, TooLargeError, calling
from core.outbound.decode import UnusableError, decode, error_document, usable
from core.outbound.errors import (
    RESTING_STATUSES,
    STATUS_ERRORS,
    BreakerOpenError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
    UpstreamError,
)
from core.outbound.transport import POOLS, BoundedRetry, is_timeout

logger = logging.getLogger("plaza.outbound")

MEGABYTE = 1024 * 1024

__all__ = [
    "BreakerOpenError",
    "NotFoundError",
    "RateLimitedError",
    "UnauthorizedError",
    "Upstream",
    "UpstreamError",
]


class Upstream:
    """An outside API. One object per process is enough; threads share it and its connections.

    Raises:
        ValueError: the base URL is malformed, or its host is none of ``allowed_hosts``.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        allowed_hosts: Collection[str] | None = None,
        allow_private: bool = False,
        connect_timeout: float = 1.0,
        read_timeout: float = 2.0,
        total_deadline: float = 4.0,
        attempts: int = 3,
        backoff: float = 0.1,
        max_bytes: int = 2 * MEGABYTE,
        headers: Mapping[str, str] | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        url = urlsplit(base_url)
        host = url.hostname or ""
        if url.scheme not in {"http", "https"} or not host or "@" in url.netloc:
            raise ValueError(f"{name}: the base URL must be http(s)://host/… without user")
        if url.query or url.fragment:
            raise ValueError(f"{name}: the base URL must have neither query nor fragment")
        try:
            requests.Request("GET", base_url).prepare()
        except requests.RequestException:
            raise ValueError(f"{name}: the base URL has no usable host") from None
        self.loopback = host in {"localhost", "127.0.0.1", "::1"}
        if allowed_hosts is not None and not self.loopback and host not in allowed_hosts:
            raise ValueError(f"{name}: {host} is not one of the allowed hosts")
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.allow_private = allow_private
        self.timeout = (connect_timeout, read_timeout)
        self.total_deadline = total_deadline
        self.attempts = attempts
        self.backoff = backoff
        self.max_bytes = max_bytes
        self.headers = dict(headers or {})
        self.breaker = breaker or Breaker(name, probe_seconds=total_deadline + 1)
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._process = 0

    def get_json(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        root: type = dict,
        parse: Callable[[Any], Any] | None = None,
        lenient: bool = False,
    ) -> Any:
        """GET a JSON document whose root is a `root`.

        `parse` checks and converts it; what it cannot use it refuses with ValueError, TypeError
        or LookupError, which makes the answer a failure that the breaker does not count. A
        `lenient` caller gets what `core.outbound.decode` reads, and mends it.

        Raises:
            UpstreamError: no usable answer came; its ``reason`` says why.
        """
        request = self._request("GET", path, headers, params=params)
        loads = decode if lenient else orjson.loads
        return self._call(
            request,
            path,
            repeatable=True,
            read=lambda _response, body: usable(body, loads, root, parse),
        )

    def media_type(self, path: str, params: Mapping[str, str] | None = None) -> str:
        """HEAD a document; return its media type in lower case, an empty text if none is said.

        Raises:
            UpstreamError: it is not there, or no answer came; its ``reason`` says which.
        """
        request = self._request("HEAD", path, {"Accept": "*/*"}, params=params)

        def read(response: requests.Response, _body: bytes) -> str:
            said: str = response.headers.get("Content-Type", "")
            return said.partition(";")[0].strip().lower()

        said: str = self._call(request, path, repeatable=True, read=read)
        return said

    def post_file(
        self,
        path: str,
        fileobj: IO[bytes],
        filename: str,
        *,
        field: str = "file",
        content_type: str = "application/octet-stream",
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        root: type = dict,
        parse: Callable[[Any], Any] | None = None,
    ) -> Any:
        """POST a file as multipart/form-data, read into memory; the answer as in `get_json`.

        Sent once, unless the caller knows that the upstream may get it twice (`repeatable`).

        Raises:
            UpstreamError: no usable answer came; its ``reason`` says why.
        """
        files = {field: (filename, fileobj, content_type)}
        request = self._request("POST", path, headers, files=files)
        return self._call(
            request,
            path,
            repeatable=repeatable,
            read=lambda _response, body: usable(body, orjson.loads, root, parse),
        )

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None, **kwargs: Any
    ) -> requests.PreparedRequest:
        if any(part in {".", ".."} for part in path.split("/")):
            raise ValueError("a path cannot go up")
        own = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "plaza"}
        if request_id := context.request_id.get():
            own["X-Request-ID"] = request_id
        return requests.Request(
            method,
            f"{self.base_url}/{quote(path.lstrip('/'))}",
            headers={**own, **self.headers, **(headers or {})},
            **kwargs,
        ).prepare()

    def _call(
        self,
        request: requests.PreparedRequest,
        path: str,
        *,
        repeatable: bool,
        read: Callable[[requests.Response, bytes], Any],
    ) -> Any:
        """Ask the breaker, call, report to the breaker, write the line."""
        started = time.monotonic()
        call = Call(
            seconds=self.total_deadline,
            max_bytes=self.max_bytes,
            repeatable=repeatable,
            loopback=self.loopback,
            private=self.allow_private,
        )
        permit = self.breaker.enter()
        if permit is None:
            wait = self.breaker.wait()
            outcome: Any = BreakerOpenError(self.name, "breaker_open", retry_after=wait)
        else:
            with counts.traced(self.name, request) as tell:
                outcome = tell(self._perform(request, call, read))
            _report(permit, outcome)
        counts.observe(self.name, outcome, call.attempts, time.monotonic() - started)
        if not isinstance(outcome, UpstreamError):
            return outcome
        logger.warning(
            "upstream_failed",
            extra={
                "upstream": self.name,
                "reason": outcome.reason,
                "status": outcome.status,
                "retry_after": outcome.retry_after,
                "method": request.method,
                "path": f"/{path.lstrip('/')}",
                "attempts": call.attempts,
                "elapsed_ms": round((time.monotonic() - started) * 1000),
            },
        )
        # Raised here, outside any `except`: a chained error would show the URL with its key.
        raise outcome

    def _perform(
        self,
        request: requests.PreparedRequest,
        call: Call,
        read: Callable[[requests.Response, bytes], Any],
    ) -> Any:
        """Return the answer, or the UpstreamError to raise."""
        try:
            with calling(call):
                response = self._pooled_session().send(
                    request, timeout=self.timeout, allow_redirects=False, stream=True
                )
                # Without our transport (a mocked adapter) the body is still in the response.
                body = response.content if call.body is None else call.body
        except TooLargeError:
            return UpstreamError(self.name, "too_large")
        except ForbiddenAddressError:
            return UpstreamError(self.name, "blocked")
        except (requests.RequestException, HTTPError, OSError) as problem:
            return UpstreamError(self.name, _reason(problem))
        if (failure := self._failure(response, body)) is not None:
            return failure
        try:
            return read(response, body)
        except UnusableError as problem:
            return UpstreamError(self.name, problem.reason)

    def _failure(self, response: requests.Response, body: bytes) -> UpstreamError | None:
        status = response.status_code
        if response.ok and status < 300:  # noqa: PLR2004 - the 2xx range
            return None
        if status < 400:  # noqa: PLR2004 - the 3xx range
            return UpstreamError(self.name, "redirect", status=status)
        kind = STATUS_ERRORS.get(status, UpstreamError)
        after = BoundedRetry().get_retry_after(response.raw)
        said = error_document(body)
        return kind(self.name, "status", status=status, retry_after=after, document=said)

    def _pooled_session(self) -> requests.Session:
        """Return the session, a new one in a forked process: sockets are not shared."""
        with self._lock:
            if self._session is None or self._process != os.getpid():
                self._process = os.getpid()
                self._session = requests.Session()
                self._session.trust_env = False  # no proxies, no .netrc from the environment
                self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
                for scheme in POOLS:
                    self._session.mount(f"{scheme}://", self._adapter())
            return self._session

    def _adapter(self) -> HTTPAdapter:
        retry = BoundedRetry(
            total=self.attempts - 1,
            other=0,  # TLS: a certificate does not get better
            redirect=0,
            allowed_methods=None,  # each call says whether it may be repeated
            status_forcelist=RETRIED_STATUSES,
            backoff_factor=self.backoff,
            backoff_max=1,
            raise_on_status=False,
            raise_on_redirect=False,
        )
        adapter = HTTPAdapter(max_retries=retry, pool_maxsize=32)
        adapter.poolmanager.pool_classes_by_scheme = dict(POOLS)
        return adapter


def _report(permit: Permit, outcome: Any) -> None:
    """Tell the breaker what came of a call."""
    if not (isinstance(outcome, UpstreamError) and outcome.counts):
        permit.succeeded()
    elif outcome.status in RESTING_STATUSES and outcome.retry_after:
        permit.refused(outcome.retry_after)
    else:
        permit.failed()


def _reason(problem: Exception) -> str:
    if isinstance(problem, requests.exceptions.SSLError):
        return "tls"
    inner = next((each for each in problem.args if isinstance(each, Exception)), None)
    late = isinstance(problem, (requests.Timeout, TimeoutError)) or is_timeout(inner)
    return "timeout" if late else "connection"
