"""What Prometheus reads of requests: how many, how they ended, how long they took.

Labels have a bounded number of values: the route is the resolver's template, never the path, and a
method that HTTP does not know is ``OTHER``. Who shows them: core.ops.exposition.
"""

import re
from functools import lru_cache

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
_LABELS = ("method", "route", "status")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)")

REQUESTS = Counter("plaza_http_requests", "Requests answered.", _LABELS)
SECONDS = Histogram(
    "plaza_http_request_seconds",
    "Seconds from the first middleware to the response.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)


@lru_cache(maxsize=1024)
def _template(route: str) -> str:
    """Return the route as a reader writes it: ``/api/patients/<pk>``."""
    plain = _GROUP.sub(r"<\1>", route).replace("\\Z", "").replace("\\.", ".")
    return "/" + plain.replace("^", "").replace("$", "").replace("/?", "").strip("/")


def route_of(request: HttpRequest) -> str:
    """Return the template of the route that answered, the same for all its paths."""
    match = request.resolver_match
    return UNMATCHED if match is None else _template(str(match.route))


def observe(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Count one answered request (called by ``core.middleware.RequestContextMiddleware``)."""
    method = request.method if request.method in METHODS else "OTHER"
    route = route_of(request)
    REQUESTS.labels(method, route, str(response.status_code)).inc()
    SECONDS.labels(method, route).observe(seconds)
