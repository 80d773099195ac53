"""The rows of an import file: CSV ``id,data`` (data is a JSON object) or JSON Lines.

Credentials in a file are never read: they would lie about in the clear, so the row's report says to
take them out.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from allies.serializers import AllySerializer
from core.api.parsers import check
from core.problems import field_errors

MAX_ROW = 1_000_000
# The names in files, and ours.
NAMES = {
    "name": "name",
    "tags": "tags",
    "brand_owner": "brand_owner",
    "brandOwner": "brand_owner",
    "discount": "discount",
    "minAmount": "min_amount",
    "min_amount": "min_amount",
    "maxAmount": "max_amount",
    "max_amount": "max_amount",
    "allowed_origins": "allowed_origins",
    "allowedOrigins": "allowed_origins",
    "is_active": "is_active",
}
AMOUNTS = ("min_amount", "max_amount")


class BadRow(ValueError):
    """A row that cannot be imported, and why."""


@dataclass(slots=True)
class Row:
    """One row: what it says, or what is wrong with it."""

    line: int
    id: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    problem: str = ""


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, one at a time, good and bad."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        start = file.read(1)
        file.seek(0)
        yield from (json_rows if start == "{" else csv_rows)(file)


def json_rows(file: Any) -> Iterator[Row]:
    """Yield the rows of a JSON Lines file: ``{"id": …, "data": {…}}`` or one flat object."""
    number = 0
    while text := file.readline(MAX_ROW):
        number += 1
        if not text.strip():
            continue
        row = Row(number)
        try:
            data = json_object(text)
            row.id = text_id(data.pop("id", ""))
            understand(row, data.pop("data") if set(data) == {"data"} else data)
        except BadRow as error:
            row.problem = str(error)
        yield row


def text_id(value: Any) -> str:
    """Return an id, which is a text."""
    if not isinstance(value, str):
        raise BadRow(_("id: a text is needed."))
    return value


def csv_rows(file: Any) -> Iterator[Row]:
    """Yield the rows of a CSV file with the columns ``id`` and ``data``."""
    csv.field_size_limit(MAX_ROW)
    reader = csv.reader(file, strict=True, skipinitialspace=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if sorted(header) != ["data", "id"]:
            yield Row(1, problem=_("The first line must be: id,data"))
            return
        for cells in reader:
            if cells:
                yield csv_row(reader.line_num, header, cells)
    except csv.Error as error:
        yield Row(reader.line_num, problem=_("No readable CSV from here on: %s") % error)


def csv_row(line: int, header: list[str], cells: list[str]) -> Row:
    """Return one row of a CSV file."""
    if len(cells) != len(header):
        return Row(line, problem=_("%d columns instead of 2.") % len(cells))
    row = Row(line)
    try:
        values = dict(zip(header, cells, strict=True))
        row.id = values["id"].strip()
        understand(row, json_object(values["data"]))
    except BadRow as error:
        row.problem = str(error)
    return row


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object that ``text`` spells, as strictly as the API reads one."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        data = orjson.loads(raw)
        if isinstance(data, dict):
            check(raw, data)
            return data
    except ValueError as error:
        # orjson's message may quote nothing of the document, so no credential shows.
        raise BadRow(_("data: no readable JSON (%s).") % str(error).partition(":")[0]) from None
    raise BadRow(_("data: a JSON object is needed."))


def understand(row: Row, data: Any) -> None:
    """Turn a row's data into fields that are valid by themselves."""
    if not isinstance(data, dict):
        raise BadRow(_("data: a JSON object is needed."))
    given = {"id": row.id}
    for key, value in data.items():
        name = NAMES.get(key)
        if name is None:
            row.ignored.append(key)
        else:
            given[name] = amount(value) if name in AMOUNTS else value
    try:
        row.fields = dict(reader().run_validation(given))
    except ValidationError as error:
        told = [f"{item['field']}: {item['detail']}" for item in field_errors(error.detail)]
        raise BadRow(" ".join(told)) from None
    row.id = row.fields.pop("id")


@cache
def reader() -> AllySerializer:
    """Return the one serializer of all rows: making its fields costs far more than using them."""
    return AllySerializer()


def amount(value: Any) -> Any:
    """Return a whole amount that a file spells as 50000.0 or "50000"."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 17:  # noqa: PLR2004 - within 64 bit
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
