"""The app's CSV files into the database: everything is checked before anything is written.

A file is read twice, in batches that are bodies of a bulk write. Each batch is a transaction of its
own, so that no writer waits for the whole file; what is read twice from one file is the same, so a
file that is interrupted is imported again, and what was written is unchanged then.
"""

from collections.abc import Iterator
from typing import IO

from django.db import transaction

from core.files import Counts, Layout, Problem, Report, batches, open_csv, type_progress, watched
from stores.errors import BulkRefused
from stores.files.bulk import Batch, Bulk
from stores.files.sheets import SHEETS, Sheet

REASON = "import"


def read(
    sheet: Sheet, stream: IO[bytes], report: Report, progress: type_progress, layout: Layout
) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield a file's rows in batches and tell how many bytes that was."""
    rows = open_csv(stream, sheet.header, report, layout=layout)
    yield from watched(batches(rows), stream, progress)


def check(sheet: Sheet, bulk: Bulk, rows: list[tuple[int, list[str]]], report: Report) -> Batch:
    """Check a batch and report every bad row in one line."""
    batch = bulk.check([sheet.row(cells) for _row, cells in rows])
    faults: dict[int, list[tuple[str, str, str]]] = {}
    for fault in batch.faults:
        column = fault.field.rpartition(".")[2]
        faults.setdefault(fault.index, []).append((column, fault.code, fault.detail))
    for index, those in faults.items():
        report.add(Problem.of(rows[index][0], those))
    return batch


def import_file(
    name: str,
    stream: IO[bytes],
    *,
    dry_run: bool = False,
    keep_good: bool = False,
    report: Report | None = None,
    progress: type_progress | None = None,
    layout: Layout | None = None,
) -> Counts:
    """Import one of ``SHEETS``; a dry run only checks and counts.

    ``layout`` says how the file is written, or learns it.

    Raises:
        BulkRefused: a row is bad; nothing was written, unless the database changed since the check.
            With ``keep_good`` only a file that cannot be read on is refused.
        ApplicationError: somebody else wrote the same keys meanwhile; the batches before are
            written.
    """
    report, layout = report or Report(), layout or Layout()
    sheet, progress = SHEETS[name], progress or (lambda _count: None)
    total = Counts()
    bulk = sheet.bulk(reason=REASON)
    for rows in read(sheet, stream, report, progress, layout):
        add(total, check(sheet, bulk, rows, report).counts)
    if report.count and not keep_good:
        raise BulkRefused(count=report.count, errors=report.errors())
    if dry_run:
        return total
    total = Counts()
    bulk = sheet.bulk(reason=REASON)
    for rows in read(sheet, stream, Report(), progress, layout):
        again = Report()
        with transaction.atomic():
            batch = check(sheet, bulk, rows, again)
            if again.count and not keep_good:
                raise BulkRefused(count=again.count, errors=again.errors())
            add(total, bulk.write(batch))
    return total


def add(total: Counts, counts: Counts) -> None:
    """Add up."""
    total.created += counts.created
    total.updated += counts.updated
    total.unchanged += counts.unchanged
