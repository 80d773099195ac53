"""Whoever asks an operation for a media type that the contract gives its answers is never refused.

Generated clients and Swagger UI send just these. A new operation joins by being in the contract.
"""

import pytest

from tests.answers import plain, promises
from tests.routes import all_routes

ANYTHING = "image/png"


def asked():
    """Yield each operation of the contract that runs here with the media types of its answers."""
    for route in all_routes():
        answers = promises().get((route.method, plain(route.template)), {})
        types = {name for answer in answers.values() for name in answer.get("content", {})}
        done = [answer for status, answer in answers.items() if status.startswith("2")]
        if done and not any("content" in answer for answer in done):
            types.add(ANYTHING)  # a 204 has nothing to negotiate
        for media_type in sorted(types):
            yield pytest.param(route, media_type, id=f"{route} {media_type}")


ASKED = list(asked())


def test_the_contract_has_media_types():
    types = {param.values[1] for param in ASKED}
    assert {"application/json", "application/problem+json", ANYTHING} <= types


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "media_type"), ASKED)
def test_an_operation_takes_the_media_types_of_its_own_answers(admin_api, route, media_type):
    response = admin_api.generic(
        route.method, route.path(), b"{}", content_type="application/json", HTTP_ACCEPT=media_type
    )
    assert response.status_code != 406, response.content
