"""What every test asks of an error: that it is an RFC 9457 problem document, and which one."""

import json
from typing import Any

MEMBERS = ["type", "title", "status", "detail", "instance", "code", "request_id"]


def problem_of(response: Any) -> dict[str, Any]:
    """Return the body of a problem document, of Django's test client or of ``http.client``."""
    is_django = hasattr(response, "status_code")
    headers = response if is_django else response.headers
    assert headers["Content-Type"] == "application/problem+json", headers["Content-Type"]
    body = json.loads(response.content if is_django else response.data)
    assert list(body)[:7] == MEMBERS
    assert body["status"] == (response.status_code if is_django else response.status)
    assert body["type"] == f"/docs/problems/{body['code']}"
    assert body["request_id"] == headers["X-Request-ID"]
    return body


def assert_problem(
    response: Any, status: int, code: str, *, field: str | None = None
) -> dict[str, Any]:
    """Assert that the answer is this problem and names this field; return its body."""
    body = problem_of(response)
    assert (body["status"], body["code"]) == (status, code), body
    if field is not None:
        assert field in [error["field"] for error in body["errors"]], body["errors"]
    return body
