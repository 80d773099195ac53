"""What an operation may be refused with: by rule from what the kernel does, and from its table."""

from collections import defaultdict
from http import HTTPStatus
from typing import Any

from django.db.models import UniqueConstraint
from drf_spectacular.plumbing import get_view_model

from core.api.schema.headers import reference
from core.problem_codes import codes
from core.problems import CONTENT_TYPE
from core.roles import Role

# An operation's AutoSchema, whose module imports this one.
type_schema = Any

OUTCOMES = {
    "200": "Done.",
    "201": "Made.",
    "202": "Accepted; the work goes on.",
    "204": "Done; there is no body.",
    "304": "The entity tag still fits; there is no body.",
}
REFUSALS = {
    400: "The request is not valid",
    401: "No token, or one that is not valid",
    403: "The caller may not do this",
    404: "There is no such thing, or it is not the caller's to see",
    406: "`Accept` excludes all that there is",
    409: "The request contradicts what is stored",
    410: "It was there, and is gone",
    411: "The body does not say its length",
    412: "The resource has changed; `current` is its entity tag",
    413: "The body is too large",
    415: "Another media type or charset than the operation takes",
    422: "Well-formed, but it cannot be followed",
    426: "The client is too old",
    429: "Too many requests",
    460: "The bytes do not have the checksum that was announced (tus 1.0)",
    500: "A defect of the platform, or an answer in the words of a partner's contract",
    503: "Something is away just now",
    507: "There is no room just now",
}
JSON_CODES = (
    "parse_error",
    "json_malformed",
    "json_not_an_object",
    "json_duplicate_key",
    "json_integer_too_large",
    "json_nul",
    "json_too_deep",
    "gzip_malformed",
)
FORM_CODES = (
    "form_malformed",
    "form_incomplete",
    "form_invalid_text",
    "form_part_unreadable",
)
# Whatever the operation: the wrong Accept, too many requests, a defect, a database that is away.
EVERYWHERE = ("bad_request", "invalid", "not_acceptable", "too_many_requests", "internal_error")
AWAY = (
    "service_unavailable",
    "lock_timeout",
    "statement_timeout",
    "deadlock",
    "too_many_connections",
    "database_read_only",
)
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
UNIQUE_WRITES = {"create", "update", "partial_update"}
RETRIED = {429: "Retry-After", 503: "Retry-After", 507: "Retry-After", 409: "Retry-After-Perhaps"}
EXTENSION = "x-error-codes"  # for programs: the codes that the description lists
# What marks a shared refusal, in the order of its name: `BadRequestOfListByName`.
FEATURES = {
    "WithBody": set(JSON_CODES),
    "WithForm": set(FORM_CODES),
    "WithKey": {"idempotency_key_malformed"},
    "OfList": {"invalid_cursor"},
    "ByName": {"malformed_path"},
    "ByRole": {"permission_denied"},
    "ForWrites": {"token_read_only"},
    "WithToken": {"not_authenticated", "invalid_token"},
}
SHARED: dict[int, tuple[str, ...]] = {
    400: ("bad_request", "invalid"),
    401: (),
    403: (),
    404: ("not_found",),
    406: ("not_acceptable",),
    409: ("idempotency_key_in_use",),
    410: (),
    411: ("length_required",),
    412: ("precondition_failed",),
    413: ("payload_too_large",),
    415: ("unsupported_media_type", "unsupported_charset", "unsupported_coding"),
    422: ("idempotency_key_reused",),
    426: (),
    429: ("too_many_requests",),
    460: (),
    500: ("internal_error",),
    503: AWAY,
    507: (),
}
STATUS_NAMES = {
    status: "ChecksumMismatch"
    if status == 460  # noqa: PLR2004 - of tus, which HTTP does not know
    else HTTPStatus(status).phrase.title().replace(" ", "")
    for status in REFUSALS
}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


