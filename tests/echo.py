"""A WSGI application that says what arrived and writes each request down, for the proxy's tests."""

import json
import os
import time
from pathlib import Path


def application(environ, start_response):
    """Answer with what the node saw; ``/wait/SECONDS`` answers later, ``/status/N`` with N."""
    path = environ["PATH_INFO"]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else environ["wsgi.input"].read()
    seen = {
        "pid": os.getpid(),
        "method": environ["REQUEST_METHOD"],
        "path": path,
        "raw": environ.get("RAW_URI"),
        "query": environ["QUERY_STRING"],
        "length": len(body),
        "body": body[:64].decode("latin-1"),
        "headers": {name: value for name, value in environ.items() if name.startswith("HTTP_")},
    }
    with Path(LOG).open("a") as log:
        log.write(json.dumps(seen) + "\n")
    if path.startswith("/wait/"):
        time.sleep(float(path.rpartition("/")[2]))
    if environ["QUERY_STRING"].startswith("wait="):
        time.sleep(float(environ["QUERY_STRING"].partition("=")[2]))
    if path == "/die" or environ["QUERY_STRING"] == "die":
        os._exit(9)
    if path == "/exit":
        raise SystemExit
    status = path.rpartition("/")[2] if "/status/" in path else "200"
    content = json.dumps(seen).encode()
    if path.startswith("/big"):
        content = json.dumps({"filler": "x" * 20_000}).encode()
    start_response(
        f"{status} X",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("ETag", '"strong"'),
        ],
    )
    return [content]


LOG = os.environ.get("PLAZA_ECHO_LOG", os.devnull)  # noqa: TID251 - a stand-in for the platform, no part of it
