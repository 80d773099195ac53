"""Closed by default: every route has its row in a permission table, and the row is what happens."""

import pytest
from django.db import transaction

from core.api.permissions import Rule
from core.roles import Role
from tests.routes import all_routes, is_defect

ROUTES = all_routes()
BODIES = {"POST": {}, "PUT": {}, "PATCH": {}}


def test_there_are_routes():
    assert {"users", "core"} <= {route.view.__module__.partition(".")[0] for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_route_has_its_row(route):
    assert isinstance(route.view.permission_table.get(route.action), Rule)


def test_no_row_is_stale():
    """A table names no action that none of its views has."""
    used: dict[int, set[str]] = {}
    tables = {}
    for route in ROUTES:
        table = route.view.permission_table
        tables[id(table)] = table
        used.setdefault(id(table), set()).add(route.action)
    for key, table in tables.items():
        assert set(table) - {"options"} == used[key]  # what every route answers alike


@pytest.mark.django_db
def test_a_caller_without_a_token(api):
    for route in ROUTES:
        response = call(api, route)
        if route.view.permission_table[route.action].anonymous:
            refused = response.status_code in {401, 403}
            assert not refused or route.template.startswith("/api/auth"), route
        else:
            assert response.status_code == 401, route
            assert response["WWW-Authenticate"].startswith("Bearer"), route
            assert response.json()["status"] == 401, route


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_a_caller_of_each_role(role, client_for):
    client = client_for(role)
    for route in ROUTES:
        rule = route.view.permission_table[route.action]
        response = call(client, route)
        if rule.anonymous or role in rule.roles:
            assert not is_defect(response), route
            if not own_rule(route):
                assert response.status_code != 403, route
            refused = response.status_code == 401
            assert not refused or route.template.startswith("/api/auth"), route
        else:
            assert response.status_code == 403, route
            assert response.json()["code"] == "permission_denied", route


def own_rule(route) -> bool:
    """Tell whether a service, too, may refuse: an account's owner may not do all to itself."""
    return route.template.startswith("/api/users")


def call(client, route):
    """Send the route's request, and undo what it did: some end the caller's own session."""
    method = getattr(client, route.method.lower())
    options = {"format": "json"} if route.method in BODIES else {}
    with transaction.atomic():
        response = method(route.path(), BODIES.get(route.method), **options)
        transaction.set_rollback(True)
    return response
