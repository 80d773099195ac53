"""The rows of an import file: CSV ``id,data`` (data is a JSON object) or JSON Lines.

Credentials in a file are never read: they would lie about in the clear, so the row's report says to
take them out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from allies.serializers import AllySerializer
from core.api.parsers import check
from core.files import (
    Layout,
    Report,
    Sheet,
    UnusableFileError,
    open_csv,
    read_lines,
    type_fault,
)
from core.problems import field_errors

SHEET = Sheet(("id", "data"), is_secret=True)
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

    def __init__(self, *faults: type_fault) -> None:
        super().__init__(*faults)
        self.faults = list(faults)


@dataclass(slots=True)
class Row:
    """One row: what it says, or what is wrong with it."""

    number: int
    id: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    faults: list[type_fault] = field(default_factory=list)


def rows_of(stream: IO[bytes], report: Report, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a file, one at a time, good and bad; report what is no row at all."""
    try:
        is_json = next(read_lines(stream, layout=layout), "").startswith("{")
    except UnusableFileError:
        is_json = False
    if is_json:
        yield from json_rows(stream, report, layout)
    else:
        for number, (key, text) in open_csv(stream, SHEET, report, layout=layout):
            yield csv_row(number, key, text)


def json_rows(stream: IO[bytes], report: Report, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a JSON Lines file: ``{"id": …, "data": {…}}`` or one flat object."""
    layout.delimiter = ","  # JSON's own
    try:
        for number, text in enumerate(read_lines(stream, layout=layout), 1):
            if text.strip():
                yield json_row(number, text)
    except UnusableFileError as error:
        report.add(error.as_problem())


def json_row(number: int, text: str) -> Row:
    """Return the row that a line of JSON spells."""
    row = Row(number)
    try:
        data = json_object(text)
        row.id = text_id(data.pop("id", ""))
        understand(row, data.pop("data") if set(data) == {"data"} else data)
    except BadRow as error:
        row.faults = error.faults
    return row


def text_id(value: Any) -> str:
    """Return an id, which is a text, or raise BadRow."""
    if not isinstance(value, str):
        raise BadRow(("id", "not_text", _("Not a string.")))
    return value


def csv_row(number: int, key: str, text: str) -> Row:
    """Return the row of an id and its data."""
    row = Row(number, key)
    try:
        understand(row, json_object(text))
    except BadRow as error:
        row.faults = error.faults
    return row


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object that ``text`` spells, read as the API reads one, or raise BadRow."""
    raw = text.encode()
    try:
        data = orjson.loads(raw)
        if isinstance(data, dict):
            check(raw, data)
            return data
    except ValueError as error:
        # orjson's message may quote nothing of the document, so no credential shows.
        message = _("This is no readable JSON (%(error)s).")
        message %= {"error": str(error).partition(":")[0]}
        raise BadRow(("data", "json_malformed", message)) from None
    raise BadRow(not_an_object())


def not_an_object() -> type_fault:
    """Return the fault of data that is no JSON object."""
    return "data", "json_not_an_object", _("A JSON object is needed.")


def understand(row: Row, data: Any) -> None:
    """Turn a row's data into fields that are valid by themselves, or raise BadRow."""
    if not isinstance(data, dict):
        raise BadRow(not_an_object())
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
        faults = [
            (each["field"], each["code"], each["detail"]) for each in field_errors(error.detail)
        ]
        raise BadRow(*faults) from None
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
