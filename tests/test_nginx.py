"""Real nginx with the repository's configuration, in front of real gunicorn nodes."""

import json
import os
import re
import shutil
import subprocess

import pytest

from scripts import proxy
from tests.asserts import assert_problem
from tests.helpers_nginx import Front, logged, needs_nginx

pytestmark = needs_nginx


# --- What passes, and as what ---------------------------------------------------------------------


def test_a_request_passes_with_who_and_how(fresh):
    response = fresh.ask(
        "POST",
        "/api/dogs/Lazy?x=1",
        body=b'{"a": 1}',
        headers={"Content-Type": "application/json", "X-Request-ID": "given-by-me"},
    )
    seen = json.loads(response.data)
    assert response.status == 200
    assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/api/dogs/Lazy", "x=1")
    assert seen["body"] == '{"a": 1}'
    assert seen["headers"]["HTTP_HOST"] == f"127.0.0.1:{fresh.nginx.port}"
    assert seen["headers"]["HTTP_X_REQUEST_ID"] == "given-by-me"
    assert seen["headers"]["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen["headers"]["HTTP_X_FORWARDED_PROTO"] == "http"
    assert response.headers["X-Request-ID"] == "given-by-me"


SPOOFED = {
    "X-Forwarded-For": "6.6.6.6",
    "X_Forwarded_For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "444",
    "X-Real-IP": "6.6.6.6",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Scheme": "https",
    "X-Scheme": "https",
    "X-Url-Scheme": "https",
    "Front-End-Https": "on",
    "Forwarded": "for=6.6.6.6;proto=https;host=evil.example",
    "Proxy": "http://evil.example",
    "X-Request-ID": 'a"b{}<script>',
}


def test_a_stranger_cannot_say_who_it_is(fresh):
    response = fresh.ask(headers=SPOOFED)
    assert response.status == 200
    seen = json.loads(response.data)["headers"]
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "http"
    assert re.fullmatch(r"[0-9a-f]{32}", seen["HTTP_X_REQUEST_ID"])
    assert not {
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_REAL_IP",
        "HTTP_X_FORWARDED_SSL",
        "HTTP_X_FORWARDED_PROTOCOL",
        "HTTP_X_FORWARDED_SCHEME",
        "HTTP_X_SCHEME",
        "HTTP_X_URL_SCHEME",
        "HTTP_FRONT_END_HTTPS",
        "HTTP_FORWARDED",
        "HTTP_PROXY",
    } & set(seen)


def test_a_trusted_proxy_can_say_who_its_client_is(fresh, tmp_path):
    nginx = proxy.Proxy(tmp_path / "trusting", trusted=["127.0.0.1"])
    nginx.nodes({fresh.nodes[0].port: ""})
    with nginx:
        trusting = Front(tmp_path, nginx, [])
        headers = {"X-Forwarded-For": "6.6.6.6, 7.7.7.7", "X-Forwarded-Proto": "https"}
        response = trusting.ask(headers=headers)
        seen = json.loads(response.data)["headers"]
        line = logged(nginx, "/")
    assert seen["HTTP_X_FORWARDED_FOR"] == "7.7.7.7"  # the last one that nobody we trust wrote
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"
    assert line["client"] == "7.7.7.7"
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_gzip_and_the_tag_it_weakens(fresh):
    response = fresh.ask(path="/big", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.data) < 2000
    assert response.headers["ETag"] == 'W/"strong"'
    seen = json.loads(fresh.ask(headers={"If-Match": response.headers["ETag"]}).data)["headers"]
    assert seen["HTTP_X_STRONG_IF_MATCH"] == '"strong"'
    assert seen["HTTP_IF_MATCH"] == 'W/"strong"'
    for header in ("", "*", '"a"', '"a", "b"', 'W/"a", W/"b"', 'W/"a" x'):
        seen = json.loads(fresh.ask(headers={"If-Match": header}).data)["headers"]
        assert seen["HTTP_IF_MATCH"] == header
        assert "HTTP_X_STRONG_IF_MATCH" not in seen
    forged = {"X-Strong-If-Match": '"a"'}
    seen = json.loads(fresh.ask(headers=forged).data)["headers"]
    assert {"HTTP_IF_MATCH", "HTTP_X_STRONG_IF_MATCH"}.isdisjoint(seen)
    assert (
        "Content-Encoding"
        not in fresh.ask(path="/api/auth/token", headers={"Accept-Encoding": "gzip"}).headers
    )


def test_security_headers_are_there_once_whoever_answers(fresh):
    for path in ("/", "/admin/", "/docs", "/static/a.css", "/.env", "/status/503"):
        headers = fresh.ask(path=path).headers
        for name, value in {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Server": "nginx",
        }.items():
            assert headers.get_all(name) == [value], (path, name)
        assert len(headers.get_all("Content-Security-Policy")) == 1
        assert len(headers.get_all("X-Request-ID")) == 1
        assert headers["Strict-Transport-Security"] is None
    assert fresh.ask(path="/").headers["Content-Security-Policy"].startswith("default-src 'none'")
    for path in ("/admin/", "/docs", "/api/docs"):
        policy = fresh.ask(path=path).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in re.sub("style-src[^;]*", "", policy)


def test_static_files_are_kept_and_asked_for_at_every_node(fresh):
    first, second = (fresh.ask(path="/static/a.0123456789ab.css") for _ in range(2))
    assert (first.status, second.data) == (200, first.data)
    assert len(fresh.seen()) == 1
    fresh.log.write_text("")
    assert fresh.ask(path="/static/status/404").status == 404  # known to no node
    assert len({seen["pid"] for seen in fresh.seen()}) == 2
    fresh.log.write_text("")
    fresh.ask(path="/static/status/404")
    assert fresh.seen() != []  # what is missing is not remembered


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/static/.env",
        "/a/.svn/x",
        "/static/%2e%65nv",
        "/%2egit/config",
        "/admin/.ssh",
    ],
)
def test_hidden_files_are_refused(fresh, path):
    assert_problem(fresh.ask(path=path), 404, "not_found")
    assert fresh.seen() == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/../seen.log",
        "/static/%2e%2e/seen.log",
        "/static/..%2fseen.log",
        "/static//../../seen.log",
        "/static/%2e%2e%2f%2e%2e%2fseen.log",
        "/static/..\\seen.log",
    ],
)
def test_nobody_climbs_out_of_the_static_folder(fresh, path):
    raw = fresh.send(f"GET {path} HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n".encode())
    head, _, body = raw.partition(b"\r\n\r\n")
    # The app's own answer, or a refusal.
    assert b'"pid"' in body or re.match(rb"HTTP/1.1 (400|404)", head)
    assert body.count(b'"pid"') <= 1


