"""OpenAPI 3.1 from the views as they are: what the kernel adds to each route is described here."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.openapi import AutoSchema as BaseAutoSchema
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from core import plugs
from core.api.permissions import Rule
from core.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:plaza:problem:not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {"type": "string", "description": "Stable; safe to compare with."},
        "request_id": {
            "type": "string",
            "description": "Also in X-Request-ID.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "additionalProperties": True,
}


def header(name: str, description: object) -> OpenApiParameter:
    """Describe one request header."""
    return OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=str(description)
    )


class AutoSchema(BaseAutoSchema):
    """drf-spectacular's generator, with our headers and tags, and who may call."""

    def get_tags(self) -> list[str]:
        """Group operations by the app that brings them."""
        return [self.view.__module__.partition(".")[0]]

    def get_operation_id(self) -> str:
        """Return a route's name; one at the root differs from its twin below ``/api/``."""
        name = super().get_operation_id()
        return name if self.path.startswith("/api/") else f"root_{name}"

    def get_override_parameters(self) -> list[Any]:
        """Add the kernel's request headers."""
        parameters = list(super().get_override_parameters())
        if self.method == "POST":
            parameters.append(
                header("Idempotency-Key", _("Repeat safely: the first answer comes again, 7 days."))
            )
        if getattr(self.view, "detail", False):
            if self.method == "GET":
                parameters.append(header("If-None-Match", _("304 when the entity tag still fits.")))
            elif self.method in {"PUT", "PATCH", "DELETE"}:
                parameters.append(header("If-Match", _("412 unless the entity tag still fits.")))
        return parameters

    def get_request_serializer(self) -> Any:
        """Return what reads the body; that of a DELETE only where ``extend_schema`` says so."""
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction: Any = "request") -> Any:
        """Describe the body of a DELETE as that of a POST: drf-spectacular leaves it out."""
        if self.method != "DELETE" or self.get_request_serializer() is None:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # it has no types
        self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # it has no types
        finally:
            self.method = "DELETE"

    @property
    def rule(self) -> Rule | None:
        """Return the permission table's row of this operation."""
        view: Any = self.view
        rule: Rule | None = view.permission_table.get(view.action_name() or "")
        return rule

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Say who may call, from the permission table, whoever else describes the operation."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None and self.rule is not None:
            description = operation.get("description", "")
            operation["description"] = f"{description}\n\nWho: {self.rule.label}.".strip()
        return operation

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Require a token where the permission table does."""
        return [{}] if self.rule is not None and self.rule.anonymous else [{"bearer": []}]


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


def name_enums(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Name the sets of choices as their apps do (drf-spectacular postprocessing hook)."""
    for app in plugs.enabled():
        spectacular_settings.ENUM_NAME_OVERRIDES.update(app.enum_names)
    named: dict[str, Any] = postprocess_schema_enums(result, **kwargs)  # type: ignore[no-untyped-call]  # it has no types
    return named


def add_problems(result: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
    """Give every operation the one error answer (drf-spectacular postprocessing hook)."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("securitySchemes", {})["bearer"] = BEARER
    answer = {
        "description": "Any error, as a problem document.",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            operation["responses"].setdefault("default", answer)
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            if "If-None-Match" in names:
                operation["responses"].setdefault("304", {"description": "The entity tag fits."})
    return result
