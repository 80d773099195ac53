"""The permission tables, as tables: every route, every role; a refusal changes nothing."""

import pytest

from allies import permissions
from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history
from core.roles import Role

pytestmark = pytest.mark.django_db

BODY = {"name": "X"}
SECRETS = {"user": "a", "password": "b"}
CALLS = {
    "list": ("get", "/api/allies", None, 200),
    "tags": ("get", "/api/allies/tags", None, 200),
    "retrieve": ("get", "/api/allies/a", None, 200),
    "create": ("post", "/api/allies", BODY, 201),
    "update": ("put", "/api/allies/a", BODY, 200),
    "partial_update": ("patch", "/api/allies/a", BODY, 200),
    "destroy": ("delete", "/api/allies/a", None, 204),
    "credentials.retrieve": ("get", "/allies/a/credentials", None, 400),
    "credentials.create": ("post", "/allies/a/credentials", SECRETS, 200),
    "api.credentials.retrieve": ("get", "/api/allies/a/credentials", None, 400),
    "api.credentials.create": ("post", "/api/allies/a/credentials", SECRETS, 200),
}


def rows():
    return (
        list(Ally.objects.values()),
        AllyCredential.objects.count(),
        history().count(),
    )


def call(client, name):
    method, path, body, _status = CALLS[name]
    return getattr(client, method)(path, body) if body else getattr(client, method)(path)


def test_every_action_is_here():
    assert set(permissions.ALLIES) <= set(CALLS)
    assert {f"credentials.{name}" for name in permissions.CREDENTIALS} <= set(CALLS)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_support_may(client_for, name, role):
    AllyFactory(id="a")
    assert call(client_for(role), name).status_code == CALLS[name][3]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.SELLER, Role.USER])
def test_others_may_not(client_for, name, role):
    AllyFactory(id="a")
    client, before = client_for(role), rows()
    response = call(client, name)
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert rows() == before


@pytest.mark.parametrize("name", CALLS)
def test_nobody_may_not(api, name):
    AllyFactory(id="a")
    before = rows()
    response = call(api, name)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert rows() == before
