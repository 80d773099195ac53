"""Outbound HTTP: what is sent, and an answer that is good."""

import concurrent.futures

import pytest
import responses

import sandbox
from core import context
from core.outbound import client
from core.tests.outbound.helpers_calls import PICTURE, failure, picture_or_error


def test_an_answer_is_decoded_and_says_nothing(server, make, lines):
    assert make().get_json(PICTURE) == {
        "message": "https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg",
        "status": "success",
    }
    assert server.calls() == 1
    assert lines() == []


def test_parse_converts_the_answer(make):
    assert make().get_json(PICTURE, parse=picture_or_error).endswith("n02086910_6483.jpg")


def test_query_headers_and_request_id_are_sent(server, make):
    upstream = make(f"{server.url}/tmdb/3/", headers={"X-Own": "1", "X-Both": "own"})
    token = context.request_id.set("request-1")
    try:
        upstream.get_json(
            "/movie/popular", {"api_key": sandbox.API_KEY, "page": 2}, {"X-Both": "call"}
        )
    finally:
        context.request_id.reset(token)
    call = server.received("tmdb")[0]
    assert (call.path, call.query) == (
        "/3/movie/popular",
        {"api_key": sandbox.API_KEY, "page": "2"},
    )
    sent = {name: call.headers.get(name) for name in ("x-request-id", "x-own", "x-both")}
    assert sent == {"x-request-id": "request-1", "x-own": "1", "x-both": "call"}
    assert call.headers["accept-encoding"] == "identity"


def test_no_request_id_outside_a_request(server, make):
    make().get_json(PICTURE)
    assert "x-request-id" not in server.received("dogs")[0].headers


def test_a_path_is_quoted_and_cannot_go_up(server, make):
    error, _seconds = failure(lambda: make().get_json("a b/ñ?x=1#y"))
    assert (error.reason, error.status) == ("status", 404)
    assert server.received("dogs")[0].path == "/api/a b/ñ?x=1#y"
    assert server.received("dogs")[0].query == {}
    with pytest.raises(ValueError, match="go up"):
        make().get_json("a/../../tmdb")
    assert server.calls() == 1


def test_threads_share_one_upstream(server, make):
    upstream = make()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: upstream.get_json(PICTURE)["message"], range(100)))
    assert len(set(got)) == 100
    assert server.calls("dogs") == 100


def test_proxies_of_the_environment_are_ignored(server, make, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert make().get_json(PICTURE)["status"] == "success"


@responses.activate
def test_a_mocked_adapter_works_too():
    responses.get("https://dog.example/api/x", json={"status": "success"})
    upstream = client.Upstream("mocked", "https://dog.example/api")
    assert upstream.get_json("x") == {"status": "success"}
    upstream.close()
