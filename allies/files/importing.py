"""Allies from a file (see ``import_rows``).

The whole file is checked before anything is written; then everything is written in one transaction.
What a row does not name stays as it is. Credentials are never touched.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from allies.files.rows import NAMES, BadRow, Row, rows_of
from allies.models import Ally
from core.audit import journal

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the report."""

    line: int
    id: str
    outcome: str
    detail: str = ""


type_report = Callable[[Outcome], object]


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
    """Check a file, then write it, unless a row is bad; return how many rows ended how."""
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
