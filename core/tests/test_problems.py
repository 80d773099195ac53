"""Every error is an RFC 9457 problem document, whoever raised it."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError, connection
from django.test import Client

from core.errors import BadRequest, ServiceUnavailable, TooManyRequests
from core.models import JournalEntry
from core.problems import field_errors
from tests.asserts import problem_of
from users.models import User

pytestmark = pytest.mark.django_db


def test_unknown_path(api):
    body = problem_of(api.get("/api/nothing"))
    assert (body["status"], body["code"], body["instance"]) == (404, "not_found", "/api/nothing")


@pytest.mark.parametrize(
    "path", ["/api/things/%00", "/api/a%20b", "/api/%C3%B1/%E2%80%AE", "/api/x%3Fy"]
)
def test_the_instance_is_a_uri_reference(api, path):
    assert problem_of(api.get(path))["instance"] == path


def page(response, status, title) -> str:
    """Return the text of a page in the admin after checking what each has."""
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    text = response.content.decode()
    assert f"<h1>{title}</h1>" in text
    assert response["X-Request-ID"] in text
    return text


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/admin/nothing/", 404, "No encontrado"),
        ("/admin/users/user/?password__gte=a", 400, "Solicitud incorrecta"),
        ("/admin/users/session/add/", 403, "No permitido"),
    ],
)
def test_a_person_in_the_admin_gets_a_page(admin_user_session, path, status, title):
    assert '<html lang="en">' in admin_user_session.get(path).content.decode()
    text = page(admin_user_session.get(path, HTTP_ACCEPT_LANGUAGE="es"), status, title)
    assert '<html lang="es">' in text


def test_a_defect_in_the_admin_is_a_page_that_says_nothing(admin_user_session, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("with a secret")

    monkeypatch.setattr("users.admin.UserAdmin.get_queryset", broken)
    admin_user_session.raise_request_exception = False
    text = page(admin_user_session.get("/admin/users/user/"), 500, "Internal error")
    assert "secret" not in text


@pytest.mark.parametrize("path", ["/administrator", "/admin.php"])
def test_what_only_begins_like_the_admin_is_none(api, path):
    assert problem_of(api.get(path))["code"] == "not_found"


@pytest.fixture
def admin_user_session(client, django_user_model):
    user = django_user_model.objects.create_superuser(
        email="root@example.com", password="x", name="Root"
    )
    client.force_login(user)
    return client


def test_no_token(api):
    response = api.get("/api/users")
    assert problem_of(response)["code"] == "not_authenticated"
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Basic dXNlcjpwdw==", "Token x", "Digest a", "Bearer", "x"])
def test_another_scheme_than_bearer(api, scheme):
    response = api.get("/api/users", HTTP_AUTHORIZATION=scheme)
    assert problem_of(response)["status"] == 401


def test_not_allowed(user_api):
    assert problem_of(user_api.get("/api/journal"))["code"] == "permission_denied"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_method_not_allowed(admin_api, method):
    response = getattr(admin_api, method)("/api/journal")
    assert problem_of(response)["code"] == "method_not_allowed"
    assert response.status_code == 405


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/api/docs", "/api/openapi.yaml", "/metrics", "/favicon.ico"]
)
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "DELETE", "TRACE", "PROPFIND"])
def test_what_can_only_be_read(api, path, method):
    response = api.generic(method, path)
    assert problem_of(response)["code"] == "method_not_allowed"
    assert response["Allow"] == "GET, HEAD"
    assert api.get(path).status_code in {200, 302}
    assert api.head(path).status_code in {200, 302}


def test_a_method_that_is_not_there_is_405_whatever_is_asked(admin_api):
    response = admin_api.generic("TRACE", "/api/users?role=ADMIN")
    assert problem_of(response)["code"] == "method_not_allowed"


def test_unknown_method(admin_api):
    assert problem_of(admin_api.generic("BREW", "/api/journal"))["status"] == 405


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
def test_not_acceptable(admin_api, accept):
    assert problem_of(admin_api.get("/api/journal", HTTP_ACCEPT=accept))["status"] == 406


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, application/*;q=0.1"])
def test_acceptable(admin_api, accept):
    response = admin_api.get("/api/journal", HTTP_ACCEPT=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_validation_names_the_fields(admin_api):
    body = problem_of(admin_api.post("/api/users", {"email": "no"}))
    assert (body["status"], body["code"]) == (400, "invalid")
    assert {error["field"] for error in body["errors"]} >= {"name", "email"}
    assert all(set(error) == {"field", "code", "detail"} for error in body["errors"])
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("detail", "names"),
    [
        ({"name": ["wrong"]}, ["name"]),
        ({"address": {"city": ["wrong", "worse"]}}, ["address.city", "address.city"]),
        ({"products": {3: ["wrong"], 5: ["wrong"]}}, ["products[3]", "products[5]"]),
        ({"rows": [{}, {"name": ["wrong"]}]}, ["rows[1].name"]),
        ([{"name": ["wrong"]}], ["[0].name"]),
        (["wrong"], [""]),
    ],
)
def test_fields_are_named_as_javascript_reaches_them(detail, names):
    assert [error["field"] for error in field_errors(detail)] == names


def test_body_over_the_limit(admin_api, settings):
    settings.MAX_BODY_BYTES = 2048
    body = problem_of(admin_api.post("/api/users", {"name": "x" * 3000}))
    assert (body["status"], body["code"]) == (413, "payload_too_large")
    assert User.objects.count() == 1


def test_chunked_body_without_length(api):
    response = api.get("/api/journal", HTTP_TRANSFER_ENCODING="chunked")
    assert problem_of(response)["code"] == "length_required"
    assert response.status_code == 411


def raising(error, monkeypatch):
    """Let the journal list raise ``error``."""

    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("core.views.JournalViewSet.list", fail)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("gone"), 503, "service_unavailable"),
        (ServiceUnavailable(retry_after=7), 503, "service_unavailable"),
        (TooManyRequests(retry_after=7), 429, "too_many_requests"),
        (BadRequest(), 400, "bad_request"),
        (SuspiciousOperation("x"), 400, "bad_request"),
    ],
)
def test_errors_of_the_domain_and_of_django(admin_api, monkeypatch, error, status, code):
    raising(error, monkeypatch)
    response = admin_api.get("/api/journal")
    assert problem_of(response)["code"] == code
    assert response.status_code == status
    assert ("Retry-After" in response) == (status in {429, 503})
    assert "gone" not in response.content.decode()


def refused_with(code):
    """Return the error that Django raises for a code of PostgreSQL's."""
    cause = Exception("said by the driver")
    cause.pgcode = code
    error = OperationalError("canary")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "seconds"),
    [
        (refused_with("55P03"), "lock_timeout", "1"),
        (refused_with("57014"), "statement_timeout", "10"),
        (refused_with("40P01"), "deadlock", "1"),
        (refused_with("40001"), "deadlock", "1"),
        (refused_with("53300"), "too_many_connections", "2"),
        (refused_with("53100"), "database_read_only", "30"),
        (refused_with("25006"), "database_read_only", "5"),
        (OperationalError("FATAL:  sorry, too many clients already"), "too_many_connections", "2"),
        (OperationalError("FATAL:  query_wait_timeout"), "too_many_connections", "2"),
        (OperationalError("database is locked"), "lock_timeout", "1"),
        (OperationalError("database or disk is full"), "database_read_only", "30"),
        (refused_with("57P01"), "service_unavailable", "2"),
    ],
)
def test_what_the_database_refuses_has_words_of_its_own(
    admin_api, monkeypatch, error, code, seconds
):
    raising(error, monkeypatch)
    response = admin_api.get("/api/journal")
    assert response.status_code == 503
    assert problem_of(response)["code"] == code
    assert response["Retry-After"] == seconds
    assert "canary" not in response.content.decode()


