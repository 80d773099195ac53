"""Traces across services: W3C Trace Context, and spans for OpenTelemetry where they are asked for.

A ``traceparent`` that a caller sends is handed on as it came, to tasks and to outside APIs, and its
trace id stands in the log. Plaza makes spans of its own, and begins traces, only when
``OTEL_EXPORTER_OTLP_ENDPOINT`` says where to send them; then what is handed on is its own span.
Spans hold method, route, status and request id: no query string, no body, no message of an error.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core import context
from core.ops.metrics import METHODS, route_of

_TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?"
)
_MAX_CHARACTERS = 256
_SERVER_ERROR = 500
_tracer: Any = None  # None: no spans are made


def taken(value: object) -> str:
    """Return a caller's traceparent as it is handed on, empty if it is none.

    Of a version that we do not know, what version 00 has is taken, as the standard says.
    """
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        return ""
    match = _TRACEPARENT.fullmatch(value)
    if match is None:
        return ""
    version, trace, parent, flags, more = match.groups()
    if version == "00":
        return "" if more else value
    return f"00-{trace}-{parent}-{int(flags, 16) & 1:02x}"


def start(process: str) -> None:
    """Send spans from this process, if a collector is configured (once; to be called after fork).

    What a collector that is away does not take is dropped: nobody waits for it.
    """
    global _tracer  # noqa: PLW0603 - one tracer per process, made after fork
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or _tracer is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - optional
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - optional
    from opentelemetry.sdk.trace import TracerProvider, sampling  # noqa: PLC0415 - optional
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - optional

    url = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    share = sampling.TraceIdRatioBased(settings.TRACES_SAMPLE_PERCENT / 100)
    provider = TracerProvider(
        resource=Resource.create(
            {"service.name": f"plaza-{process}", "service.version": settings.BUILD_VERSION}
        ),
        sampler=sampling.ParentBased(share),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=2)))
    _tracer = provider.get_tracer("plaza")


@contextmanager
def span(kind: str, name: str, **attributes: str | int) -> Iterator[Any]:
    """Make a span of what happens inside the block; yield it, or None where none are made.

    ``kind`` is ``server``, ``client`` or ``task``. Inside, ``context.trace`` is the span's own.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415 - optional

    kinds = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "task": SpanKind.CONSUMER}
    with _tracer.start_as_current_span(
        name,
        context=_parent(),
        kind=kinds[kind],
        attributes={"plaza.request_id": context.request_id.get(), **attributes},
        record_exception=False,  # its message may hold what must not leave
        set_status_on_exception=False,
    ) as made:
        before = context.trace.set(_traceparent(made))
        try:
            yield made
        except BaseException as error:
            made.set_status(StatusCode.ERROR)
            made.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            context.trace.reset(before)


def failed(made: Any, reason: str) -> None:
    """Say in a span, if there is one, that what it stands for failed."""
    if made is not None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - optional

        made.set_status(StatusCode.ERROR)
        made.set_attribute("error.type", reason)


def _parent() -> Any:
    """Return the span that ``context.trace`` names, as OpenTelemetry's context."""
    from opentelemetry.context import Context  # noqa: PLC0415 - optional
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - optional
        TraceContextTextMapPropagator,
    )

    carrier = {"traceparent": context.trace.get()}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _traceparent(made: Any) -> str:
    own = made.get_span_context()
    return f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"


class TracingMiddleware:
    """A span per request; in MIDDLEWARE only while a collector is configured."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        method = request.method if request.method in METHODS else "_OTHER"
        with span("server", str(method), **{"http.request.method": str(method)}) as made:
            response = self.get_response(request)
            within = context.trace.get()
            if made is not None:
                route = route_of(request)
                made.update_name(f"{method} {route}")
                made.set_attribute("http.route", route)
                made.set_attribute("http.response.status_code", response.status_code)
                if response.status_code >= _SERVER_ERROR:
                    failed(made, str(response.status_code))
        context.trace.set(within)  # for the request's line in the log, which comes after this
        return response
