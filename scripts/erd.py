"""Draw docs/erd.md, the ER diagrams, from the models as they are.

``python -m scripts.erd`` writes the file, with every app that is here; ``--check`` changes nothing
and fails when a section of an enabled app is not what its models say. Example: ``make erd``.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.db import models

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "erd.md"
INTRODUCTION = """\
# ER diagrams

Written by `make erd` from Django's models, one diagram per app, and compared with them by a test:
do not edit. `PK`, `FK` and `UK` mark primary, foreign and unique keys; a column says `null` where
it may be empty. Foreign keys of optional apps point to `users` and nowhere else outside their app,
so that any of them can be switched off ([ADR 1](adr/0001-pluggable-apps.md)). Below each diagram
stand the constraints that the database itself holds.
"""


def has_models(config: AppConfig) -> bool:
    """Tell whether the app is one of ours and has tables."""
    return (ROOT / config.label / "apps.py").is_file() and any(config.get_models())


def entity(model: type[models.Model]) -> str:
    """Return the model's name as mermaid takes it."""
    return model._meta.object_name or ""


def unique_columns(model: type[models.Model]) -> set[str]:
    """Return the fields that are unique by themselves, in all rows."""
    alone = {
        constraint.fields[0]
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        and len(constraint.fields) == 1
        and constraint.condition is None
    }
    return alone | {field.name for field in model._meta.concrete_fields if field.unique}


def column(field: Any, unique: set[str]) -> str:
    """Return one line of an entity: type, name, keys, what else matters."""
    typed = field.target_field if field.is_relation else field
    kind = re.sub(r"(Auto)?Field$", "", typed.get_internal_type()).lower() or "integer"
    kind = {"big": "biginteger"}.get(kind, kind)
    keys = [
        name
        for name, holds in (
            ("PK", field.primary_key),
            ("FK", field.is_relation),
            ("UK", field.name in unique and not field.primary_key),
        )
        if holds
    ]
    notes = ["null"] if field.null else []
    if field.max_length and not field.choices and kind != "uuid":
        notes.append(f"at most {field.max_length}")
    if field.choices:
        notes.append(" / ".join(str(value) for value, _label in field.flatchoices))
    note = f'"{", ".join(notes)}"' if notes else ""
    return " ".join(filter(None, (kind, field.column, ", ".join(keys), note)))


def relation(model: type[models.Model], field: Any) -> str:
    """Return the line between two entities."""
    target = entity(field.related_model)
    if field.many_to_many:
        return f"{entity(model)} }}o--o{{ {target} : {field.name}"
    one = "|o" if field.null else "||"
    many = "o|" if field.one_to_one else "o{"
    return f"{target} {one}--{many} {entity(model)} : {field.name}"


def diagram(found: Iterable[type[models.Model]]) -> str:
    """Return the mermaid text of some models."""
    lines = ["```mermaid", "erDiagram"]
    relations = []
    for model in found:
        unique = unique_columns(model)
        lines.append(f"    {entity(model)} {{")
        lines += [f"        {column(field, unique)}" for field in model._meta.concrete_fields]
        lines.append("    }")
        related = [*model._meta.concrete_fields, *model._meta.many_to_many]
        relations += [f"    {relation(model, field)}" for field in related if field.is_relation]
    return "\n".join([*lines, *relations, "```"])


def section(config: AppConfig) -> str:
    """Return the chapter of one app."""
    found = list(config.get_models())
    constraints = []
    for model in found:
        names = sorted(constraint.name for constraint in model._meta.constraints)
        if names:
            listed = ", ".join(f"`{name}`" for name in names)
            constraints.append(f"- {entity(model)}: {listed}")
    parts = [f"## {config.label}", diagram(found), "\n".join(constraints)]
    return "\n\n".join(part for part in parts if part) + "\n"


def sections() -> dict[str, str]:
    """Return the chapters of the apps that run in this process, by label."""
    return {
        config.label: section(config) for config in apps.get_app_configs() if has_models(config)
    }


def stored() -> dict[str, str]:
    """Return the chapters of the file."""
    text = TARGET.read_text() if TARGET.exists() else ""
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: f"## {part.strip()}\n" for part in parts}


def problems() -> list[str]:
    """Return the apps whose chapter is missing or not what the models say."""
    there = stored()
    return [label for label, text in sections().items() if there.get(label) != text]


def main() -> int:
    """Write or check the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a drift")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")  # noqa: TID251 - Django reads its settings' name from here
    import django  # noqa: PLC0415 - after the settings' name

    django.setup()
    if options.check:
        found = problems()
        if found:
            sys.stderr.write(f"docs/erd.md is out of date: {', '.join(found)}. Run make erd.\n")
        return 1 if found else 0
    drawn = {**stored(), **sections()}
    order = [*sections(), *sorted(set(drawn) - set(sections()))]
    here = [label for label in order if (ROOT / label / "apps.py").is_file()]
    TARGET.write_text("\n".join([INTRODUCTION, *(drawn[label] for label in here)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