def test_a_defect_is_a_500_that_says_nothing(admin_api, monkeypatch):
    raising(ZeroDivisionError("secret detail"), monkeypatch)
    admin_api.raise_request_exception = False
    response = admin_api.get("/api/journal")
    body = problem_of(response)
    assert (body["status"], body["code"]) == (500, "internal_error")
    assert "secret detail" not in response.content.decode()


def test_unknown_host():
    response = Client().get("/api/users", HTTP_HOST="evil.example")
    assert problem_of(response)["status"] == 400


def test_texts_follow_accept_language(api):
    english = api.get("/api/users").json()
    spanish = api.get("/api/users", HTTP_ACCEPT_LANGUAGE="es-CO,es;q=0.9").json()
    assert english["title"] == "Not authenticated"
    assert spanish["title"] == "Sin autenticar"
    assert (spanish["code"], spanish["status"]) == (english["code"], english["status"])


def test_request_id_is_taken_over_when_well_formed(api):
    assert api.get("/api/users", HTTP_X_REQUEST_ID="abc-12345")["X-Request-ID"] == "abc-12345"
    for bad in ("x", "a" * 65, "with space 1234", "<script>alert(1)</script>"):
        assert api.get("/api/users", HTTP_X_REQUEST_ID=bad)["X-Request-ID"] != bad


def test_a_refused_request_leaves_no_entry(user_api):
    before = JournalEntry.objects.count()
    user_api.get("/api/journal")
    assert JournalEntry.objects.count() == before


def test_database_away_in_the_admin(client, admin_user_session, monkeypatch):
    def away(_session):
        raise OperationalError

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    client.raise_request_exception = False
    response = client.get("/admin/")
    assert response["Retry-After"] == "2"
    page(response, 503, "Service unavailable")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_read_only_standby_is_away_too(admin_api):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        response = admin_api.post("/api/users", {"name": "Ana", "email": "ana@plaza.example"})
    finally:
        connection.close()
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert User.objects.filter(email="ana@plaza.example").count() == 0
