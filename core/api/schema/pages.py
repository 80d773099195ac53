"""The routes that are no views of the API: health, metrics, the contract, pages about problems."""

from typing import Any

from core.api.schema.headers import reference
from core.problems import CONTENT_TYPE

TEXT = {"schema": {"type": "string"}}
CODE = {
    "in": "path",
    "name": "code",
    "required": True,
    "description": "The `code` of a problem document.",
    "schema": {"$ref": "#/components/schemas/ErrorCode"},
    "example": "not_found",
}
LANGUAGE = {
    "in": "query",
    "name": "lang",
    "required": False,
    "description": "The language of the page; without it, `Accept-Language` chooses.",
    "schema": {"type": "string", "enum": ["en", "es"]},
}
READY = {
    "type": "object",
    "description": "What was asked, and how it answered.",
    "required": ["status", "checks"],
    "additionalProperties": True,
    "properties": {
        "status": {
            "type": "string",
            "enum": ["ok", "degraded", "unavailable"],
            "description": "`degraded`: everything works, background work waits.",
        },
        "checks": {
            "type": "object",
            "description": "By name; each says `status` and, when it failed, why.",
            "additionalProperties": True,
        },
    },
}


def page(name: str, summary: str, description: str, **said: Any) -> dict[str, Any]:
    """Return the path item of one page that anybody may read."""
    responses = {
        status: {
            "description": text,
            "headers": dict([reference("X-Request-ID")]),
            "content": content,
        }
        for status, (text, content) in said.pop("answers").items()
    }
    responses["400"] = {"$ref": "#/components/responses/ForeignHost"}
    responses = dict(sorted(responses.items()))
    operation = {
        "operationId": name,
        "summary": summary,
        "description": description,
        **said,
        "tags": ["core"],
        "security": [],
        "responses": responses,
    }
    return {"get": operation}


PROBLEM = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
FOREIGN_HOST = {
    "description": "The request names a host that is not this platform's: `bad_request`.",
    "headers": dict([reference("X-Request-ID")]),
    "content": PROBLEM,
}
NOT_FOUND = ("There is no such code: `not_found`.", PROBLEM)
PAGES = {
    "/docs/problems/{code}": page(
        "explainProblem",
        "Explain an error code",
        "Return what a `code` means and what to do about it, as a page for people. `type` of a "
        "problem document leads here.",
        parameters=[CODE, LANGUAGE],
        answers={"200": ("The page.", {"text/html": TEXT}), "404": NOT_FOUND},
    ),
    "/health/live": page(
        "checkLiveness",
        "Tell whether the process serves requests",
        "Answer without asking anybody else: for the probe that restarts a process.",
        answers={
            "200": ("It does.", {"application/json": {"schema": {"type": "object"}}}),
        },
    ),
    "/health/ready": page(
        "checkReadiness",
        "Tell whether the platform can work",
        "Ask the database and its migrations, without which nothing works, and the cache and the "
        "broker, without which everything still works: for the probe that sends requests here.",
        answers={
            "200": ("It can.", {"application/json": {"schema": READY}}),
            "503": ("It cannot.", {"application/json": {"schema": READY}}),
        },
    ),
    "/metrics": page(
        "readMetrics",
        "Read the metrics",
        "Return counters and histograms in the text format of Prometheus.",
        answers={"200": ("The metrics.", {"text/plain": TEXT})},
    ),
}