def answers(schema: type_schema, operation: dict[str, Any]) -> dict[str, Any]:
    """Return the refusals of an operation as response objects, by status."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(codes_of(schema, operation)):
        by_status[codes()[code].status].append(code)
    return {str(status): answer(status, found) for status, found in sorted(by_status.items())}


def answer(status: int, found: list[str]) -> dict[str, Any]:
    """Return the response object of one status with its codes."""
    names = ["X-Request-ID"]
    if status in RETRIED:
        names.append(RETRIED[status])
    if status == 401:  # noqa: PLR2004 - RFC 9110, 15.5.2: it says how to authenticate
        names.append("WWW-Authenticate")
    listed = ", ".join(f"`{code}`" for code in found)
    return {
        "description": f"{REFUSALS[status]}: {listed}.",
        "headers": dict(map(reference, names)),
        "content": {CONTENT_TYPE: PROBLEM},
        EXTENSION: found,
    }


def name_of(status: str, response: dict[str, Any]) -> str:
    """Return the name under which many operations share a refusal, or "" for one of its own.

    It is that of the status and of what the operation has that not all have: a body, a key.
    """
    found = set(response.get(EXTENSION, ()))
    if not found or list(response["content"]) != [CONTENT_TYPE]:
        return ""
    features = [name for name, marks in FEATURES.items() if found >= marks]
    if found - set(SHARED[int(status)]) - set().union(*(FEATURES[one] for one in features)):
        return ""
    return "".join([STATUS_NAMES[int(status)], *features])


def codes_of(schema: type_schema, operation: dict[str, Any]) -> list[str]:
    """Return the codes of what the operation may be refused with."""
    found = [*EVERYWHERE, *token_codes(schema), *body_codes(schema, operation)]
    in_path = [one for one in operation.get("parameters", []) if one["in"] == "path"]
    if in_path:
        found += ["not_found", "malformed_path"]
    if any(one["name"] == "cursor" for one in operation.get("parameters", [])):
        found.append("invalid_cursor")
    if schema.tagged_read or schema.method in WRITES:
        found.append("precondition_failed")
    if schema.keyed:
        found += ["idempotency_key_malformed", "idempotency_key_in_use", "idempotency_key_reused"]
    own = [error.default_code for error in schema.table.errors]
    conflicts = [code for code in own if codes()[code].status == 409]  # noqa: PLR2004 - a conflict of the app's own words
    if schema.action in UNIQUE_WRITES and has_unique(schema) and not conflicts:
        found.append("conflict")
    return [*found, *own, *AWAY]


def token_codes(schema: type_schema) -> list[str]:
    """Return the codes of a token that is missing, wrong, or whose role may not."""
    found = []
    if not schema.rule.anonymous:
        found.append("not_authenticated")
    if schema.method in WRITES:
        for authenticator in schema.view.get_authenticators():
            found += getattr(authenticator, "write_refusals", ())
    if schema.view.get_authenticators() or schema.table.token_is_optional:
        found.append("invalid_token")
    if not schema.rule.anonymous and schema.rule.roles < set(Role.values):
        found.append("permission_denied")
    return found


def body_codes(schema: type_schema, operation: dict[str, Any]) -> list[str]:
    """Return the codes of a body that is too large, without length, or cannot be read."""
    if schema.method not in WRITES:
        return []
    found = ["length_required", "payload_too_large"]
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        found += FORM_CODES
    if content or schema.method == "POST":
        found += ["unsupported_media_type", "unsupported_charset", "unsupported_coding"]
    if "application/json" in content or (schema.method == "POST" and not content):
        found += JSON_CODES
    return found


def has_unique(schema: type_schema) -> bool:
    """Tell whether two rows of the view's model may contradict each other."""
    model: Any = get_view_model(schema.view, emit_warnings=False)  # type: ignore[no-untyped-call]  # it has no types
    if model is None:
        return False
    fields = any(field.unique and not field.primary_key for field in model._meta.fields)
    return fields or any(isinstance(one, UniqueConstraint) for one in model._meta.constraints)
