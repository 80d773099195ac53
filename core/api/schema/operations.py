"""One operation: its name, its words, who may call, what it may be refused with, its headers."""

import inspect
import re
from typing import Any

from django.db.models import AutoField
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as BaseAutoSchema
from drf_spectacular.plumbing import get_view_model
from rest_framework import serializers

from core.api.permissions import Rule
from core.api.schema import errors, headers
from core.api.schema.tables import Operation, Resource, camel
from core.api.serializers import StrictCharField
from core.validators import plain_text

# The first word of an operation's name, by the view's action.
VERBS = {
    "list": "list",
    "retrieve": "get",
    "create": "create",
    "update": "replace",
    "partial_update": "update",
    "destroy": "delete",
}
WORDS = {
    "list": "Return {many} in pages. Follow `next` until it is null.",
    "retrieve": "Return {a}, with its entity tag.",
    "create": "Make {a}.",
    "update": "Write {a}. Optional fields that are left out stay as they are.",
    "partial_update": "Change those fields of {a} that are sent, and leave the others.",
    "destroy": "Delete {a}.",
}
BODIES = {"POST", "PUT", "PATCH"}
KEY = {"type": "integer", "format": "int64", "minimum": 1}
# What a text field takes: no control characters, and not only white space.
LINE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
FILLED_LINE = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]*$"
FILLED = r"\S"


