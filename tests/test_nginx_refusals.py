"""What nginx itself refuses, who may read it, and what it logs."""

import json
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from scripts import proxy
from tests.asserts import assert_problem
from tests.helpers_nginx import Front, logged, needs_nginx

pytestmark = needs_nginx


# --- Refusals -------------------------------------------------------------------------------------


def test_a_body_over_the_limit_is_a_problem(fresh):
    assert fresh.ask("POST", "/api/x", body=b"x" * 100_000).status == 200
    for path in ("/api/x", "/api/files", "/api/auth/token/refresh"):
        for headers in ({}, {"Idempotency-Key": "k" * 20}):
            fresh.log.write_text("")
            response = fresh.ask("POST", path, body=b"x" * 100_001, headers=headers)
            assert_problem(response, 413, "payload_too_large")
            assert fresh.seen() == []


def test_addresses_and_headers_over_the_limit_are_problems(fresh):
    assert_problem(fresh.ask(path="/" + "a" * 9000), 414, "uri_too_long")
    assert_problem(fresh.ask(headers={"X": "a" * 9000}), 400, "bad_request")
    assert_problem(fresh.ask("TRACE"), 405, "method_not_allowed")


def test_logging_in_is_limited_per_client(fresh):
    answers = [
        fresh.ask("POST", "/api/auth/token/", body=b"{}", headers=FRONT_END) for _ in range(12)
    ]
    statuses = [answer.status for answer in answers]
    assert statuses == [200] * 4 + [429] * 8
    assert assert_problem(answers[4], 429, "too_many_requests")["instance"] == "/api/auth/token/"
    assert answers[4].headers["Retry-After"] == "5"
    assert_readable_by_a_front_end(answers[4])
    assert fresh.ask("GET", "/api/auth/token").status == 200
    assert fresh.ask("POST", "/api/auth/token/refresh", body=b"{}").status == 200


def test_the_apps_own_errors_pass_unchanged(fresh):
    for status in (404, 413, 429, 502, 503):
        response = fresh.ask(path=f"/status/{status}")
        assert response.status == status
        assert json.loads(response.data)["path"] == f"/status/{status}"


def cors_headers(response):
    """The headers by which a browser decides whether a page may read an answer."""
    return {
        name: value
        for name, value in response.getheaders()
        if name.startswith("Access-Control-") or (name, value) == ("Vary", "Origin")
    }


FRONT_END = {"Origin": "https://front.example"}


def assert_readable_by_a_front_end(response):
    headers = cors_headers(response)
    exposed = headers.pop("Access-Control-Expose-Headers").split(", ")
    assert sorted(exposed) == sorted(settings.CORS_EXPOSE_HEADERS)
    assert headers == {"Access-Control-Allow-Origin": "https://front.example", "Vary": "Origin"}


def test_a_front_end_may_read_what_nginx_refuses(fresh):
    body = b"x" * 100_001
    refusals = {
        413: fresh.ask("POST", "/api/x", body=body, headers=FRONT_END),
        405: fresh.ask("TRACE", "/api/x", headers=FRONT_END),
    }
    for status, response in refusals.items():
        assert response.status == status
        assert_readable_by_a_front_end(response)


def test_what_was_too_long_to_have_an_origin_may_be_read_by_any_page(fresh):
    too_long = {"X": "a" * 9000, **FRONT_END}
    for response, status in (
        (fresh.ask(path="/api/" + "a" * 9000, headers=FRONT_END), 414),
        (fresh.ask(path="/api/x", headers=too_long), 400),
    ):
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "origin", ["https://other.example", "http://front.example", "https://front.example:444", "null"]
)
def test_other_origins_may_not(fresh, origin):
    response = fresh.ask("POST", "/api/x", body=b"x" * 100_001, headers={"Origin": origin})
    assert (response.status, cors_headers(response)) == (413, {"Vary": "Origin"})


def test_only_the_api_is_for_front_ends_and_nodes_speak_for_themselves(fresh):
    for path in ("/.env", "/api/status/404", "/api/status/503", "/api/x"):
        assert cors_headers(fresh.ask(path=path, headers=FRONT_END)) == {}


def test_a_front_end_may_ask_when_no_node_is_there(tmp_path):
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match",
    }
    with proxy.Proxy(tmp_path / "nginx", origins=["https://front.example"]) as nginx:
        alone = Front(tmp_path, nginx, [])
        for path in ("/api/x", "/api/files", "/allies/x"):
            response = alone.ask("OPTIONS", path, headers=FRONT_END | asked)
            assert (response.status, response.data) == (204, b"")
            headers = cors_headers(response)
            assert headers.pop("Access-Control-Expose-Headers")
            assert headers == {
                "Access-Control-Allow-Origin": "https://front.example",
                "Access-Control-Allow-Methods": "DELETE, GET, PATCH, POST, PUT",
                "Access-Control-Allow-Headers": "authorization,if-match",
                "Access-Control-Max-Age": "0",
                "Vary": "Origin",
            }
            refused = alone.ask("PATCH", path, headers=FRONT_END)
            assert (refused.status, refused.headers["Retry-After"]) == (502, "2")
            assert_readable_by_a_front_end(refused)
        for path, headers in (
            ("/api/x", {"Origin": "https://other.example"} | asked),
            ("/api/x", FRONT_END),
            ("/docs", FRONT_END | asked),
        ):
            response = alone.ask("OPTIONS", path, headers=headers)
            assert response.status == 502
            assert "Access-Control-Allow-Methods" not in response.headers


def test_every_problem_of_the_configuration_is_json():
    text = proxy.TEMPLATE.read_text()
    documents = re.findall(r"return (\d+) '(\{\"type\".*\})';", text)
    assert len(documents) == 11
    for status, document in documents:
        body = json.loads(document.replace("${MAX_UPLOAD_BYTES}", "1"))
        assert body["status"] == int(status)
        assert body["type"] == f"/docs/problems/{body['code']}"
        assert set(body) == {"type", "title", "status", "detail", "instance", "code", "request_id"}


def test_the_access_log_is_json_without_query_strings(fresh):
    fresh.ask(path="/api/logged?search=c4n4ry&token=c4n4ry", headers={"User-Agent": 'a"b\\c'})
    entry = logged(fresh.nginx, "/api/logged")
    assert not [line for line in fresh.nginx.access_lines() if "c4n4ry" in line]
    assert entry["method"] == "GET"
    assert entry["status"] == 200
    assert entry["agent"] == 'a"b\\c'
    assert entry["upstream"].startswith("127.0.0.1:")


@pytest.mark.django_db
@pytest.mark.skipif(not apps.is_installed("allies"), reason="allies brings analyse_log")
def test_our_own_analysis_understands_every_line(fresh, capsys, tmp_path):
    log = fresh.nginx.folder / "access.log"
    before = log.stat().st_size  # other tests sent what is no request
    for path in ("/api/x", "/status/404", "/allies/a1/credentials", "/.env"):
        fresh.ask(path=path)
        logged(fresh.nginx, path)  # a line may be written after its answer was read
    mine = tmp_path / "access.log"
    mine.write_bytes(log.read_bytes()[before:])
    call_command("analyse_log", str(mine), "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["lines"]["total"] >= 4
    assert report["lines"]["not_understood"] == 0


def test_a_refusal_is_logged_as_what_was_asked(fresh):
    fresh.ask("POST", "/api/refused?token=c4n4ry", body=b"x" * 100_001)
    entry = logged(fresh.nginx, "/api/refused")
    assert (entry["method"], entry["status"], entry["upstream"]) == ("POST", 413, "")
