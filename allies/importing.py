"""Allies from a file: CSV ``id,data`` (data is a JSON object) or JSON Lines.

The whole file is checked before anything is written; then everything is written in one transaction.
What a row does not name stays as it is. Credentials in a file are never read: they would lie about
in the clear, so the row's report says to take them out.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from allies.models import Ally
from allies.serializers import AllySerializer
from core import journal
from core.api.parsers import check
from core.problems import field_errors

BATCH = 1000
MAX_ROW = 1_000_000
# The names that files use, and ours.
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the report."""

    line: int
    id: str
    outcome: str
    detail: str = ""


type_report = Callable[[Outcome], object]


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
    serializer = AllySerializer(data=given)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        told = [f"{item['field']}: {item['detail']}" for item in field_errors(error.detail)]
        raise BadRow(" ".join(told)) from None
    row.fields = dict(serializer.validated_data)
    row.id = row.fields.pop("id")


def amount(value: Any) -> Any:
    """Return a whole amount that a file spells as 50000.0 or "50000"."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 17:  # noqa: PLR2004 - within 64 bit
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def check_file(path: Path, *, report: type_report, progress: Callable[[int], object]) -> Counter:
    """Look at every row; report the bad ones and count all."""
    counts: Counter = Counter()
    lines: dict[str, int] = {}
    for row in rows_of(path):
        if not row.problem and row.id in lines:
            row.problem = _("id: the same as in line %d.") % lines[row.id]
        if row.problem:
            counts["refused"] += 1
            report(Outcome(row.line, row.id, "refused", row.problem))
        else:
            lines[row.id] = row.line
        counts["rows"] += 1
        progress(1)
    return counts


def import_file(
    path: Path,
    *,
    report: type_report,
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda _count: None,
) -> Counter:
    """Check a file, then write it; with one bad row, nothing is written.

    Returns how many rows there were, and how many were created, changed, unchanged or refused.
    """
    counts = check_file(path, report=report, progress=progress)
    if counts["refused"]:
        return counts
    with transaction.atomic():
        batch: list[Row] = []
        for row in rows_of(path):
            if row.problem:
                message = f"line {row.line}: {row.problem}"
                raise BadRow(message)  # the file changed under our hands: nothing is written
            batch.append(row)
            if len(batch) == BATCH:
                counts += write(batch, report)
                batch = []
        if batch:
            counts += write(batch, report)
        if dry_run:
            transaction.set_rollback(True)
    return counts


def write(batch: list[Row], report: type_report) -> Counter:
    """Insert and update the allies of a batch, with their journal entries."""
    counts: Counter = Counter()
    ids = [row.id for row in batch]
    stored = {
        ally.pk: ally
        for start in range(0, len(ids), 500)
        for ally in Ally.objects.select_for_update()
        .filter(pk__in=ids[start : start + 500])
        .order_by("pk")
    }
    changed: list[Ally] = []
    entries = []
    for row in batch:
        outcome, ally, entry = merge(row, stored.get(row.id))
        if entry is not None:
            changed.append(ally)
            entries.append(entry)
        counts[outcome] += 1
        report(Outcome(row.line, row.id, outcome, told(row)))
    Ally.objects.bulk_create(
        changed,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*dict.fromkeys(NAMES.values()), "updated_at"],
    )
    journal.record_many(entries)
    return counts


def merge(row: Row, ally: Ally | None) -> tuple[str, Ally, Any]:
    """Return what happens to a row's ally, the ally as it will be, and its journal entry."""
    if ally is None:
        ally = Ally(id=row.id, **row.fields)
        require_order(row, ally)
        changes = journal.initial(ally)
        return (
            "created",
            ally,
            journal.entry(journal.Action.CREATE, ally, changes=changes, reason="import_allies"),
        )
    before = journal.snapshot(ally)
    for name, value in row.fields.items():
        setattr(ally, name, value)
    require_order(row, ally)
    changes = journal.diff(before, ally)
    if not changes:
        return "unchanged", ally, None
    ally.updated_at = timezone.now()
    return (
        "changed",
        ally,
        journal.entry(journal.Action.CHANGE, ally, changes=changes, reason="import_allies"),
    )


def require_order(row: Row, ally: Ally) -> None:
    """Refuse amounts that cross only together with what is stored."""
    if ally.max_amount is not None and ally.max_amount < ally.min_amount:
        message = _("line %(line)d: the largest amount would be below the smallest.")
        raise BadRow(message % {"line": row.line})


def told(row: Row) -> str:
    """Return what of a row was left out."""
    if not row.ignored:
        return ""
    names = ", ".join(sorted(row.ignored))
    text = _("left out: %s.") % names
    if "credentials" in row.ignored:
        text += " " + _("Credentials are never imported: add them by the API, delete them here.")
    return text