def test_a_dog_may_be_called_like_a_hidden_file(fresh):
    assert json.loads(fresh.ask(path="/api/dogs/.git").data)["path"] == "/api/dogs/.git"


@pytest.mark.parametrize("path", ["/api/dogs/Rex%2F", "/api%2Fdogs/a%5Cb//", "/api/./x/%2e%2e/y"])
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key-00000001"}])
def test_a_path_passes_as_it_was_sent(fresh, path, headers):
    assert json.loads(fresh.ask("POST", path, headers=headers).data)["raw"] == path


def test_metrics_are_for_the_inside(fresh, tmp_path):
    assert fresh.ask(path="/metrics").status == 200
    nginx = proxy.Proxy(tmp_path / "outside", trusted=["127.0.0.1"])
    nginx.nodes({fresh.nodes[0].port: ""})
    with nginx:
        outside = Front(tmp_path, nginx, [])
        assert_problem(
            outside.ask(path="/metrics", headers={"X-Forwarded-For": "8.8.8.8"}), 404, "not_found"
        )


# --- The container's start script ---------------------------------------------------------------


@pytest.mark.skipif(shutil.which("envsubst") is None, reason="envsubst is not installed")
def test_the_container_fills_the_template_in_the_same_way(tmp_path):
    folder = tmp_path / "run"
    names = set(re.findall(r"\$\{([A-Z_]+)\}", proxy.TEMPLATE.read_text()))
    script = (proxy.ROOT / "nginx" / "start.sh").read_text()
    listed = set(
        re.findall(r"\$\{([A-Z_]+)\}", re.search(r"^names='(.*)'$", script, re.MULTILINE)[1])
    )
    assert listed == names == {"LISTEN", "RUN_DIR", *proxy.DEFAULTS}
    mine = proxy.Proxy(folder)
    values = {
        **proxy.DEFAULTS,
        "LISTEN": f"127.0.0.1:{mine.port}",
        "RUN_DIR": str(folder),
        "ACCESS_LOG": str(folder / "access.log"),
        "ERROR_LOG": str(folder / "error.log"),
    }
    filled = subprocess.run(
        ["envsubst", " ".join(f"${{{name}}}" for name in listed)],  # noqa: S607 - from the PATH
        input=proxy.TEMPLATE.read_text(),
        env={**values, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert filled == mine.config.read_text()


def test_the_container_has_the_same_defaults():
    script = (proxy.ROOT / "nginx" / "start.sh").read_text()
    defaults = dict(re.findall(r'"\$\{([A-Z_]+):=([^}]*)\}"', script))
    for name, value in proxy.DEFAULTS.items():
        if not name.endswith("_LOG"):
            assert defaults[name] == value
