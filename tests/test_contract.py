"""What is promised in files is what the code does: the OpenAPI file and the translations."""

import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from core import plugs
from scripts import messages
from tests.openapi import mistakes, read
from tests.routes import PARAMETER, all_routes

ROOT = Path(__file__).resolve().parent.parent
needs_all = pytest.mark.skipif(
    plugs.every_optional_app() != settings.PLATFORM_APPS,
    reason="the committed contract describes all apps; here some are switched off",
)


@pytest.fixture(scope="module")
def generated() -> str:
    """Return the contract as the code has it; a warning fails."""
    file = io.StringIO()
    call_command("spectacular", fail_on_warn=True, stdout=file)
    return file.getvalue()


@pytest.fixture(scope="module")
def contract(generated) -> dict:
    """Return the contract as data; reading it takes longer than most tests."""
    return read(generated)


@needs_all
def test_openapi_file_is_what_the_code_says(generated):
    assert (ROOT / "openapi.yaml").read_text() == generated, "run `make schema`"


def test_openapi_file_is_openapi(contract):
    assert mistakes(contract) == []
    assert mistakes({**contract, "openapi": 3}) == ["$.openapi: 3 is not of type 'string'"]


def test_openapi_is_served_as_the_file_says_in_the_callers_language(generated, contract, client):
    for _time in "12":
        served = client.get("/api/openapi.yaml")
        assert served["Content-Type"] == "application/vnd.oai.openapi; charset=utf-8"
        assert served.content.decode() == generated
    as_json = client.get("/api/openapi.yaml", headers={"accept": "application/json"})
    assert as_json.json() == contract
    spanish = client.get("/api/openapi.yaml?version=x", headers={"accept-language": "es"})
    assert "la primera respuesta" in spanish.content.decode()
    assert "(x)" not in spanish.content.decode()


def test_openapi_describes_every_route(contract):
    paths = contract["paths"]
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, operations in paths.items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    }
    routes = {(route.method, PARAMETER.sub("{}", route.template)) for route in all_routes()}
    # Refused by design, so not offered: a dog cannot be called "is_adopted".
    assert routes - described <= {("POST", "/api/dogs/is_adopted")}
    assert described <= routes


def test_openapi_gives_every_operation_its_error_and_its_security(contract):
    assert contract["openapi"] == "3.1.0"
    identifiers = []
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            identifiers.append(operation["operationId"])
            content = operation["responses"]["default"]["content"]
            assert list(content) == ["application/problem+json"], f"{method} {path}"
            assert operation["security"] in ([{}], [{"bearer": []}])
            names = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert ("If-None-Match" in names) == ("304" in operation["responses"])
            assert ("Idempotency-Key" in names) == (method == "post"), f"{method} {path}"
    assert len(identifiers) == len(set(identifiers))


def test_spanish_is_complete_and_compiled():
    wanted = messages.template()
    assert messages.problems(messages.current(), wanted) == []
    wanted.add("A text that nobody has translated.")
    assert messages.problems(messages.current(), wanted) == [
        "not translated: 'A text that nobody has translated.'"
    ]
