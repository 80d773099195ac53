"""What happens around every request: slashes, headers, and the database away."""

from urllib.parse import unquote

import pytest
from django.db import close_old_connections, connection, connections
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language

from core import context
from core.middleware import RequestContextMiddleware
from core.ops import health
from core.proxies import client_address
from core.roles import Role
from tests.asserts import assert_problem
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/api/users/me", "/api/journal", "/docs", "/api/docs", "/api/openapi.yaml"]
)
def test_with_and_without_a_trailing_slash(admin_api, path):
    plain, slashed = admin_api.get(path), admin_api.get(path + "/")
    assert plain.status_code == slashed.status_code == 200
    if path in {"/api/users/me", "/api/openapi.yaml"}:
        assert slashed.content == plain.content  # the others show their own address


@pytest.mark.parametrize(
    "path", ["/api/users/me//", "/docs//", "/api//users/me", "//api/users/me", "/api/./users/me"]
)
def test_another_spelling_of_an_address_is_none(admin_api, path):
    assert_problem(admin_api.generic("GET", path), 404, "not_found")


@pytest.mark.usefixtures("unpromised")
@pytest.mark.parametrize("variable", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize(
    "path",
    [
        *["/api/users/me%2F", "/api/users/me%2f", "/api/users%2Fme", "/api%2fusers/me/"],
        *["/docs%2F", "/api/journal%2F?limit=1", "http://testserver/api/users/me%2F"],
    ],
)
def test_an_encoded_slash_is_no_slash(admin_api, path, variable):
    """The server hands on the decoded path, which is a good address, and the raw one."""
    decoded, _, query = path.removeprefix("http://testserver").partition("?")
    response = admin_api.get(unquote(decoded), QUERY_STRING=query, **{variable: path})
    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize("path", ["/api/users/me", "/api/users/me/", "/api/journal?search=a%2Fb"])
def test_an_encoded_slash_elsewhere_is_text(admin_api, path):
    path = path.replace("search=a%2Fb", "object_id=a%2Fb")
    assert admin_api.get(path, RAW_URI=path).status_code == 200


@pytest.mark.parametrize(
    "name", ["%FF", "Rex%FF", "%ED%A0%80", "%C0%AF", "%E2%82", "%F8%88%80%80%AF"]
)
def test_a_path_that_is_no_text_is_400(admin_api, name):
    path = f"/api/journal/{name}"
    assert_problem(admin_api.get(path, RAW_URI=path), 400, "malformed_path")


def test_admin_keeps_its_slash(client):
    assert client.get("/admin").status_code == 302
    assert client.get("/admin/login/").status_code == 200


def test_an_api_call_has_no_session_and_no_cookie(admin_api):
    response = admin_api.get("/api/users/me")
    assert not response.cookies
    assert not hasattr(response.wsgi_request, "session")


def test_headers_of_an_answer(admin_api):
    response = admin_api.get("/api/users/me")
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Vary"] == "Accept, Accept-Language, Authorization"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Content-Type"] == "application/json"


def test_docs_need_no_cdn(client):
    page = client.get("/docs").content.decode()
    assert "https://" not in page
    assert "/static/drf_spectacular_sidecar/" in page


def test_cross_site_posts_to_the_admin_are_refused():
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(role=Role.ADMIN))
    assert client.post("/admin/users/user/add/", {}).status_code == 403


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_database_away_is_a_503_and_back_by_itself(admin_api, monkeypatch):
    monkeypatch.setattr(health, "answered_at", lambda: 0.0)  # as if nobody had asked for a while
    host = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["HOST"], connection.settings_dict["PORT"] = "127.0.0.1", "1"
    try:
        for call in (admin_api.get, admin_api.post):
            response = call("/api/users", {})
            assert response.status_code == 503
            assert response["Retry-After"] == "2"
            assert response["Content-Type"] == "application/problem+json"
            assert response.json()["code"] == "service_unavailable"
        health.forget()
        assert admin_api.get("/health/live").status_code == 200
        assert admin_api.get("/health/ready").status_code == 503
    finally:
        connection.settings_dict["HOST"], connection.settings_dict["PORT"] = host
        health.forget()  # it keeps an answer for half a second
    assert admin_api.get("/api/users").status_code == 200
    assert admin_api.get("/health/ready").status_code == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_replaced(admin_api):
    assert admin_api.get("/api/users/me").status_code == 200
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.close()
    assert admin_api.get("/api/users/me").status_code == 503
    close_old_connections()  # as the server does around each request; the test client does not
    assert admin_api.get("/api/users/me").status_code == 200


