"""The app's CSV files by name: their columns, what a line of theirs says, and what is written."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet
from django.http import StreamingHttpResponse

from core import files
from core.audit import journal
from core.files import csv_lines, download, in_chunks
from stores.files import assignments, establishments, products
from stores.files.bulk import Bulk, type_values
from stores.models import Assignment


class Sheet(NamedTuple):
    """One kind of file: what is exported is imported as it was."""

    bulk: type[Bulk]
    header: files.Sheet
    row_of: Callable[[dict[str, str]], type_values]
    # What each column is called in the database, in their order.
    paths: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the header."""
        return self.header.columns

    def row(self, cells: list[str]) -> type_values:
        """Return the row that the cells of a line say."""
        return self.row_of(dict(zip(self.columns, cells, strict=True)))

    def lines(self, queryset: QuerySet) -> Iterator[str]:
        """Yield the lines of the file of these rows, fetched a chunk at a time."""
        rows = in_chunks(queryset.order_by("pk"), self.paths)
        shown = ([plain(value) for value in row] for row in rows)
        return csv_lines(self.columns, shown)


SHEETS = {
    "products": Sheet(
        products.ProductBulk,
        files.Sheet(products.COLUMNS),
        products.row_of,
        products.COLUMNS,
    ),
    "establishments": Sheet(
        establishments.EstablishmentBulk,
        files.Sheet(establishments.COLUMNS, decimals=("lat", "lon")),
        establishments.row_of,
        establishments.COLUMNS,
    ),
    "assignments": Sheet(
        assignments.AssignmentBulk,
        files.Sheet(assignments.COLUMNS, dates=("valid_from", "valid_until")),
        assignments.row_of,
        ("seller__email", "establishment__code", "valid_from", "valid_until"),
    ),
}


def plain(value: Any) -> Any:
    """Return a value as JSON would spell it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else value


def latest_of_each_key(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Leave out assignments that were ended and made anew from the same day."""
    anew = Assignment.objects.filter(
        seller=OuterRef("seller"),
        establishment=OuterRef("establishment"),
        valid_from=OuterRef("valid_from"),
        pk__gt=OuterRef("pk"),
    )
    return rows.exclude(Exists(anew))


def response(
    name: str, queryset: QuerySet, *, reason: str, has_mark: bool = False
) -> StreamingHttpResponse:
    """Record the export of rows as one of ``SHEETS``, then return it as a download."""
    if queryset.model is Assignment:
        queryset = latest_of_each_key(queryset)
    count = queryset.count()
    journal.record(journal.Action.EXPORT, queryset.model, reason=reason, count=count)
    return download(SHEETS[name].lines(queryset), f"{name}.csv", has_mark=has_mark)