class AutoSchema(BaseAutoSchema):
    """drf-spectacular's generator, with the kernel's rules and the apps' tables."""

    @property
    def action(self) -> str:
        """Return the row of the view's tables; of a plain view, the method."""
        view: Any = self.view
        return view.action_name() or ""

    @property
    def resource(self) -> Resource:
        """Return the table of the view; without one, its noun is made from the view's name."""
        table: Resource | None = getattr(self.view, "resource", None)
        if table is not None:
            return table
        name = getattr(self.view, "basename", None)
        if not name:
            name = re.sub(r"View(Set)?$", "", type(self.view).__name__)
            name = re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
        return Resource(name.replace("-", " "))

    @property
    def table(self) -> Operation:
        """Return what the app says of this action."""
        return self.resource.operations.get(self.action, Operation())

    @property
    def rule(self) -> Rule:
        """Return the permission table's row; an action without one is for nobody."""
        view: Any = self.view
        rule: Rule = view.permission_table.get(self.action, Rule("nobody", frozenset()))
        return rule

    @property
    def is_detail(self) -> bool:
        """Tell whether the view is about one resource."""
        return bool(getattr(self.view, "detail", False))

    @property
    def handler(self) -> Any:
        """Return the method that answers, or None where the view inherits it from the kernel."""
        found = inspect.unwrap(getattr(type(self.view), self.action, None) or object)
        is_inherited = found.__module__.startswith(("core.api.", "rest_framework.", "builtins"))
        return None if is_inherited else found

    # --- Words -------------------------------------------------------------------------------
    def get_tags(self) -> list[str]:
        """Group operations by the app that brings them."""
        return [self.view.__module__.partition(".")[0]]

    def get_operation_id(self) -> str:
        """Return the name of the operation; one at the root differs from its twin."""
        name = self.table.name
        if not name:
            many = self.action == "list" or not (self.is_detail or self.action in VERBS)
            noun = camel(self.resource.many if many else self.resource.noun)
            name = VERBS.get(self.action) or _lower(camel(self.action))
            name += noun
        return name if self.path.startswith("/api/") else f"{name}AtRoot"

    def get_summary(self) -> str:
        """Return the operation in some words: those of its name, or of its table."""
        table, resource = self.table, self.resource
        if table.summary:
            return table.summary
        if self.action in VERBS and not table.name:
            what = resource.many if self.action == "list" else resource.a
            return f"{VERBS[self.action].capitalize()} {what}"
        words = re.sub(r"(?<!^)(?=[A-Z])", " ", self.get_operation_id()).lower()
        return words[:1].upper() + words[1:]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular's own
        """Return what the operation does: its table, its handler, or the rule, and who may."""
        text = self.table.description or inspect.getdoc(self.handler) or ""
        if not text:
            words = WORDS.get(self.action, "")
            text = words.format(a=self.resource.a, many=self.resource.many)
        return f"{text}\n\nWho: {self.rule.label}.".strip()

    # --- Who ---------------------------------------------------------------------------------
    def get_auth(self) -> list[dict[str, list[str]]]:
        """Require a token where the permission table does, and where the handler wants one."""
        if self.table.token_is_optional:
            return [{"bearer": []}, {}]
        return [] if self.rule.anonymous else [{"bearer": []}]

    # --- Parameters --------------------------------------------------------------------------
    def get_override_parameters(self) -> list[Any]:
        """Add the kernel's request headers."""
        parameters = list(super().get_override_parameters())
        if self.keyed:
            parameters.append(headers.idempotency_key())
        if self.tagged_read:
            parameters.append(headers.if_none_match())
        if self.locked_write:
            parameters.append(headers.if_match())
        return parameters

    @property
    def keyed(self) -> bool:
        """Tell whether a repeated request gets the first one's answer."""
        return self.method == "POST" and getattr(self.view, "keeps_answers", True)

    @property
    def tagged_read(self) -> bool:
        """Tell whether the answer has an entity tag that a read can be made with."""
        return self.method == "GET" and self.is_detail

    @property
    def locked_write(self) -> bool:
        """Tell whether the write compares the entity tag of the resource in its address."""
        if self.method == "POST":
            return self.is_detail and self.action != "create" and hasattr(self.view, "get_object")
        return self.is_detail and self.method in {"PUT", "PATCH", "DELETE"}

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Describe the address: keys of rows are numbers, whatever a router's pattern says."""
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]  # it has no types
        model: Any = get_view_model(self.view, emit_warnings=False)  # type: ignore[no-untyped-call]  # it has no types
        for parameter in parameters:
            is_key = parameter["name"] in {"id", "pk"}
            if is_key and model is not None and isinstance(model._meta.pk, AutoField):
                parameter["schema"] = {"type": "integer"}
        return parameters

    def _get_parameters(self) -> list[dict[str, Any]]:
        """Describe all parameters; the table has the words for those in the address."""
        parameters: list[dict[str, Any]] = super()._get_parameters()
        for parameter in parameters:
            if parameter["in"] != "path":
                continue
            name, schema = parameter["name"], parameter["schema"]
            if schema.get("type") == "integer":
                parameter["schema"] = dict(KEY)
            # A router's or converter's way to say "any text"; slashes cannot be sent in one anyway.
            elif schema.get("pattern") in {"^[^/]+$", r"^[\s\S]*$", "^[^/.]+$"}:
                parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 200}
            text, example = self.resource.parameters.get(name, ("", None))
            parameter["description"] = text or parameter.get("description") or self.key_text(name)
            if example is not None:
                parameter["example"] = example
        return parameters

    def key_text(self, name: str) -> str:
        """Return what a key in the address is, as far as its name says it."""
        owner = re.sub(r"_(pk|id)$", "", name)
        if owner != name:
            return f"The id of the {owner}."
        return f"The {name} of the {self.resource.noun}."

    # --- Bodies ------------------------------------------------------------------------------
    def get_request_serializer(self) -> Any:
        """Return what reads the body; that of a DELETE only where ``extend_schema`` says so."""
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction: str = "request") -> Any:
        """Describe the body, that of a DELETE too, with the table's example of it."""
        method = self.method
        if method == "DELETE" and self.get_request_serializer() is not None:
            self.method = "POST"
        try:
            body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # it has no types
        finally:
            self.method = method
        if body and self.table.example is not None:
            for media_type, content in body["content"].items():
                if media_type == "application/json":
                    content["example"] = self.table.example
        return body

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        """Require of answers what is always there: each field of a row."""
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]  # it has no types
        if direction == "response" and isinstance(serializer, serializers.ModelSerializer):
            schema["required"] = sorted(schema["properties"])
        return schema

    def _map_serializer_field(self, field: Any, direction: str, *options: Any, **named: Any) -> Any:
        """Say of texts that come in what the fields refuse."""
        schema = super()._map_serializer_field(field, direction, *options, **named)  # type: ignore[no-untyped-call]  # it has no types
        if type(schema) is not dict:
            return schema
        if direction == "response":
            return with_null(field, schema)
        pattern = getattr(field, "pattern", "") or text_pattern(field)
        is_text = "string" in schema.get("type", ()) and "enum" not in schema
        if pattern and is_text and schema.get("format") in {None, "date"}:
            schema.setdefault("pattern", pattern)
        if "array" in schema.get("type", ()) and getattr(field, "allow_empty", True) is False:
            schema["minItems"] = 1
        if shortest := getattr(field, "shortest", 0):
            schema["minLength"] = shortest
        if isinstance(field, serializers.PrimaryKeyRelatedField) and "maximum" in schema:
            schema["minimum"] = 1
        return schema

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        """Take back drf-spectacular's "or empty": the patterns of texts say it themselves."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]  # it has no types
        if "oneOf" in schema and schema["oneOf"][-1] == {"type": "string", "maxLength": 0}:
            inner = schema.pop("oneOf")[0]
            inner.pop("minLength", None)
            schema.update(inner)

    # --- Answers -----------------------------------------------------------------------------
    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Describe the operation, with each answer that it may give."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation["security"] = self.get_auth()
            self.describe_answers(operation)
            self.add_refusals(operation)
            operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def describe_answers(self, operation: dict[str, Any]) -> None:
        """Give the answers their words and headers, and a read its 304."""
        responses = operation["responses"]
        named = {one["name"] for one in operation.get("parameters", [])}
        conditional = self.tagged_read and "If-None-Match" in named
        if conditional:
            responses["304"] = {}
        for status, response in responses.items():
            if response.get("description") in {None, "", "No response body"}:
                response["description"] = errors.OUTCOMES.get(status, errors.OUTCOMES["200"])
            if int(status) < 400:  # noqa: PLR2004 - RFC 9110, 15: from here on it is a refusal
                tagged = conditional or self.keyed or self.locked_write
                tagged = tagged and not self.table.untagged
                self.add_headers(status, response, tagged=tagged)

    def add_refusals(self, operation: dict[str, Any]) -> None:
        """Add what the operation may be refused with, beside what its handler says of a status."""
        responses = operation["responses"]
        for status, answer in errors.answers(self, operation).items():
            content = {**answer["content"], **responses.get(status, {}).get("content", {})}
            responses[status] = {**answer, "content": content}

    def add_headers(self, status: str, response: dict[str, Any], *, tagged: bool) -> None:
        """Name the headers of an answer that is no refusal."""
        names = ["X-Request-ID", *self.table.headers]
        has_json = "application/json" in response.get("content", {})
        if status == "304" or (tagged and status in {"200", "201"} and has_json):
            names.append("ETag")
        if self.action == "create" and status in {"201", "202"}:
            names.append("Location")
        if self.action == "list" and status == "200":
            names.append("Link")
        if self.keyed:
            names.append("Idempotency-Replayed")
        described = dict(headers.reference(name) for name in dict.fromkeys(names))
        response["headers"] = {**described, **response.get("headers", {})}


def with_null(field: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Say that an answer may have null where its column may, though no request may send it."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    column = {one.name: one for one in model._meta.fields}.get(field.source) if model else None
    if column is not None and column.null and isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return schema


def text_pattern(field: Any) -> str:
    """Return the pattern of what a text field takes; "" where it takes any text."""
    if not isinstance(field, StrictCharField):
        return ""
    filled = not field.allow_blank and field.trim_whitespace
    if plain_text in field.validators:
        return FILLED_LINE if filled else LINE
    return FILLED if filled else ""


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A JWT access token from /api/auth/token, or a stored API token.",
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registration is untyped
    """Describes the one way to authenticate."""

    target_class = "users.auth.bearer.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: BaseAutoSchema) -> dict[str, str]:
        """Return the security scheme object."""
        return BEARER
