"""The document as a whole: what is said once, and what is made of all operations together.

These are drf-spectacular's postprocessing hooks, in the order of ``POSTPROCESSING_HOOKS``.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.settings import spectacular_settings

from core import plugs
from core.api.schema import errors
from core.api.schema.headers import HEADERS
from core.api.schema.operations import BEARER
from core.api.schema.pages import FOREIGN_HOST, PAGES
from core.problem_codes import codes
from core.values import INT32_MAX, INT64_MAX, INT64_MIN

EXAMPLE = {
    "type": "/docs/problems/not_found",
    "title": "Not found",
    "status": 404,
    "detail": "Not found.",
    "instance": "/api/dogs/Nobody",
    "code": "not_found",
    "request_id": "4182b012a91448a698f7f3f3a0912c42",
}
FIELD_ERROR = {
    "type": "object",
    "description": "What is wrong with one field or parameter.",
    "required": ["field", "code", "detail"],
    "properties": {
        "field": {"type": "string", "description": "By path: `name`, `rows[3].name`."},
        "code": {"type": "string", "description": "Stable, such as `required` or `max_length`."},
        "detail": {"type": "string", "description": "For people, in their language."},
        "index": {"type": "integer", "description": "The row's place in a bulk write, from 0."},
    },
    "additionalProperties": True,
}
PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). Compare `code`, show `detail`.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The page that explains the code, on this platform.",
        },
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "HTTP's."},
        "detail": {"type": "string", "description": "What is wrong, in the caller's language."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {
            "$ref": "#/components/schemas/ErrorCode",
            "description": "Stable; safe to compare with.",
        },
        "request_id": {"type": "string", "description": "The same as in X-Request-ID."},
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/FieldError"},
            "description": "What is wrong with which field, where fields are wrong.",
        },
        "current": {
            "type": "string",
            "description": "With 412: the entity tag that the resource has now.",
        },
    },
    "additionalProperties": True,
    "example": EXAMPLE,
}
COMPARED = {
    "gte": "From this one on.",
    "gt": "After this one.",
    "lte": "Up to this one.",
    "lt": "Before this one.",
}


def name_enums(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Name the sets of choices as their apps do."""
    for app in plugs.enabled():
        spectacular_settings.ENUM_NAME_OVERRIDES.update(app.enum_names)
    named: dict[str, Any] = postprocess_schema_enums(result, **kwargs)  # type: ignore[no-untyped-call]  # it has no types
    schemas = named["components"]["schemas"]
    known = {
        tuple(sorted(schema["enum"])): name for name, schema in schemas.items() if "enum" in schema
    }
    for _path, _method, operation in operations(named):
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            name = known.get(tuple(sorted(map(str, schema.get("enum", ())))))
            if name and "default" not in schema:
                parameter["schema"] = {"$ref": f"#/components/schemas/{name}"}
    return named


