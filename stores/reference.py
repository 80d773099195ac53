"""What the app cannot do without: places, typologies and the catalogue's clock.

The files in ``data/`` say it; whatever in the database differs is corrected at every start.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import models, transaction

from core.text import search_key
from stores import clock
from stores.models import City, Department, Establishment, Region, Typology

DATA = Path(__file__).resolve().parent / "data"


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of the files."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def store(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> list[str]:
    """Make a table have these rows, by their codes; return the codes that had to be written."""
    stored = {row["code"]: row for row in model._default_manager.values()}
    rows = [{**row, "search_key": search_key(row["name"])} for row in rows]
    changed = [row for row in rows if stored.get(row["code"]) != row]
    if changed:
        fields = [name for name in changed[0] if name != "code"]
        model._default_manager.bulk_create(
            [model(**row) for row in changed],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=fields,
        )
    return [row["code"] for row in changed]


@transaction.atomic
def load() -> str:
    """Store what the files say, set the catalogue's clock going, and stamp what phones show of it.

    An establishment's document has its city's name and its region.
    """
    regions = store(Region, rows_of("regions"))
    departments = store(
        Department,
        (
            {"code": row["code"], "name": row["name"], "region_id": row["region"]}
            for row in rows_of("departments")
        ),
    )
    cities = store(
        City,
        (
            {
                "code": row["code"],
                "name": row["name"],
                "department_id": row["code"][:2],
                "lat": float(row["lat"]),
                "lon": float(row["lon"]),
            }
            for row in rows_of("cities")
        ),
    )
    typologies = store(
        Typology,
        (
            {**row, "visits_per_month": int(row["visits_per_month"])}
            for row in rows_of("typologies")
        ),
    )
    clock.reading()
    there = models.Q(city__in=cities) | models.Q(city__department__in=departments)
    shown = Establishment.objects.filter(there).order_by("pk")
    clock.stamp(*shown.select_for_update(of=("self",), no_key=True))
    written = len(regions) + len(departments) + len(cities) + len(typologies)
    return f"{written} rows of places and typologies"
