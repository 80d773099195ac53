"""What the tests of dogs and files ask of an answer."""


def refused(response, status: int, code: str, field: str = "") -> None:
    """The answer is this problem, and names this field."""
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    if field:
        assert field in [error["field"] for error in body["errors"]]
