"""Metrics count by route template, in one process and over several."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch
from prometheus_client import REGISTRY

from core.ops import exposition, metrics

ROOT = Path(metrics.__file__).parent.parent


def request_of(method, path, route):
    request = RequestFactory().generic(method, path)
    if route is not None:
        request.resolver_match = ResolverMatch(lambda: None, (), {}, route=route)
    return request


def counted(method, route, status):
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("plaza_http_requests_total", labels) or 0


@pytest.mark.parametrize(
    ("route", "template"),
    [
        ("api/things/<str:name>", "/api/things/<str:name>"),
        (r"^api/owners/(?P<pk>[^/.]+)/$", "/api/owners/<pk>"),
        (
            r"api/^owners/(?P<owner_pk>[^/.]+)/things/(?P<pk>(a|b)+)/?$",
            "/api/owners/<owner_pk>/things/<pk>",
        ),
        (r"^static/(?P<path>.*)\Z", "/static/<path>"),
        (None, "unmatched"),
    ],
)
def test_the_route_is_the_template(route, template):
    assert metrics.route_of(request_of("GET", "/whatever/secret-7", route)) == template


def test_requests_and_seconds_are_counted():
    route = "/api/things/<str:name>"
    before = counted("GET", route, "404")
    request = request_of("GET", "/api/things/Lazy", "api/things/<str:name>")
    metrics.observe(request, HttpResponse(status=404), 0.02)
    assert counted("GET", route, "404") == before + 1
    labels = {"method": "GET", "route": route}
    assert REGISTRY.get_sample_value("plaza_http_request_seconds_sum", labels) >= 0.02


def test_labels_stay_few_whatever_clients_send():
    for number in range(50):
        request = request_of(f"BREW{number}", f"/nowhere/{number}", None)
        metrics.observe(request, HttpResponse(status=404), 0.001)
    assert counted("OTHER", "unmatched", "404") >= 50
    page = exposition.metrics(RequestFactory().get("/metrics")).content.decode()
    assert "BREW" not in page
    assert "/nowhere" not in page


def test_the_page_is_prometheus_text():
    metrics.observe(request_of("GET", "/x", "x"), HttpResponse(), 0.001)
    response = exposition.metrics(RequestFactory().get("/metrics"))
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    assert b'plaza_http_requests_total{method="GET",route="/x",status="200"}' in response.content


def test_several_processes_are_added_up(tmp_path):
    script = textwrap.dedent(
        """
        import os
        import django
        django.setup()
        from django.http import HttpResponse
        from django.test import RequestFactory
        from prometheus_client import multiprocess
        from core.ops import exposition, metrics

        request = RequestFactory().get("/x")
        for _ in range(3):
            child = os.fork()
            if not child:
                metrics.observe(request, HttpResponse(), 0.001)
                os._exit(0)
            os.waitpid(child, 0)
            multiprocess.mark_process_dead(child)
        print(exposition.metrics(request).content.decode())
        """
    )
    environment = {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PLATFORM_APPS": "",
        "VAR_DIR": str(tmp_path),
    }
    page = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert 'plaza_http_requests_total{method="GET",route="unmatched",status="200"} 3.0' in page
    assert re.search(r"^process_cpu_seconds_total [0-9.]+$", page, re.MULTILINE)
