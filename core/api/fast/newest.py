"""The queries behind :mod:`core.api.newest`, for a page of resources at once."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber


def unlimited(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows of a limited Prefetch without its limit, which holds for each resource."""
    rows = queryset.all()
    rows.query.clear_limits()
    return rows


def ranked(rows: QuerySet[Any], link: str, keys: Sequence[Any], limit: int) -> QuerySet[Any]:
    """Return the newest rows of each key where a database knows no LATERAL (SQLite)."""
    window = Window(RowNumber(), partition_by=[F(link)], order_by=F("pk").desc())
    newest_first = rows.annotate(newest_rank=window)
    return newest_first.filter(**{f"{link}__in": keys, "newest_rank__lte": limit})


def counts(rows: QuerySet[Any], link: str, keys: Sequence[Any]) -> dict[Any, int]:
    """Return how many rows each of these keys has."""
    found = unlimited(rows).filter(**{f"{link}__in": keys}).order_by().values_list(link)
    return dict(found.annotate(number=Count("pk")))
