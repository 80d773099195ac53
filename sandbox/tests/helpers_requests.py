"""Calls of the sandbox, whatever it answers."""

import json
import urllib.error
import urllib.request

import sandbox

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
KEY = f"api_key={sandbox.API_KEY}"
POPULAR = f"/tmdb/3/movie/popular?{KEY}"


def call(server, path, *, method="GET", data=None, headers=None, timeout=30):
    """Return status, headers and decoded body, whatever the status."""
    request = urllib.request.Request(  # noqa: S310 - always the sandbox's own URL
        server.url + path, method=method, data=data, headers=headers or {}
    )
    try:
        with OPENER.open(request, timeout=timeout) as response:
            return response.status, response.headers, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.loads(error.read())


def fault(server, name, **fields):
    return call(server, f"/_faults/{name}", method="PUT", data=json.dumps(fields).encode())


def upload(server, filename, content, field="file", *, path="/relay/api/files", headers=None):
    disposition = f'form-data; name="{field}"; filename="{filename}"'
    body = (
        f"--xYx\r\nContent-Disposition: {disposition}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + content
    return call(
        server,
        path,
        method="POST",
        data=body + b"\r\n--xYx--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=xYx", **(headers or {})},
    )
