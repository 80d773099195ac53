"""The newest rows that point at a resource, and how many there are in all.

A resource that shows all rows behind it grows with them: a list of fifty would carry megabytes. So
it shows the newest (those with the highest keys, the oldest of them first) and their number; the
rest have an address of their own. :mod:`core.api.fast.plan` knows both fields.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber
from rest_framework import serializers


def newest(manager: Any, limit: int) -> list[Any]:
    """Return the newest rows of a related manager, the oldest first; prefetched ones as they are.

    Whoever prefetches limits them with :func:`prefetch_newest`.
    """
    rows = manager.all()
    if rows._result_cache is None:  # noqa: SLF001 - the only way to ask whether it was prefetched
        rows = rows.order_by("-pk")[:limit]
    return sorted(rows, key=lambda row: row.pk)


def ranked(rows: QuerySet[Any], link: str, limit: int) -> QuerySet[Any]:
    """Return the newest ``limit`` of ``rows`` for each value of ``link``.

    The database reads all rows of those values, where LATERAL reads ``limit`` of each.
    """
    window = Window(RowNumber(), partition_by=[F(link)], order_by=F("pk").desc())
    return rows.annotate(newest_rank=window).filter(newest_rank__lte=limit)


def counts(rows: QuerySet[Any], link: str, keys: Sequence[Any]) -> dict[Any, int]:
    """Return how many of ``rows`` each of these keys has."""
    found = rows.filter(**{f"{link}__in": keys}).order_by().values_list(link)
    return dict(found.annotate(number=Count("*")))


def prefetch_newest(lookup: str, rows: QuerySet[Any], *, link: str, limit: int) -> Any:
    """Return the Prefetch of the newest of ``rows``, which point at a resource by ``link``."""
    made: Any = Prefetch(lookup, ranked(rows, link, limit))
    made.rows = rows  # what the fast path limits in its own way
    return made


class NewestListSerializer(serializers.ListSerializer):
    """The newest rows: ``studies = NewestListSerializer(child=StudySerializer(), limit=50)``."""

    def __init__(self, *args: Any, limit: int, **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(*args, **{**kwargs, "read_only": True})

    def to_representation(self, data: Any) -> list[Any]:
        """Return the newest rows as JSON has them."""
        shown: list[Any] = super().to_representation(newest(data, self.limit))
        return shown


class CountField(serializers.IntegerField):
    """How many rows there are behind the NewestListSerializer that is called ``of``."""

    def __init__(self, *, of: str, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**{**kwargs, "read_only": True, "source": "*", "min_value": 0})

    def to_representation(self, value: Any) -> int:
        """Return the number; where fewer are shown than could be, that is all of them."""
        parent: Any = self.parent
        shown = parent.fields[self.of]
        manager = getattr(value, shown.source)
        rows = manager.all()
        found = rows._result_cache  # noqa: SLF001 - the only way to ask whether it was prefetched
        if found is not None and len(found) < shown.limit:
            return len(found)
        every = manager.model._default_manager  # what was prefetched would count itself only
        number: int = every.filter(**{manager.field.name: value}).count()
        return number
