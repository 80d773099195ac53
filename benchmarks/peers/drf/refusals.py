"""How the plain project refuses: apart, because DRF's views read settings that name the rest."""

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.views import exception_handler

from benchmarks.peers import promises


def refuse(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Render a refusal as a problem document."""
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = orjson.dumps(response.data, default=str).decode()
    body = promises.problem(response.status_code, context["request"].path, detail)
    plain = HttpResponse(body, status=response.status_code, content_type=promises.PROBLEM)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response.headers:
            plain.headers[name] = response.headers[name]
    plain.headers["Cache-Control"] = "no-store"
    return plain
