"""What the FastAPI peer keeps around every request."""

import time

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from benchmarks.peers import promises

REFUSED = {"Cache-Control": "no-store"}


class AroundRequests:
    """Gives every request its id, counts it and leaves its line."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = promises.begin_request(given.decode("latin-1"))

        async def answer(message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds, client = time.perf_counter() - started, scope["client"][0]
            promises.end_request(scope["method"], scope["path"], route, status, seconds, client)


async def refuse(request: Request, error: HTTPException) -> Response:
    """Render a refusal as a problem document."""
    body = promises.problem(error.status_code, request.url.path, str(error.detail))
    headers = {**(error.headers or {}), **REFUSED}
    return Response(body, error.status_code, headers, promises.PROBLEM)


async def refuse_input(request: Request, error: RequestValidationError) -> Response:
    """Render what is wrong with a request."""
    wrong = [
        {"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()
    ]
    body = promises.problem(400, request.url.path, "The request is not valid.", errors=wrong)
    return Response(body, 400, REFUSED, promises.PROBLEM)


def metrics() -> Response:
    """Answer Prometheus."""
    return Response(promises.exposition(), media_type=promises.METRICS)


def keep(app: FastAPI) -> None:
    """Make an application keep the promises."""
    app.add_middleware(AroundRequests)
    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(RequestValidationError, refuse_input)
    app.add_api_route("/metrics", metrics)
