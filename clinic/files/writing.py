"""What writing patients and writing studies have in common.

Rows that stay as they are get no lock, so a nightly import of the same file is in nobody's way.
"""

from collections.abc import Callable, Iterable

from django.db import connection, models

from clinic.constants import LISTED
from clinic.files.rows import SheetResult, outcome
from clinic.models import Patient, Study
from core.audit import journal
from core.files import BATCH_ROWS, Problem

REASON = "import"

type_tell = Callable[[Problem], object]


class Planner:
    """Lets PostgreSQL look at a table again whenever an import has doubled its part of it.

    Its statistics are made after a transaction; within one, it would take a growing table for an
    empty one and read all of it for every batch.
    """

    def __init__(self) -> None:
        self.next: dict[type[models.Model], int] = {}

    def analyze_if_grown(self, model: type[models.Model], created: int) -> None:
        """Analyze the table when the import has doubled the rows that it made there."""
        if connection.vendor != "postgresql" or created < self.next.get(model, BATCH_ROWS):
            return
        self.next[model] = 2 * created
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


class Writer:
    """Base: writes what is new, counts what is not, and says of each row which it was."""

    file = ""

    def __init__(self, result: SheetResult, planner: Planner, tell: type_tell | None) -> None:
        self.result = result
        self.planner = planner
        self.tell = tell

    def note(self, row: int, code: str, columns: Iterable[str] = (), key: int = 0) -> None:
        """Say what became of a row; ``key`` is the record's."""
        columns = [*columns]
        if code in LISTED:
            self.result.note(row, code, columns, key)
        if self.tell is not None:
            self.tell(outcome(self.file, row, code, columns))


def record_created(model: type[Patient] | type[Study], rows: Iterable[Patient | Study]) -> None:
    """Write the entries of new rows: which fields they got, no values."""
    journal.record_each(
        journal.Action.CREATE,
        model,
        [row.pk for row in rows],
        changes=dict.fromkeys(model.journal_secret),
        reason=REASON,
    )


def is_by_hand(entry: tuple[str, str]) -> bool:
    """Tell whether an entry's action and reason are those of a change that no import made."""
    action, reason = entry
    return action == journal.Action.CHANGE and not reason.startswith(REASON)
