"""What gunicorn itself refuses, before Django sees a request."""

import json
import socket
from http.client import HTTPConnection
from urllib.parse import unquote

import pytest

from tests.helpers_nginx import node_in


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GARBAGE\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431, "bad_request"),
    ],
)
def test_what_is_no_request_is_a_problem(node, sent, status, code):
    with socket.create_connection(("127.0.0.1", node.port), timeout=5) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, code)
    assert f"X-Request-ID: {problem['request_id']}" in head
    assert "Access-Control-Allow-Origin: *" in head  # no Origin was read


@pytest.mark.parametrize("name", ["X-Forwarded-Ssl: on", "X-Forwarded-Protocol: ssl"])
def test_only_one_header_says_the_scheme(node, name):
    with socket.create_connection(("127.0.0.1", node.port), timeout=5) as connection:
        lines = ("GET / HTTP/1.1", "Host: x", "X-Forwarded-Proto: http", name, "Connection: close")
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/api/dogs/Rex%2F", "/api%2fdogs/Rex/?a=%2F", "//x/%2e%2E//"])
def test_the_path_comes_as_it_was_sent_too(node, path):
    """Only it tells a slash from an encoded one (core.api.query.has_encoded_slash)."""
    connection = HTTPConnection("127.0.0.1", node.port, timeout=5)
    connection.request("GET", path)
    seen = json.loads(connection.getresponse().read())
    connection.close()
    assert (seen["raw"], seen["path"]) == (path, unquote(path.partition("?")[0]))


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with node_in(tmp_path_factory.mktemp("node")) as started:
        yield started


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["x; a*=bogus''b", "x; a*=b; a*0=c", "x; a*0=b; a*=c"])
def test_a_content_type_that_cannot_be_parsed_is_an_unknown_one(header, rf):
    from config.wsgi import Request  # it looks for demo credentials in the database

    environ = {**rf.get("/").environ, "CONTENT_TYPE": header}
    request = Request(environ)
    assert (request.content_type, request.META["CONTENT_TYPE"]) == ("", "application/octet-stream")
