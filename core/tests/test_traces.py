"""Trace context is taken strictly, logged and handed on; spans are made only where asked for."""

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from requests import Request as OutboundRequest  # noqa: TID251 - what core.outbound prepares

from core import context
from core.jobs import work
from core.middleware import RequestContextMiddleware
from core.ops import logging, traces
from core.outbound import counts
from core.outbound.errors import UpstreamError

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{PARENT}-01"
without_sdk = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None,
    reason="OpenTelemetry is an optional extra (Pipfile, tracing)",
)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (GIVEN, GIVEN),
        (f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{PARENT}-00"),
        (f"cc-{TRACE}-{PARENT}-03", GIVEN),
        (f"cc-{TRACE}-{PARENT}-02-what-comes-later", f"00-{TRACE}-{PARENT}-00"),
    ],
)
def test_what_is_well_formed_is_taken(given, taken):
    assert traces.taken(given) == taken


@pytest.mark.parametrize(
    "given",
    [
        "",
        None,
        7,
        b"00",
        GIVEN.upper(),
        f" {GIVEN}",
        f"{GIVEN}\n",
        f"{GIVEN}-more",
        f"{GIVEN},{GIVEN}",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}",
        f"cc-{TRACE}-{PARENT}-01x",
        f"cc-{TRACE}-{PARENT}-01-\x00",
        f"cc-{TRACE}-{PARENT}-01-{'x' * 300}",
        f"00-{TRACE}-{PARENT}-\uff10\uff11",
        "00-" + "\u0660" * 32 + f"-{PARENT}-01",
    ],
)
def test_garbage_is_ignored(given):
    assert traces.taken(given) == ""


def answered(header, inside=None):
    """Let the middleware answer one request; return what stood in the context meanwhile."""
    seen = []

    def view(request):
        seen.append(context.trace.get())
        if inside:
            inside()
        request.resolver_match = None
        return HttpResponse()

    extra = {} if header is None else {"HTTP_TRACEPARENT": header}
    RequestContextMiddleware(view)(RequestFactory().get("/x", HTTP_HOST="testserver", **extra))
    return seen[0]


def test_a_request_belongs_to_its_trace_and_the_next_one_does_not():
    assert answered(GIVEN) == GIVEN
    assert context.trace.get() == ""
    assert answered(None) == ""
    assert answered("garbage") == ""


def line_of(record):
    return json.loads(logging.JSONFormatter().format(record))


def test_the_log_says_the_trace():
    lines = []

    class Writer(logging.logging.Handler):
        def emit(self, record):
            lines.append(line_of(record))

    handler = Writer()
    logging.logging.getLogger("plaza.access").addHandler(handler)
    try:
        answered(GIVEN)
        answered(None)
    finally:
        logging.logging.getLogger("plaza.access").removeHandler(handler)
    assert lines[0]["trace_id"] == TRACE
    assert "trace_id" not in lines[1]


def test_a_task_belongs_to_the_trace_of_its_request(monkeypatch):
    from celery import shared_task

    sent = []

    class Broker:
        def send_task(self, task, **options):
            sent.append((task, options))

    monkeypatch.setattr(work, "import_string", lambda _path: Broker())
    publisher = work.Publisher()
    answered(GIVEN, lambda: publisher.publish("a.b", {"pk": 1}))
    publisher.publish("a.b", {"pk": 2})
    publisher.messages.join()
    plain = {"retry": False, "ignore_result": True}
    assert sent == [
        ("a.b", {"kwargs": {"pk": 1}, **plain, "headers": {"traceparent": GIVEN}}),
        ("a.b", {"kwargs": {"pk": 2}, **plain}),
    ]

    @shared_task(base=work.JobTask, name="tests.tasks.traced")
    def traced():
        return context.trace.get()

    assert traced.apply(headers={"traceparent": GIVEN}).get() == GIVEN
    assert traced.apply(headers={"traceparent": "garbage"}).get() == ""
    assert traced.apply().get() == ""
    assert context.trace.get() == ""


def test_an_upstream_gets_the_trace():
    request = OutboundRequest("GET", "http://127.0.0.1/").prepare()
    token = context.trace.set(GIVEN)
    try:
        with counts.traced("anybody", request) as tell:
            assert tell("answer") == "answer"
    finally:
        context.trace.reset(token)
    assert request.headers["traceparent"] == GIVEN
    untraced = OutboundRequest("GET", "http://127.0.0.1/").prepare()
    with counts.traced("anybody", untraced):
        pass
    assert "traceparent" not in untraced.headers


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({}, "ok"),
        (None, "ok"),
        (UpstreamError("x", "timeout"), "timeout"),
        (UpstreamError("x", "status", status=404), "4xx"),
        (UpstreamError("x", "status", status=429), "429"),
        (UpstreamError("x", "status", status=599), "5xx"),
        (UpstreamError("x", "redirect", status=302), "redirect"),
    ],
)
def test_outcomes_of_calls_are_few(result, outcome):
    assert counts.outcome_of(result) == outcome


def test_without_the_packages_a_process_says_so_and_does_not_start(boot, tmp_path):
    """Also where they are installed: the test hides them."""
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "import django; django.setup(); print('started')"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "VAR_DIR": str(tmp_path),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    }
    done = boot(code, environment)
    assert done.returncode == 1
    assert done.stderr == (
        "plaza: OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed. Unset it,"
        " or install the category tracing of Pipfile (docs/observability.md).\n"
    )
    del environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert boot(code, environment).stdout == "started\n"


@without_sdk
def test_spans_of_request_call_and_task_arrive_as_one_trace(boot, tmp_path):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            import gzip

            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            bodies.append((self.path, gzip.decompress(body) if packed else body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = f"""
import django; django.setup()
from celery import shared_task
from django.test import Client
from core import context
from core.jobs.work import JobTask
from core.ops import traces
from core.outbound.client import Upstream, UpstreamError
traces.start("web")
@shared_task(base=JobTask, name="tests.tasks.one")
def one():
    try:
        Upstream("nobody", "http://127.0.0.1:1/secret-path").get_json("x", {{"key": "hunter2"}})
    except UpstreamError:
        pass
Client().get("/health/live?token=hunter2", headers={{"traceparent": "{GIVEN}"}})
one.apply(headers={{"traceparent": "{GIVEN}"}})
traces._tracer.span_processor.force_flush()
"""
    try:
        done = boot(
            code,
            {
                "DJANGO_SETTINGS_MODULE": "config.settings.test",
                "VAR_DIR": str(tmp_path),
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            },
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    spans = {}
    for path, body in bodies:
        assert path == "/v1/traces"
        assert b"hunter2" not in body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                spans |= {span.name: span for span in scope.spans}
    assert {*spans} == {"GET /health/live", "tests.tasks.one", "GET nobody"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    request, task, call = (
        spans[name] for name in ("GET /health/live", "tests.tasks.one", "GET nobody")
    )
    assert request.parent_span_id.hex() == task.parent_span_id.hex() == PARENT
    assert call.parent_span_id == task.span_id
    said = {one.key: one.value.string_value for one in call.attributes}
    assert said["error.type"] == "connection"
