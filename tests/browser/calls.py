"""What somebody without a browser asks the platform."""

import json
import urllib.error
import urllib.request

ADMIN = ("admin@plaza.example", "plaza-demo-2026")
TOKEN = "abcdef1234567890"  # of the demo data, the same person's


def ask(url, method="GET", *, token=TOKEN, body=None, **headers):
    """What somebody without a browser gets: status, headers, body."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
