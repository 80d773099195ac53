"""What operators see of the calls to outside: how they ended, how long they took, their spans."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import Counter, Histogram

from core import context
from core.ops import traces
from core.outbound.errors import UpstreamError

CALLS = Counter("plaza_outbound_calls", "Calls with all their attempts.", ("upstream", "outcome"))
ATTEMPTS = Counter("plaza_outbound_attempts", "Single requests of those calls.", ("upstream",))
SECONDS = Histogram(
    "plaza_outbound_call_seconds",
    "Seconds of a call with all its attempts and pauses.",
    ("upstream",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0),
)


def outcome_of(result: object) -> str:
    """Return ``ok``, an error's reason, or the class of its status."""
    if not isinstance(result, UpstreamError):
        return "ok"
    if result.reason == "status" and result.status is not None:
        return "429" if result.status == 429 else f"{result.status // 100}xx"  # noqa: PLR2004 - they ask us to slow down
    return result.reason


def observe(upstream: str, result: object, attempts: int, seconds: float) -> None:
    """Count one call."""
    CALLS.labels(upstream, outcome_of(result)).inc()
    ATTEMPTS.labels(upstream).inc(attempts)
    SECONDS.labels(upstream).observe(seconds)


@contextmanager
def traced(upstream: str, request: Any) -> Iterator[Callable[[Any], Any]]:
    """Make a span of one call, and let the upstream know of it.

    Yields a function that is told what came of the call, and returns it.
    """
    with traces.span("client", f"{request.method} {upstream}", upstream=upstream) as span:
        if within := context.trace.get():
            request.headers["traceparent"] = within

        def tell(result: Any) -> Any:
            if isinstance(result, UpstreamError):
                traces.failed(span, outcome_of(result))
            return result

        yield tell
