"""Allies from a file (see ``import_file``).

The whole file is checked before anything is written; then everything is written in one transaction.
What a row does not name stays as it is. Credentials are never touched.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from allies.errors import ImportOvertaken, ImportRefused
from allies.files.rows import AMOUNTS, NAMES, Row, rows_of
from allies.models import Ally
from core.audit import journal
from core.files import Counts, Layout, Problem, Report, batches, type_progress, watched

REASON = "import_allies"
# SQLite takes so many parameters in any build.
MAX_STATEMENT_IDS = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a good row: ``code`` is one of the counts' names."""

    row: int
    id: str
    code: str
    message: str = ""


type_tell = Callable[[Outcome], object]


def import_file(
    stream: IO[bytes],
    *,
    dry_run: bool = False,
    report: Report | None = None,
    tell: type_tell = lambda _outcome: None,
    progress: type_progress = lambda _count: None,
    layout: Layout | None = None,
) -> Counts:
    """Import a file; a dry run does the same and undoes it. ``tell`` gets what each row became.

    ``layout`` says how the file is written, or learns it.

    Raises:
        ImportRefused: a row is bad; nothing was written.
        ImportOvertaken: the file or its allies changed meanwhile; nothing was written.
    """
    report, layout = report or Report(), layout or Layout()
    seen: dict[str, int] = {}
    for batch in watched(batches(rows_of(stream, report, layout)), stream, progress):
        check(batch, seen, report)
    if report.count:
        raise ImportRefused(_("Nothing was written. Bad rows: %d.") % report.count)
    counts, again = Counts(), Report()
    with transaction.atomic():
        for batch in watched(batches(rows_of(stream, again, layout)), stream, progress):
            if any(row.faults for row in batch):
                raise ImportOvertaken(_("The file changed during the import. Nothing was written."))
            write(batch, counts, tell)
        if again.count:
            raise ImportOvertaken(_("The file changed during the import. Nothing was written."))
        transaction.set_rollback(dry_run)
    return counts


def check(batch: list[Row], seen: dict[str, int], report: Report) -> None:
    """Report the bad rows of a batch; ``seen`` has the number of each good row, by its id."""
    stored = stored_amounts(batch)
    for row in batch:
        if not row.faults and row.id in seen:
            message = _("Row %(row)d has the same.") % {"row": seen[row.id]}
            row.faults.append(("id", "repeated", message))
        if not row.faults and are_crossed({**stored.get(row.id, {}), **row.fields}):
            message = _("The largest amount must not be below the smallest.")
            row.faults.append(("max_amount", "amounts_crossed", message))
        if row.faults:
            report.add(Problem.of(row.number, row.faults, id=row.id))
        else:
            seen[row.id] = row.number


def stored_amounts(batch: list[Row]) -> dict[str, dict[str, int | None]]:
    """Return the amounts that are stored for rows which name one of the two."""
    ids = [row.id for row in batch if len(row.fields.keys() & set(AMOUNTS)) == 1]
    allies = Ally.objects.values_list("pk", *AMOUNTS)
    return {
        key: dict(zip(AMOUNTS, amounts, strict=True))
        for part in parts_of(ids)
        for key, *amounts in allies.filter(pk__in=part)
    }


def are_crossed(fields: dict[str, Any]) -> bool:
    """Tell whether the largest amount is below the smallest."""
    largest = fields.get("max_amount")
    return largest is not None and largest < (fields.get("min_amount") or 0)


def parts_of(ids: list[str]) -> Iterator[list[str]]:
    """Yield the ids in lists that fit into a statement."""
    for start in range(0, len(ids), MAX_STATEMENT_IDS):
        yield ids[start : start + MAX_STATEMENT_IDS]


def write(batch: list[Row], counts: Counts, tell: type_tell) -> None:
    """Insert and update the allies of a batch, with their journal entries.

    Raises:
        ImportOvertaken: an ally's amounts changed since its row was checked.
    """
    stored = {
        ally.pk: ally
        for part in parts_of([row.id for row in batch])
        for ally in Ally.objects.select_for_update().filter(pk__in=part).order_by("pk")
    }
    changed: list[Ally] = []
    entries = []
    for row in batch:
        outcome, ally, entry = merge(row, stored.get(row.id))
        if entry is not None:
            changed.append(ally)
            entries.append(entry)
        setattr(counts, outcome, getattr(counts, outcome) + 1)
        tell(Outcome(row.number, row.id, outcome, left_out(row)))
    Ally.objects.bulk_create(
        changed,
        batch_size=MAX_STATEMENT_IDS,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*dict.fromkeys(NAMES.values()), "search_key", "updated_at"],
    )
    journal.record_many(entries)


def merge(row: Row, ally: Ally | None) -> tuple[str, Ally, Any]:
    """Return what happens to a row's ally, the ally as it will be, and its journal entry.

    Raises:
        ImportOvertaken: the ally's amounts changed since the row was checked.
    """
    if ally is None:
        ally = Ally(id=row.id, **row.fields)
        changes = journal.initial(ally)
        return (
            "created",
            ally,
            journal.entry(journal.Action.CREATE, ally, changes=changes, reason=REASON),
        )
    before = journal.snapshot(ally)
    for name, value in row.fields.items():
        setattr(ally, name, value)
    if are_crossed({name: getattr(ally, name) for name in AMOUNTS}):
        raise ImportOvertaken(_("The same allies changed during the import. Nothing was written."))
    changes = journal.diff(before, ally)
    if not changes:
        return "unchanged", ally, None
    ally.updated_at = timezone.now()
    return (
        "updated",
        ally,
        journal.entry(journal.Action.CHANGE, ally, changes=changes, reason=REASON),
    )


def left_out(row: Row) -> str:
    """Return what of a row was left out."""
    if not row.ignored:
        return ""
    names = ", ".join(sorted(row.ignored))
    text = _("left out: %s.") % names
    if "credentials" in row.ignored:
        text += " " + _("Credentials are never imported: add them by the API, delete them here.")
    return text
