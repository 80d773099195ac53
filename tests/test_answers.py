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


def test_a_field(answer):
    body = answer.json()
    body["results"][0]["name"] = 7
    answer.content = json.dumps(body)
    expected = "GET /api/users: 200: $.results[0].name: 7 is not of type 'string'"
    assert mistake_in(answer, look_inside=True) == expected
    assert mistake_in(answer, look_inside=False) is None


def test_an_error_that_is_no_problem_document(api):
    refused = api.get("/api/users?limit=0")
    assert (refused.status_code, mistake_in(refused, look_inside=True)) == (401, None)
    refused.content = b'{"error": "no"}'
    assert mistake_in(refused, look_inside=True) is not None


def test_the_suite_itself_is_stopped(admin_api, monkeypatch):
    monkeypatch.setattr("tests.answers.promises", lambda: {("GET", "/api/users"): {}})
    with pytest.raises(AssertionError, match="GET /api/users: nobody promised 200"):
        admin_api.get("/api/users")
