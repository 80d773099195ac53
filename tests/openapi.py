"""An OpenAPI document is measured against the schema of OpenAPI 3.1 itself."""

import json
from pathlib import Path
from typing import Any

import yaml
from drf_spectacular import validation
from jsonschema.validators import Draft202012Validator
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012

SCHEMA = json.loads((Path(validation.__file__).parent / "openapi_3_1_schema.json").read_text())
# Crawled once: `spectacular --validate` looks for every anchor anew, most of its time.
VALIDATOR = Draft202012Validator(
    SCHEMA, registry=(DRAFT202012.create_resource(SCHEMA) @ REGISTRY).crawl()
)


def read(text: str) -> dict[str, Any]:
    """Return the document that YAML spells; the loader in C takes a tenth of the time."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def mistakes(document: dict) -> list[str]:
    """Return what OpenAPI 3.1 does not allow in ``document``."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]
