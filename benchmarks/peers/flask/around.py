"""What the Flask peer keeps around every request."""

import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from benchmarks.peers import promises


def begin() -> None:
    """Give the request its id."""
    g.started = time.perf_counter()
    promises.begin_request(request.headers.get("X-Request-ID"))


def end(response: Response) -> Response:
    """Count the request and leave its line."""
    response.headers["X-Request-ID"] = promises.request_id.get()
    route = request.url_rule.rule if request.url_rule else "unmatched"
    seconds, client = time.perf_counter() - g.started, request.remote_addr or ""
    promises.end_request(request.method, request.path, route, response.status_code, seconds, client)
    return response


def refuse(error: HTTPException) -> Response:
    """Render a refusal as a problem document."""
    status = error.code or 500
    body = promises.problem(status, request.path, error.description or "")
    response = Response(body, status, content_type=promises.PROBLEM)
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def metrics() -> Response:
    """Answer Prometheus."""
    return Response(promises.exposition(), content_type=promises.METRICS)


def keep(app: Flask) -> None:
    """Make an application keep the promises."""
    app.before_request(begin)
    app.after_request(end)
    app.register_error_handler(HTTPException, refuse)
    app.add_url_rule("/metrics", view_func=metrics)
