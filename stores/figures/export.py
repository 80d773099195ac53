"""A month's facts as Parquet files, one per table: for whoever counts with tools of their own.

Rows leave the database as CSV, a few thousand at a time, and DuckDB makes the file of them. A file
appears whole under its name, or not at all. Of people there is the id only.
"""

import csv
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.db import models, transaction

from stores.constants import VisitState
from stores.figures.histograms import BUCKETS
from stores.figures.words import COLUMNS, month_after
from stores.models import CoverageMonth, DailyFigure, ProductDay, ProductMonth, StoreMonth, Visit

CHUNK_ROWS = 2_000
IDS = "BIGINT[]"
PLACE = {"city": "VARCHAR", "region": "VARCHAR", "typology": "VARCHAR"}
SUMS = dict.fromkeys(COLUMNS, "BIGINT")
HISTOGRAMS = dict.fromkeys(BUCKETS, "BIGINT")


class Facts(NamedTuple):
    """A file: what its rows are, and the DuckDB types of its columns."""

    model: type[models.Model]
    column: str
    types: Mapping[str, str]

    def rows(self, month: dt.date) -> models.QuerySet:
        """Return the month's rows, in an order that stays."""
        last = month_after(month) - dt.timedelta(days=1)
        found = self.model._default_manager.filter(**{f"{self.column}__range": (month, last)})
        if self.model is Visit:
            found = found.exclude(state=VisitState.VOID)
        return found.order_by(self.column, "pk")


FILES = {
    "visits": Facts(
        Visit,
        "day",
        {
            "id": "UUID",
            "day": "DATE",
            "seller_id": "BIGINT",
            "establishment_id": "BIGINT",
            **PLACE,
            "state": "VARCHAR",
            "outcome": "VARCHAR",
            "flags": "VARCHAR[]",
            "occurred_at": "TIMESTAMPTZ",
            "received_at": "TIMESTAMPTZ",
            "seconds": "BIGINT",
            "portfolio_version_id": "BIGINT",
            "must_have": "BIGINT",
            "present": "BIGINT",
            "compliance": "DECIMAL(5,4)",
            "seen": IDS,
            "missing": IDS,
            "photos_missing": "BIGINT",
        },
    ),
    "daily": Facts(
        DailyFigure,
        "day",
        {
            "day": "DATE",
            "seller_id": "BIGINT",
            **PLACE,
            "portfolio_version": "BIGINT",
            "first_at": "TIMESTAMPTZ",
            **SUMS,
            **HISTOGRAMS,
        },
    ),
    "product_day": Facts(
        ProductDay,
        "day",
        {
            "day": "DATE",
            "product_id": "BIGINT",
            **PLACE,
            "must_have": "BIGINT",
            "missing": "BIGINT",
        },
    ),
    "store_month": Facts(
        StoreMonth,
        "month",
        {
            "month": "DATE",
            "seller_id": "BIGINT",
            "establishment_id": "BIGINT",
            **PLACE,
            **SUMS,
            "products": "MAP(BIGINT, BIGINT[])",
            "last_seen": IDS,
            "last_at": "TIMESTAMPTZ",
        },
    ),
    "product_month": Facts(
        ProductMonth,
        "month",
        {
            "month": "DATE",
            "product_id": "BIGINT",
            **PLACE,
            "audited": "BIGINT",
            "showing": "BIGINT",
        },
    ),
    "coverage_month": Facts(
        CoverageMonth,
        "month",
        {
            "month": "DATE",
            **PLACE,
            "assigned": "BIGINT",
            "visited": "BIGINT",
            "visits": "BIGINT",
        },
    ),
}


def text(value: Any) -> str:
    """Return a value as DuckDB casts it: lists as JSON, documents as its maps."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={json.dumps(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return json.dumps(value)
    return "" if value is None else str(value)


def quoted(path: Path) -> str:
    """Return a path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


@transaction.atomic
def write(
    duckdb: Any, name: str, month: dt.date, folder: Path, progress: Callable[[int], object]
) -> Path:
    """Write one file and return its path. ``duckdb`` is the package, ``progress`` counts rows."""
    facts, path = FILES[name], folder / f"{name}-{month:%Y-%m}.parquet"
    rough, part = path.with_suffix(".csv.part"), path.with_suffix(".parquet.part")
    try:
        with rough.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            rows = facts.rows(month).values_list(*facts.types).iterator(chunk_size=CHUNK_ROWS)
            for row in rows:
                writer.writerow([text(value) for value in row])
                progress(1)
        convert(duckdb, facts.types, rough, part)
        part.replace(path)
    finally:
        rough.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return path


def convert(duckdb: Any, types: Mapping[str, str], source: Path, target: Path) -> None:
    """Make Parquet of a CSV file without a header: each cell is a text until it is cast."""
    texts = ", ".join(f"'{name}': 'VARCHAR'" for name in types)
    casts = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in types.items())
    # What is not said DuckDB guesses from the rows, and it fails where there are none.
    dialect = "auto_detect=false, delim=',', quote='\"', escape='\"', header=false, nullstr=''"
    read = f"read_csv({quoted(source)}, {dialect}, columns={{{texts}}})"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY (SELECT {casts} FROM {read}) TO {quoted(target)} (FORMAT parquet)"  # noqa: S608 - our own names
        )


def sizes(month: dt.date, names: Sequence[str]) -> int:
    """Return how many rows all files will have."""
    return sum(FILES[name].rows(month).count() for name in names)
