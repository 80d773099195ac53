"""What the app cannot do without: places, typologies and the catalogue's clock.

The files in ``data/`` say it; whatever in the database differs is corrected at every start.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import models

from core.text import search_key
from stores import clock
from stores.models import City, Department, Region, Typology

DATA = Path(__file__).resolve().parent / "data"


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of the files."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def store(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> int:
    """Make a table have these rows, by their codes; return how many had to be written."""
    stored = {row["code"]: row for row in model._default_manager.values()}
    changed = [row for row in rows if stored.get(row["code"]) != row]
    if changed:
        fields = [name for name in changed[0] if name != "code"]
        model._default_manager.bulk_create(
            [model(**row) for row in changed],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=fields,
        )
    return len(changed)


def load() -> str:
    """Store what the files say, and set the catalogue's clock going."""
    written = store(Region, rows_of("regions"))
    written += store(
        Department,
        (
            {"code": row["code"], "name": row["name"], "region_id": row["region"]}
            for row in rows_of("departments")
        ),
    )
    written += store(
        City,
        (
            {
                "code": row["code"],
                "name": row["name"],
                "search_key": search_key(row["name"]),
                "department_id": row["code"][:2],
                "lat": float(row["lat"]),
                "lon": float(row["lon"]),
            }
            for row in rows_of("cities")
        ),
    )
    written += store(
        Typology,
        (
            {**row, "visits_per_month": int(row["visits_per_month"])}
            for row in rows_of("typologies")
        ),
    )
    clock.reading()
    return f"{written} rows of places and typologies"
