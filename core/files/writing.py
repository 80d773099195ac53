"""Rows into CSV files that no spreadsheet runs and every one reads."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.http import StreamingHttpResponse

from core.text import inert
from core.values import business_time

CHUNK_ROWS = 2000  # fetched from the database at once
MARK = "\ufeff"  # by which Excel knows UTF-8


class Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        """Return the line instead of storing it."""
        return value


def cell(value: Any) -> str:
    """Return a value as an inert cell: nothing for None, a moment in TIME_ZONE.

    A number is inert as it is, also a negative one: no spreadsheet makes more of it.
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        value = business_time(value)
    return inert(value.isoformat() if hasattr(value, "isoformat") else str(value))


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield CSV lines (RFC 4180) of ``rows`` below ``header``."""
    writer = csv.writer(Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def marked(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a file after a byte order mark."""
    yield MARK
    yield from lines


def download(
    lines: Iterable[str], filename: str, *, has_mark: bool = False
) -> StreamingHttpResponse:
    """Return lines of CSV as a download that is made while it is sent.

    ``has_mark`` puts a byte order mark in front, without which Excel knows no UTF-8.
    """
    return StreamingHttpResponse(
        marked(lines) if has_mark else lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def in_chunks(queryset: models.QuerySet, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the named values of every row, in the queryset's order, some thousand rows at a time.

    Each chunk is a statement of its own, found by its keys. A cursor on the server would be
    lost behind a pooler, and a transaction would stay open as long as the slowest client reads.
    Whoever was removed meanwhile is left out, and nobody who came meanwhile is in.
    """
    key_column = queryset.model._meta.pk
    # After a key no further column decides; the admin names it twice.
    is_newest_first = queryset.query.order_by[:1] in (("-pk",), (f"-{key_column.name}",))
    if is_newest_first and isinstance(key_column, models.IntegerField):
        yield from newest_first(queryset, names)
        return
    keys = list(dict.fromkeys(queryset.values_list("pk", flat=True)))
    for begin in range(0, len(keys), CHUNK_ROWS):
        chunk = keys[begin : begin + CHUNK_ROWS]
        found: dict[Any, list[tuple[Any, ...]]] = {}
        for key, *values in queryset.order_by().filter(pk__in=chunk).values_list("pk", *names):
            found.setdefault(key, []).append(tuple(values))
        for key in chunk:
            yield from found.get(key, ())


def newest_first(queryset: models.QuerySet, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the same of a queryset in the order of numbered keys, the last one first.

    Each chunk begins where the one before ended: nobody needs to know millions of keys at once.
    """
    rows = queryset.values_list("pk", *names)
    chunk = list(rows[:CHUNK_ROWS])
    while chunk:
        for _key, *values in chunk:
            yield tuple(values)
        chunk = list(rows.filter(pk__lt=chunk[-1][0])[:CHUNK_ROWS])


def csv_response(
    queryset: models.QuerySet, names: tuple[str, ...], *, filename: str
) -> StreamingHttpResponse:
    """Return the queryset's named fields as a CSV download, without loading it at once."""
    return download(csv_lines(names, in_chunks(queryset, names)), filename)