def test_front_ends_of_named_origins_may_call(admin_api, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE]
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}
    preflight = admin_api.options("/api/users", HTTP_ORIGIN="https://front.example", **asked)
    assert preflight.status_code == 200
    assert preflight["Access-Control-Allow-Origin"] == "https://front.example"
    allowed = preflight["Access-Control-Allow-Headers"].split(", ")
    assert {"content-encoding", "idempotency-key"} <= set(allowed)
    answer = admin_api.get("/api/users/me", HTTP_ORIGIN="https://front.example")
    assert answer["Access-Control-Allow-Origin"] == "https://front.example"
    assert {"ETag", "Server-Time"} <= set(answer["Access-Control-Expose-Headers"].split(", "))
    stranger = admin_api.get("/api/users/me", HTTP_ORIGIN="https://evil.example")
    assert "Access-Control-Allow-Origin" not in stranger


@pytest.mark.parametrize("answer", [HttpResponse(b"four"), StreamingHttpResponse([b"four"])])
def test_a_head_has_the_headers_of_a_get_and_no_body(rf, answer):
    """The server would drop a body, and write a warning for each."""
    response = RequestContextMiddleware(lambda _request: answer)(rf.head("/docs"))
    assert b"".join(response) == b""
    assert response.get("Content-Length", "4") == "4"


def test_without_named_origins_nobody_is_allowed(admin_api):
    answer = admin_api.get("/api/users/me", HTTP_ORIGIN="https://front.example")
    assert "Access-Control-Allow-Origin" not in answer


def test_a_language_ends_with_its_request(admin_api):
    spanish = admin_api.get("/api/nothing", HTTP_ACCEPT_LANGUAGE="es")
    assert spanish.json()["title"] == "No encontrado"
    assert spanish["Content-Language"] == "es"
    assert admin_api.get("/api/nothing").json()["title"] == "Not found"


def test_what_is_refused_first_is_said_in_the_callers_language(api, settings):
    length = {"CONTENT_LENGTH": str(settings.MAX_BODY_BYTES + 1)}
    spanish = api.post("/api/auth/token", HTTP_ACCEPT_LANGUAGE="es", **length)
    assert spanish.status_code == 413
    assert spanish.json()["title"] == "Contenido demasiado grande"
    assert api.post("/api/auth/token", **length).json()["title"] == "Payload too large"


def test_what_a_thread_says_after_a_request_is_nobodys(admin_api):
    assert admin_api.get("/api/users/me").status_code == 200
    assert (context.actor.get(), context.request_id.get()) == (context.NOBODY, "")


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("10.0.0.9", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.9", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.9", "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "nonsense", "nonsense"),
        ("203.0.113.7", "1.1.1.1", "203.0.113.7"),
        ("", "1.1.1.1", ""),
    ],
)
def test_only_our_proxies_say_who_the_client_is(rf, settings, remote, forwarded, client):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    request = rf.get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == client


def test_without_proxies_a_forwarded_address_is_a_claim(rf, settings):
    settings.TRUSTED_PROXIES = []
    request = rf.get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="1.1.1.1")
    assert client_address(request) == "10.0.0.9"


def test_an_answer_has_its_length(admin_api):
    for path in ("/api/users/me", "/api/nothing", "/health/live"):
        response = admin_api.get(path)
        assert response["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize("path", ["/api/users/me", "/api/nothing", "/admin/login/"])
def test_the_language_of_a_request_is_gone_when_it_ends(admin_api, path):
    admin_api.get(path, HTTP_ACCEPT_LANGUAGE="es")
    assert get_language() == "en"
