"""What is promised in files is what the code does: the OpenAPI file and the translations."""

import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from core import plugs
from core.api.schema.pages import PAGES
from core.problem_codes import codes
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
    routes |= {("GET", re.sub(r"\{\w+\}", "{}", path)) for path in PAGES}
    # Refused by design, so not offered: a dog cannot be called "is_adopted".
    assert routes - described <= {("POST", "/api/dogs/is_adopted")}
    assert described <= routes


def test_openapi_is_what_a_client_can_be_made_of(contract):
    assert complaints(contract) == []


def test_what_a_client_could_not_be_made_of_is_noticed():
    bad = {
        "openapi": "3.1.0",
        "tags": [],
        "components": {
            "schemas": {
                "StatusEnum": {"enum": ["a"]},
                "Dog": {
                    "properties": {
                        "id": {"type": "integer", "description": "x"},
                        "name": {"type": "string"},
                        "any": {"description": "x"},
                        "one": {"oneOf": [{"type": "string"}], "description": "x"},
                    }
                },
            }
        },
        "paths": {
            "/api/dogs": {
                "post": {
                    "operationId": "dogs_create",
                    "tags": ["dogs"],
                    "parameters": [{"name": "limit", "in": "query", "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {}}}},
                    "responses": {"201": {"description": "Made."}, "default": {}},
                    "security": [{}],
                }
            }
        },
    }
    found = "\n".join(complaints(bad))
    for part in (
        "camelCase",
        "no summary",
        "no description",
        "no 4xx",
        "default",
        "security",
        "no text for limit",
        "no example",
        "no tag dogs",
        "StatusEnum",
        "Dog.id: no format",
        "Dog.name: no description",
        "Dog.any: any value",
        "Dog.one: oneOf",
    ):
        assert part in found, part


def complaints(contract) -> list[str]:
    """Return what a generator, or a reader, would miss, and how to mend it."""
    found = []
    tags = {tag["name"] for tag in contract["tags"] if tag["description"]}
    ids = [one["operationId"] for _where, _method, one in operations_of(contract)]
    found += [f"{name}: twice" for name in {*ids} if ids.count(name) > 1]
    for where, method, operation in operations_of(contract):
        found += [f"{where}: {text}" for text in wants(operation, tags)]
        found += [f"{where}: {text}" for text in wants_of_parameters(method, operation)]
    for name, schema in contract["components"]["schemas"].items():
        if name.endswith("Enum"):
            found.append(f"{name}: name the choices in enum_names of the app's AppConfig")
        for field, inner in schema.get("properties", {}).items():
            found += [f"{name}.{field}: {text}" for text in wants_of_field(inner)]
    return found


def operations_of(contract):
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", method, operation


TABLE = "say it in the app's contract.py: Operation({})"


def wants(operation, tags):  # noqa: C901 - one list of wants
    """Yield what is missing of one operation."""
    if not re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", operation["operationId"]):
        yield f"no camelCase id: {TABLE.format('name')}"
    for word in ("summary", "description"):
        if not operation.get(word, "").partition("Who:")[0].strip():
            yield f"no {word}: {TABLE.format(word)}, or the handler's docstring"
    if not any(status.startswith("4") for status in operation["responses"]):
        yield f"no 4xx: {TABLE.format('errors')}"
    if "default" in operation["responses"]:
        yield "default says nothing: name the statuses"
    if operation["security"] not in ([], [{"bearer": []}], [{"bearer": []}, {}]):
        yield "security: a row in the permission table"
    if not {*operation["tags"]} <= tags:
        yield f"no tag {operation['tags'][0]} with a text: the docstring of its AppConfig"
    json_body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if json_body and "example" not in json_body:
        yield f"no example of the body: {TABLE.format('example')}"


def wants_of_parameters(method, operation):
    """Yield what is missing of an operation's parameters."""
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        if not parameter.get("description"):
            yield f"no text for {parameter['name']}: help_text, or FIELDS in the app's contract.py"
        if not {"type", "$ref"} & parameter["schema"].keys():
            yield f"{parameter['name']}: any value; say its type"
    names = {parameter["name"] for parameter in parameters}
    if ("If-None-Match" in names) != ("304" in operation["responses"]):
        yield "If-None-Match and 304 come together"
    if "Idempotency-Key" in names and method != "post":
        yield "Idempotency-Key is for POST"


def wants_of_field(schema):
    """Yield what is missing of one field."""
    if not schema.get("description"):
        yield "no description: help_text, or FIELDS in the app's contract.py"
    if not {"type", "$ref", "allOf", "anyOf", "oneOf", "enum"} & schema.keys():
        yield "any value; say its type"
    if "integer" in schema.get("type", ()) and "format" not in schema:
        yield "no format"
    if "oneOf" in schema and "discriminator" not in schema:
        yield "oneOf without discriminator"


def test_openapi_names_what_clients_call(contract):
    ids = {one["operationId"] for _where, _method, one in operations_of(contract)}
    assert {"signIn", "refreshToken", "signOut", "listUsers", "getMe"} <= ids
    if "dogs" in settings.PLATFORM_APPS:
        assert {"uploadFile", "listDogs", "getDog", "createDog", "deleteDog"} <= ids
    schemas = contract["components"]["schemas"]
    assert {"Role", "JournalAction", "ErrorCode", "Problem", "FieldError"} <= schemas.keys()
    assert schemas["ErrorCode"]["enum"] == list(codes())
    assert "current" in schemas["Problem"]["properties"]
    users = contract["paths"]["/api/users/{id}"]["get"]["parameters"]
    key = next(one for one in users if one["name"] == "id")
    assert key["schema"] == {"type": "integer", "format": "int64", "minimum": 1}
    assert contract["paths"]["/api/auth/logout"]["post"]["security"] == [{"bearer": []}, {}]
    made = contract["paths"]["/api/users"]["post"]["responses"]["201"]
    assert made["headers"].keys() >= {"ETag", "Location", "X-Request-ID", "Idempotency-Replayed"}
    assert made["links"]["getUser"]["parameters"] == {"id": "$response.body#/id"}


def test_spanish_is_complete_and_compiled():
    wanted = messages.template()
    assert messages.problems(messages.current(), wanted) == []
    wanted.add("A text that nobody has translated.")
    assert messages.problems(messages.current(), wanted) == [
        "not translated: 'A text that nobody has translated.'"
    ]
