"""What the Litestar peer keeps around every request."""

import time
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.peers import promises


def around_requests(app: ASGIApp) -> ASGIApp:
    """Give every request its id, count it and leave its line."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = promises.begin_request(given.decode("latin-1"))

        async def pass_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"], (b"x-request-id", request_id.encode())
                ]  # fmt: skip
            await send(message)

        try:
            await app(scope, receive, pass_on)
        finally:
            route = scope.get("path_template", "unmatched")
            seconds, client = time.perf_counter() - started, scope["client"][0]
            promises.end_request(scope["method"], scope["path"], route, status, seconds, client)

    return answer


def refuse(request: Request, error: HTTPException) -> Response:
    """Render a refusal as a problem document."""
    body = promises.problem(error.status_code, request.url.path, error.detail)
    headers = {"Cache-Control": "no-store", **(error.headers or {})}
    if error.status_code == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        body, status_code=error.status_code, headers=headers, media_type=promises.PROBLEM
    )


@get("/metrics", sync_to_thread=False)
def metrics() -> Response:
    """Answer Prometheus."""
    return Response(promises.exposition(), media_type=promises.METRICS)


OPTIONS: dict[str, Any] = {
    "middleware": [around_requests],
    "exception_handlers": {HTTPException: refuse},
}