def complete(result: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
    """Add what all operations share, describe fields, give integers their size, link."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    listed = {"type": "string", "description": "Each has a page: `/docs/problems/{code}`."}
    schemas["ErrorCode"] = {**listed, "enum": list(codes())}
    schemas["FieldError"], schemas["Problem"] = FIELD_ERROR, PROBLEM
    components["headers"] = dict(HEADERS)
    components.setdefault("securitySchemes", {})["bearer"] = BEARER
    for path, page in PAGES.items():
        result["paths"].setdefault(path, page)
    result["paths"] = dict(sorted(result["paths"].items()))
    result["tags"] = tags(result)
    for _path, _method, operation in operations(result):
        link(result, _path, operation)
    share(result)
    describe(result)
    walk(result)
    return result


def share(result: dict[str, Any]) -> None:
    """Say once what many operations are refused with."""
    shared: dict[str, Any] = {"ForeignHost": FOREIGN_HOST}
    for _path, _method, operation in operations(result):
        for status, response in operation["responses"].items():
            name = errors.name_of(status, response)
            if name and shared.setdefault(name, response) == response:
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    result["components"]["responses"] = dict(sorted(shared.items()))


def operations(result: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each operation with its path and method."""
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def tags(result: dict[str, Any]) -> list[dict[str, str]]:
    """Return the tags that are used, each with what its app is for."""
    used = {tag for _path, _method, one in operations(result) for tag in one["tags"]}
    return [
        {"name": config.name, "description": inspect.getdoc(type(config)) or ""}
        for config in sorted(apps.get_app_configs(), key=lambda config: config.name)
        if config.name in used
    ]


@cache
def words_of(app: str) -> dict[str, str]:
    """Return what an app says of fields and parameters: ``FIELDS`` of its ``contract.py``."""
    try:
        module = import_module(f"{app}.contract")
    except ModuleNotFoundError as error:
        if error.name not in {app, f"{app}.contract"}:
            raise
        return {}
    return getattr(module, "FIELDS", {})


def describe(result: dict[str, Any]) -> None:
    """Give each field and parameter without a description that of its name.

    An app's words hold for its own operations and for what only they show; core's for all.
    """
    schemas = result["components"]["schemas"]
    users: dict[str, set[str]] = defaultdict(set)
    for _path, _method, operation in operations(result):
        app = operation["tags"][0]
        for name in reached(operation, schemas, set()):
            users[name].add(app)
        for parameter in operation.get("parameters", []):
            describe_parameter(parameter, {**words_of("core"), **words_of(app)})
    for name, schema in schemas.items():
        own = users[name] - {"core"}
        texts = {**words_of("core"), **(words_of(own.pop()) if len(own) == 1 else {})}
        owner = re.sub(r"^Patched|(Request)?$", "", name)
        for field, inner in schema.get("properties", {}).items():
            text = texts.get(f"{owner}.{field}") or texts.get(field)
            if text and "description" not in inner:
                inner["description"] = text


def describe_parameter(parameter: dict[str, Any], texts: dict[str, str]) -> None:
    """Move a parameter's description to where it belongs, or find it by its name."""
    text = parameter["schema"].pop("description", "") or texts.get(parameter["name"], "")
    name, _, lookup = parameter["name"].rpartition("__")
    if not text and lookup in COMPARED:
        text = f"{texts.get(name, '')} {COMPARED[lookup]}".strip()
    if text:
        parameter.setdefault("description", text)


def reached(node: Any, schemas: dict[str, Any], seen: set[str]) -> set[str]:
    """Return the names of the schemas that ``node`` refers to, directly or not."""
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in seen:
            seen.add(name)
            reached(schemas[name], schemas, seen)
        for child in node.values():
            reached(child, schemas, seen)
    elif isinstance(node, list):
        for child in node:
            reached(child, schemas, seen)
    return seen


def walk(node: Any) -> None:
    """Correct each schema below ``node`` (see :func:`correct`); examples are no schemas."""
    if isinstance(node, list):
        for child in node:
            walk(child)
    elif isinstance(node, dict):
        correct(node)
        for key, child in node.items():
            if key not in {"example", "examples", "enum", "default"}:
                walk(child)


def correct(schema: dict[str, Any]) -> None:
    """Give an integer its size, and drop what says nothing: bounds of 64 bit, empty schemas."""
    if "integer" in schema.get("type", ()):
        for bound in ("minimum", "maximum"):
            if schema.get(bound) in {INT64_MIN, INT64_MAX}:
                del schema[bound]
        is_small = schema.get("maximum", INT64_MAX) <= INT32_MAX and "minimum" in schema
        schema["format"] = "int32" if is_small else "int64"
    if "oneOf" in schema and "discriminator" not in schema:
        schema["anyOf"] = schema.pop("oneOf")  # "exactly one" would be a rule; this is a union
    if schema.get("additionalProperties") == {}:
        schema["additionalProperties"] = True


def link(result: dict[str, Any], path: str, operation: dict[str, Any]) -> None:
    """Link what was made to the operation that reads it."""
    for status in ("201", "202"):
        response = operation["responses"].get(status, {})
        if "Location" not in response.get("headers", {}) or "content" not in response:
            continue  # nothing was made, or the answer does not say what
        target, parameter = reader(result, path)
        if not target:
            continue
        sent = {
            one["name"]: f"$request.path.{one['name']}"
            for one in operation.get("parameters", [])
            if one["in"] == "path"
        }
        if parameter:
            sent[parameter] = f"$response.body#/{field_of(result, response, parameter)}"
        name = target["operationId"]
        response["links"] = {
            name: {
                "operationId": name,
                "parameters": sent,
                "description": "Reads what was made.",
            }
        }


def reader(result: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """Return the operation that reads what a POST to ``path`` makes, and the parameter it adds."""
    below = re.compile(re.escape(path) + r"/\{(\w+)\}")
    for other, methods in result["paths"].items():
        if "get" in methods and (match := below.fullmatch(other)):
            return methods["get"], match[1]
    return (result["paths"][path].get("get"), "") if path.endswith("}") else (None, "")


def field_of(result: dict[str, Any], response: dict[str, Any], parameter: str) -> str:
    """Return the field of an answer that a parameter of the reader takes."""
    schema = response["content"]["application/json"]["schema"]
    name = schema.get("$ref", "").rpartition("/")[2]
    fields = result["components"]["schemas"].get(name, {}).get("properties", {})
    return parameter if parameter in fields else "id"
