"""An answer that the contract does not promise is noticed: the control of ``tests.answers``."""

import json

import pytest

from tests.answers import mistake_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(admin_api):
    """A page of users as it should be."""
    response = admin_api.get("/api/users")
    assert mistake_in(response, look_inside=True) is None
    return response


def test_a_status(answer):
    answer.status_code = 202
    assert mistake_in(answer, look_inside=False) == "GET /api/users: nobody promised 202"


def test_a_media_type(answer):
    answer["Content-Type"] = "text/html; charset=utf-8"
    expected = "GET /api/users: 200 promises ['application/json'], not 'text/html'"
    assert mistake_in(answer, look_inside=False) == expected


def test_a_header(answer):
    del answer["X-Request-ID"]
    expected = "GET /api/users: 200 promises the header X-Request-ID"
    assert mistake_in(answer, look_inside=False) == expected


def test_a_code(api):
    refused = api.get("/api/users")
    assert mistake_in(refused, look_inside=True) is None
    refused.content = refused.content.replace(b'"not_authenticated"', b'"no_such_code"')
    expected = (
        "GET /api/users: 401 does not name the code no_such_code; name its class in contract.py"
    )
    assert mistake_in(refused, look_inside=False) == expected


def test_a_refusal_that_no_rule_and_no_table_names(api):
    refused = api.get("/api/users")
    refused.status_code = 409
    assert mistake_in(refused, look_inside=False) == "GET /api/users: nobody promised 409"


def test_what_is_always_there(answer):
    body = answer.json()
    del body["results"][0]["last_name"]
    answer.content = json.dumps(body)
    expected = "GET /api/users: 200 is wrong: $.results[0]: 'last_name' is a required property"
    assert mistake_in(answer, look_inside=True) == expected


def test_a_field(answer):
    body = answer.json()
    body["results"][0]["name"] = 7
    answer.content = json.dumps(body)
    expected = "GET /api/users: 200 is wrong: $.results[0].name: 7 is not of type 'string'"
    assert mistake_in(answer, look_inside=True) == expected
    assert mistake_in(answer, look_inside=False) is None


def test_an_error_that_is_no_problem_document(api):
    refused = api.get("/api/users?limit=0")
    assert (refused.status_code, mistake_in(refused, look_inside=True)) == (401, None)
    refused.content = b'{"code": "not_authenticated"}'
    assert mistake_in(refused, look_inside=True) is not None


def test_the_suite_itself_is_stopped(admin_api, monkeypatch):
    monkeypatch.setattr("tests.answers.promises", lambda: {("GET", "/api/users"): {}})
    with pytest.raises(AssertionError, match="GET /api/users: nobody promised 200"):
        admin_api.get("/api/users")
