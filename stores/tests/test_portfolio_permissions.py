"""Who may do what with portfolios and assignments: every route, every role."""

import pytest

from core.roles import Role
from stores.tests.factories import AssignmentFactory, VersionFactory
from stores.tests.helpers_dates import day
from stores.tests.helpers_unchanged import nothing_changes
from tests.asserts import assert_problem

pytestmark = pytest.mark.django_db

MANAGES = {"ADMIN"}
LOOKS = {"ADMIN", "SUPPORT"}
KNOWS = {"ADMIN", "SUPPORT", "SELLER"}
ROUTES = [
    ("get", "/api/portfolios", KNOWS, 200),
    ("post", "/api/portfolios", MANAGES, 400),
    ("get", "/api/portfolios/{portfolio}", KNOWS, 200),
    ("put", "/api/portfolios/{portfolio}", MANAGES, 400),
    ("patch", "/api/portfolios/{portfolio}", MANAGES, 200),
    ("delete", "/api/portfolios/{portfolio}", MANAGES, 409),
    ("put", "/api/portfolios/{portfolio}/draft", MANAGES, 400),
    ("delete", "/api/portfolios/{portfolio}/draft", MANAGES, 409),
    ("post", "/api/portfolios/{portfolio}/publish", MANAGES, 409),
    ("get", "/api/portfolios/{portfolio}/diff?from=1&to=1", LOOKS, 200),
    ("get", "/api/portfolios/{portfolio}/versions", LOOKS, 200),
    ("get", "/api/portfolios/{portfolio}/versions/1", LOOKS, 200),
    ("post", "/api/portfolios/{portfolio}/versions/1/retire", MANAGES, 200),
    ("get", "/api/assignments", KNOWS, 200),
    ("post", "/api/assignments", MANAGES, 400),
    ("get", "/api/assignments/{assignment}", LOOKS, 200),
    ("put", "/api/assignments/{assignment}", MANAGES, 400),
    ("patch", "/api/assignments/{assignment}", MANAGES, 200),
    ("delete", "/api/assignments/{assignment}", MANAGES, 204),
]


@pytest.fixture
def rows():
    version = VersionFactory(number=1, valid_from=day())
    return {"portfolio": version.portfolio_id, "assignment": AssignmentFactory().pk}


def request(client, method, path, rows):
    return getattr(client, method)(path.format(**rows), {} if method != "get" else None)


@pytest.mark.parametrize(
    ("role", "call", "status"),
    [
        (role, (method, path), status)
        for method, path, allowed, status in ROUTES
        for role in sorted(allowed)
    ],
)
def test_who_may(client_for, rows, role, call, status):
    assert request(client_for(role), *call, rows).status_code == status


@pytest.mark.parametrize("role", [*Role.values, "anonymous"])
def test_a32_who_may_not(client_for, api, rows, role):
    client = api if role == "anonymous" else client_for(role)
    with nothing_changes():
        for method, path, allowed, _status in ROUTES:
            if role in allowed or (role == "SELLER" and path == "/api/assignments/{assignment}"):
                continue
            answer = request(client, method, path, rows)
            if role == "anonymous":
                assert_problem(answer, 401, "not_authenticated")
            else:
                assert_problem(answer, 403, "permission_denied")


def test_a32_a_seller_finds_nobody_elses_assignment(client_for, rows):
    seller = client_for("SELLER")
    path = f"/api/assignments/{rows['assignment']}"
    with nothing_changes():
        assert_problem(seller.get(path), 404, "not_found")
        for method in ("put", "patch", "delete"):
            assert_problem(getattr(seller, method)(path, {}), 403, "permission_denied")
