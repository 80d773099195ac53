"""Every answer that the suite gets from the API is one that ``openapi.yaml`` promises.

Status, media type, headers and the code of an error are compared in each run;
``--validate-answers``, which `make ci` says, also validates bodies against their schemas, which
costs more than most requests: of each kind of answer, the first ones that each process of the suite
gets.
"""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).resolve().parent.parent / "openapi.yaml"
HERE = "urn:plaza:openapi"
ENOUGH_ANSWERS = 25
CONTENT_TYPE = "application/problem+json"
OPTION = "--validate-answers"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to look into the bodies."""
    parser.addoption(OPTION, action="store_true", help="validate bodies against openapi.yaml")


@pytest.fixture(scope="session", autouse=True)
def _promised(request):
    """Compare what DRF's test client gets."""
    from rest_framework.test import APIClient

    validate, get = request.config.getoption(OPTION), APIClient.request
    seen: Counter[tuple[Any, int]] = Counter()

    def compare(client, **environ):
        response = get(client, **environ)
        kind = operation_of(response), response.status_code
        seen[kind] += 1
        mistake = mistake_in(response, look_inside=validate and seen[kind] <= ENOUGH_ANSWERS)
        assert mistake is None, mistake
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(APIClient, "request", compare)
        yield


@pytest.fixture
def unpromised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare nothing: the test makes a view give answers that no contract has."""
    monkeypatch.setattr("tests.answers.mistake_in", lambda *_arguments, **_options: None)


def mistake_in(response: Any, *, look_inside: bool) -> str | None:
    """Return what ``response`` is that the contract does not say, or None."""
    operation = operation_of(response)
    if operation is None:
        return None
    status, asked = str(response.status_code), " ".join(operation)
    if response.status_code >= 400 and operation not in promises():
        return None  # what is not offered may be refused
    answer = promises().get(operation, {}).get(status)
    if answer is None:
        return f"{asked}: nobody promised {status}"
    found = wrong_head(response, answer)
    if found is None and look_inside:
        found = wrong_body(response, answer)
    return found and f"{asked}: {status} {found}"


def wrong_head(response: Any, answer: dict[str, Any]) -> str | None:
    """Return what media type, headers or code are that ``answer`` does not say, or None."""
    described, media_type = answer.get("content", {}), media_type_of(response)
    if media_type not in (described or {""}):
        return f"promises {list(described)}, not {media_type!r}"
    for name, header in answer.get("headers", {}).items():
        if named(header)["required"] and name not in response:
            return f"promises the header {name}"
    if media_type == CONTENT_TYPE:
        code = json.loads(response.content)["code"]
        if code not in answer["x-error-codes"]:
            return f"does not name the code {code}; name its class in contract.py"
    return None


def wrong_body(response: Any, answer: dict[str, Any]) -> str | None:
    """Return where a JSON body is not as its schema says, or None."""
    media_type = media_type_of(response)
    if media_type.endswith("json"):
        schema = json.dumps(answer["content"][media_type]["schema"])
        for error in validator(schema).iter_errors(json.loads(response.content)):
            return f"is wrong: {error.json_path}: {error.message}"
    return None


def media_type_of(response: Any) -> str:
    """Return the media type of an answer, without its parameters."""
    return str(response.get("Content-Type", "").partition(";")[0])


def operation_of(response: Any) -> tuple[str, str] | None:
    """Return method and address of the API's operation that answered, if one did."""
    from core.api.views import BaseAPIView

    method, match = response.request["REQUEST_METHOD"], response.wsgi_request.resolver_match
    if (
        method in {"HEAD", "OPTIONS"}  # no operations of the contract
        or match is None
        or not issubclass(getattr(match.func, "cls", object), BaseAPIView)
    ):
        return None
    return method, plain(match.route)


@cache
def plain(template: str) -> str:
    """Return an address without the names in it or how a router spells them."""
    from tests.routes import PARAMETER

    bare = PARAMETER.sub("{}", re.sub(r"\^|\\Z|\$", "", template).replace(r"\-", "-"))
    return "/" + re.sub(r"\{\w*\}", "{}", bare.lstrip("/"))


@cache
def document() -> dict[str, Any]:
    """Return the contract."""
    from tests.openapi import read

    return read(FILE.read_text())


@cache
def promises() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the answers that each operation promises."""
    return {
        (method.upper(), plain(path)): {
            status: named(answer) for status, answer in operation["responses"].items()
        }
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    }


def named(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference of the contract leads to, or the node itself."""
    if "$ref" not in node:
        return node
    _, kind, name = node["$ref"].removeprefix("#/").split("/")
    return document()["components"][kind][name]


@cache
def validator(schema: str) -> Validator:
    """Return what validates ``schema``, a schema of the contract as JSON."""
    components = {"$id": HERE, "components": document()["components"]}
    registry = (DRAFT202012.create_resource(components) @ REGISTRY).crawl()
    absolute = json.loads(schema.replace('"#/', f'"{HERE}#/'))
    return Draft202012Validator(absolute, registry=registry)
