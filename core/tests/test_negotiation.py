"""``Accept``: what a route answers with is negotiated by RFC 9110, 12.5.1, and nothing else is."""

import time

import pytest

from core.api.negotiation import accepts, ranges_of
from core.roles import Role
from tests.asserts import assert_problem
from users.models import Session

JSON, PROBLEM, CSV = "application/json", "application/problem+json", "text/csv"


@pytest.mark.parametrize(
    "header",
    [
        *["*/*", "application/*", JSON, "Application/JSON", "APPLICATION/*", f"{JSON};Q=1"],
        *[f"{JSON};q=0.001", f"{JSON}; q=1.000", f"{JSON};charset=utf-8", f"{JSON};v=1;q=0.5"],
        *["text/html, */*;q=0.1", "text/html,application/xml;q=0.9,*/*;q=0.8", f" {JSON}\t"],
        *[f",, {JSON} ,", f'text/html;x=",", {JSON}', "*/*;q=0, application/json"],
        *["application/*;q=0, application/json", f"{JSON};v=2;q=0, */*", f"{JSON};q=0, {JSON}"],
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",  # Java's own
        *["", " ", "json", "application/json;q=zz", "*/json", ";;;", "application/json;q=2"],
    ],
)
def test_json_is_taken(header):
    assert accepts(header, JSON)


@pytest.mark.parametrize(
    "header",
    [
        *["text/html", "text/*", "application/xml", "application/json-patch+json", "image/*"],
        *[
            "*/*;q=0",
            "*/*; Q=0.000",
            f"{JSON};q=0",
            f"{JSON};q=0, */*",
            f"{JSON};q=0.0, application/*",
        ],
        *[
            "application/*;q=0, */*",
            "APPLICATION/JSON;q=0,*/*",
            "*/*;q=0, text/html",
            f"{JSON};q=0.",
        ],
        *["text/html, nonsense", "*/json, text/html", f'text/html;x="{JSON}"', f"x{JSON}"],
    ],
)
def test_json_is_not_taken(header):
    assert not accepts(header, JSON)


@pytest.mark.parametrize(
    "header",
    [
        "a" * 10_000,
        "," * 10_000,
        ";" * 10_000,
        " " * 10_000,
        "a/b;" * 2_500,
        "a/b; " * 2_000,
        'a/b;x="' + "\\" * 10_000,
        '"' * 10_000,
        '",' * 5_000,
        "a/b;x=" * 1_700,
        "*/" * 5_000,
    ],
)
def test_ten_thousand_characters_are_read_once(header):
    started = time.process_time()
    ranges_of(header)
    assert time.process_time() - started < 2  # one that goes back for each character takes minutes
    assert accepts(header + ",*/*" if not header.startswith(('a/b;x="', '"')) else "*/*", JSON)


def test_the_highest_weight_of_a_range_counts():
    assert ranges_of("a/b;q=0.2, A/B;q=0.7, a/b;level=1;q=0, c/*") == {"a/b": 0.7, "c/*": 1.0}


@pytest.mark.django_db
@pytest.mark.parametrize("accept", [PROBLEM, CSV, "text/html", "*/*;q=0"])
def test_a_204_has_nothing_to_negotiate(client_for, accept):
    caller = client_for(Role.USER)
    assert caller.post("/api/auth/logout", {}, HTTP_ACCEPT=accept).status_code == 204
    assert Session.objects.filter(revoked_at=None).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["text/html", CSV, f"{JSON};q=0", f"{PROBLEM};q=0, text/html"])
def test_a_type_that_a_route_has_not_is_406(admin_api, accept):
    assert_problem(admin_api.get("/api/users", HTTP_ACCEPT=accept), 406, "not_acceptable")
