"""Rows of another table below each resource: all, or the newest and how many there are."""

from collections import defaultdict
from functools import reduce
from operator import itemgetter, or_
from typing import Any, NamedTuple

from django.db import connections, models
from django.db.models import Q

from core.api.newest import counts, newest, ranked
from core.api.statements import Mark, Statement, statement


class Source(NamedTuple):
    """Where rows come from. ``owner`` is the view's class where it declares just this queryset."""

    queryset: Any = None
    owner: type | None = None


NO_SOURCE = Source()


class Nested(NamedTuple):
    """Rows of another table that point here, shown as a list by a plan of their own.

    With a ``limit`` the newest are shown, and under the name ``counted`` how many there are.
    """

    name: str
    accessor: str
    model: type[models.Model]
    link: str
    plan: Any
    limit: int | None = None
    counted: str = ""

    def add(self, shown: list[dict[str, Any]], keys: list[Any], source: Source) -> None:
        """Fetch the rows that point at these keys, with one query, and hang each to its own.

        One query more counts the rows of those that have as many as can be shown, or more.
        """
        if self.limit is None:
            found = self.every(keys, source)
        else:
            found = self.newest(keys, source) if keys else []
        within = Source(self.children(source)) if self.plan.nested else NO_SOURCE
        by_key = defaultdict(list)
        for row, child in zip(found, self.plan.rows(found, within), strict=True):
            by_key[row[self.link]].append(child)
        for row, key in zip(shown, keys, strict=True):
            row[self.name] = by_key[key]
        if self.counted:
            numbers = {key: len(children) for key, children in by_key.items()}
            full = [key for key, number in numbers.items() if number == self.limit]
            if full:
                numbers |= counts(self.children(source), self.link, full)
            for row, key in zip(shown, keys, strict=True):
                row[self.counted] = numbers[key]

    def of_object(self, obj: models.Model) -> dict[str, Any]:
        """Return the same of a model instance, under the names that it is shown by."""
        manager = getattr(obj, self.accessor)
        found = manager.all() if self.limit is None else newest(manager, self.limit)
        shown: dict[str, Any] = {self.name: [self.plan.of_object(child) for child in found]}
        if self.counted:
            full = len(found) == self.limit
            shown[self.counted] = manager.count() if full else len(found)
        return shown

    def children(self, source: Source) -> Any:
        """Return the queryset that ``prefetch_related`` would take the rows from."""
        for lookup in getattr(source.queryset, "_prefetch_related_lookups", ()):
            if getattr(lookup, "prefetch_to", lookup) == self.accessor:
                given = getattr(lookup, "rows", getattr(lookup, "queryset", None))
                if given is not None:
                    return given
        return self.model._default_manager.all()

    def every(self, keys: list[Any], source: Source) -> list[dict[str, Any]]:
        """Return all rows of these keys."""

        def rows(**wanted: Any) -> Any:
            return self.plan.narrow(self.children(source), [self.link]).filter(**wanted)

        if len(keys) == 1 and source.owner is not None:
            mark = Mark(0, source.queryset.model._meta.pk)
            kept = statement((self, source.owner), lambda: rows(**{self.link: mark}))
            return kept.dicts(keys)
        return list(rows(**{f"{self.link}__in": keys})) if keys else []

    def newest(self, keys: list[Any], source: Source) -> list[dict[str, Any]]:
        """Return at most ``limit`` rows of each key, the oldest first.

        Those beyond are not even read, but by SQLite for a page of several keys.
        """
        limit = self.limit or 0
        pk = self.model._meta.pk.attname

        def rows() -> Any:
            return self.plan.narrow(self.children(source), [self.link, pk])

        def of_one() -> Any:
            mark = Mark(0, source.queryset.model._meta.pk)
            return rows().filter(**{self.link: mark}).order_by("-pk")[:limit]

        def of_each() -> Any:
            # An IN takes no marks. SQLite makes one of these.
            marks = [Mark(place, source.queryset.model._meta.pk) for place in range(len(keys))]
            wanted = reduce(or_, (Q(**{self.link: mark}) for mark in marks))
            return ranked(rows(), self.link, limit).filter(wanted)

        key = (self, source.owner)
        if len(keys) == 1 or connections[source.queryset.db].vendor == "postgresql":
            one = Statement(of_one()) if source.owner is None else statement(key, of_one)
            found = one.dicts(keys) if len(keys) == 1 else one.dicts_of_each(keys)
        elif source.owner is None:
            found = list(ranked(rows(), self.link, limit).filter(**{f"{self.link}__in": keys}))
        else:
            found = statement((*key, len(keys)), of_each).dicts(keys)
        return sorted(found, key=itemgetter(pk))
