"""The table of who may what, tried cell by cell."""

import pytest
from django.contrib import admin

from core import plugs, rights
from core.roles import Role
from users.models import User
from users.tests.factories import PASSWORD, ApiTokenFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
OTHERS = (Role.SUPPORT, Role.ANALYST, Role.CLINICIAN, Role.SELLER, Role.USER)
NEW = {"name": "New", "last_name": "", "email": "new@example.com"}
PROOF = {"current_password": PASSWORD}
TOKEN = {"name": "nightly"}

CELLS = [
    # method, path, body, anonymous, ADMIN, everybody else
    ("get", "/api/users", None, 401, 200, 403),
    ("post", "/api/users", NEW, 401, 201, 403),
    ("get", "/api/users/{other}", None, 401, 200, 404),
    ("put", "/api/users/{other}", NEW, 401, 200, 404),
    ("patch", "/api/users/{other}", {"name": "X"}, 401, 200, 404),
    ("patch", "/api/users/{other}", {"role": "ADMIN"}, 401, 200, 404),
    ("delete", "/api/users/{other}", None, 401, 204, 404),
    ("get", "/api/users/{own}", None, 401, 200, 200),
    ("patch", "/api/users/{own}", {"name": "X"}, 401, 200, 200),
    ("get", "/api/users/me", None, 401, 200, 200),
    ("put", "/api/users/me", NEW, 401, 400, 400),
    ("put", "/api/users/me", NEW | PROOF, 401, 200, 200),
    ("patch", "/api/users/me", {"name": "X"}, 401, 200, 200),
    ("delete", "/api/users/me", None, 401, 400, 400),
    ("delete", "/api/users/me", PROOF, 401, 204, 204),
    ("get", "/api/users/me/sessions", None, 401, 200, 200),
    ("delete", "/api/users/me/sessions", None, 401, 204, 204),
    ("get", "/api/users/me/sessions/{others_session}", None, 401, 404, 404),
    ("delete", "/api/users/me/sessions/{others_session}", None, 401, 404, 404),
    ("post", "/api/users/me/sessions", {}, 405, 405, 405),
    ("get", "/api/users/me/tokens", None, 401, 200, 200),
    ("post", "/api/users/me/tokens", TOKEN, 401, 201, 201),
    ("get", "/api/users/me/tokens/{others_token}", None, 401, 404, 404),
    ("delete", "/api/users/me/tokens/{others_token}", None, 401, 404, 404),
    ("patch", "/api/users/me/tokens/{others_token}", TOKEN, 405, 405, 405),
    ("post", "/api/users/me", NEW, 405, 405, 405),
    ("delete", "/api/users", None, 405, 405, 405),
    ("post", "/api/auth/token", {}, 400, 400, 400),
    ("post", "/api/auth/token/refresh", {}, 400, 400, 400),
    ("post", "/api/auth/logout", {}, 400, 204, 204),
    ("post", "/api/auth/password-reset", {}, 400, 400, 400),
    ("post", "/api/auth/password-reset", {"email": "any@example.com"}, 202, 202, 202),
    ("post", "/api/auth/password-reset/confirm", {}, 400, 400, 400),
    ("get", "/api/auth/password-reset", None, 405, 405, 405),
    ("get", "/api/auth/token", None, 405, 405, 405),
]


def rows():
    return list(User.objects.order_by("pk").values("pk", "name", "email", "role", "is_active"))


def call(client, method, path, body, own):
    UserFactory(role=Role.ADMIN)
    other = UserFactory()
    session, token = SessionFactory(user=other), ApiTokenFactory(user=other)
    path = path.format(other=other.pk, own=own, others_session=session.pk, others_token=token.pk)
    before = rows()
    response = getattr(client, method)(path, body)
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        assert rows() == before, "a refusal changes nothing"
    return response.status_code


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]} {cell[1]}")
def test_anonymous(api, cell):
    method, path, body, expected, _admin, _others = cell
    assert call(api, method, path, body, own=1) == expected


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]} {cell[1]}")
def test_administrators(admin_api, cell):
    method, path, body, _anonymous, expected, _others = cell
    assert call(admin_api, method, path, body, own=admin_api.user.pk) == expected


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]} {cell[1]}")
def test_everybody_else(client_for, cell, role):
    method, path, body, _anonymous, _admin, expected = cell
    client = client_for(role)
    assert call(client, method, path, body, own=client.user.pk) == expected


@pytest.mark.parametrize("config", [*plugs.enabled()], ids=lambda config: config.label)
def test_every_app_with_pages_in_the_admin_says_whose_they_are(config):
    pages = [model for model in admin.site._registry if model._meta.app_label == config.label]
    table = rights.table_of(config.label)
    assert bool(table) is bool(pages)
    names = {model._meta.model_name for model in config.get_models()}
    for allowed in table.values():
        for permission in allowed:
            _action, _, name = permission.partition("_")
            assert name in {*names, "*"}, permission


def test_nobody_may_what_no_table_says():
    assert rights.table_of("nowhere") == rights.table_of("auth") == {}
    assert not rights.may_in_admin("", "stores.view_areaday")
    assert not rights.may_in_admin(Role.ANALYST, "stores.view_dailyfigure")
    assert not rights.may_in_admin(Role.ANALYST, "stores.change_areaday")
