"""Queries that are compiled once and then only run.

Django writes the SQL of a queryset anew for every request: 150 to 200 µs, several times what
psycopg2 needs to run it. Where nothing but values changes from call to call, a queryset is built
with a :class:`Mark` in the place of each value, compiled, and kept as a :class:`Statement`.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.db import connections
from django.db.models import Expression, QuerySet

from core.postgresql.repeated import Repeated

# A list has some per page size; beyond, all are dropped, and compiled again when they are used.
MAX_KEPT_STATEMENTS = 2048


class Mark(Expression):
    """Stands where the value number ``index`` will be, which is one of column ``field``."""

    def __init__(self, index: int, field: Any) -> None:
        super().__init__(output_field=getattr(field, "target_field", field))  # a key's is its row's
        self.index = index

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Leave a place for the value."""
        del compiler, connection
        return "%s", [self]

    def get_group_by_cols(self) -> list[Any]:
        """Return no column: like any value, it is the same for every row of a group."""
        return []

    def prepared(self, value: Any, connection: Any) -> Any:
        """Return a value as the driver takes it, or raise OverflowError."""
        ready = self.output_field.get_db_prep_value(value, connection)
        if isinstance(ready, int):
            kind = self.output_field.get_internal_type()
            low, high = connection.ops.integer_field_range(kind)
            if (low is not None and ready < low) or (high is not None and ready > high):
                raise OverflowError
        return ready


def is_whole(queryset: QuerySet[Any]) -> bool:
    """Tell whether a queryset's rows are its model's, all columns of them and nothing else."""
    query: Any = queryset.query
    others = (query.select_related, query.annotations, query.extra, query.distinct)
    prefetched = queryset._prefetch_related_lookups  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public says it
    return query.default_cols and not any((*others, query.deferred_loading[0], prefetched))


class Statement:
    """The SQL of a queryset: of ``.values()``, or of whole rows (:func:`is_whole`)."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        query = queryset.query
        compiler = query.get_compiler(queryset.db)
        self.alias = queryset.db
        self.model = queryset.model
        sql, self.params = compiler.as_sql()
        self.sql = Repeated(sql)
        self.names = query.selected or [*query.values_select, *query.annotation_select]
        if is_whole(queryset):
            self.names = [field.attname for field in self.model._meta.concrete_fields]
        self.converters = compiler.get_converters([column[0] for column in compiler.select])

    def rows(
        self, values: Sequence[Any] = (), *, limit: int | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows for these values, as ``.values_list()`` does; at most ``limit``."""
        connection = connections[self.alias]
        try:
            params = [
                one.prepared(values[one.index], connection) if isinstance(one, Mark) else one
                for one in self.params
            ]
        except OverflowError:
            return []  # a number that no row of the column can have
        sql = self.sql if limit is None else Repeated(f"{self.sql} LIMIT {limit:d}")
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = cursor.fetchall()
        if not self.converters:
            return found
        return [tuple(self.converted(list(row), connection)) for row in found]

    def dicts_of_each(self, keys: Sequence[Any]) -> list[dict[str, Any]]:
        """Return the rows of a statement with one mark for each of these keys; PostgreSQL only.

        A limit in the statement holds for each key: the rows of a key with many are not read.
        """
        connection = connections[self.alias]
        (place,) = (at for at, one in enumerate(self.params) if isinstance(one, Mark))
        mark = self.params[place]
        pieces = self.sql.split("%s")
        each = "%s".join(pieces[: place + 1]) + "keys.key" + "%s".join(pieces[place + 1 :])
        kind = mark.output_field.rel_db_type(connection)
        sql = (
            f"SELECT found.* FROM unnest(%s::{kind}[]) AS keys(key)"  # noqa: S608 - a column's type and Django's own SQL
            f" CROSS JOIN LATERAL ({each}) AS found"
        )
        values = [one for one in self.params if one is not mark]
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(keys), *values])
            found = cursor.fetchall()
        if self.converters:
            found = [tuple(self.converted(list(row), connection)) for row in found]
        return [dict(zip(self.names, row, strict=True)) for row in found]

    def converted(self, row: list[Any], connection: Any) -> list[Any]:
        """Return a row with the values that Django makes of the driver's."""
        for position, (functions, expression) in self.converters.items():
            for function in functions:
                row[position] = function(row[position], expression, connection)
        return row

    def dicts(
        self, values: Sequence[Any] = (), *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows for these values, as ``.values()`` does; at most ``limit``."""
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in self.rows(values, limit=limit)]

    def objects(self, values: Sequence[Any] = ()) -> list[Any]:
        """Return the whole rows for these values as instances of the model."""
        return [self.model.from_db(self.alias, self.names, row) for row in self.rows(values)]


kept: dict[Hashable, Statement] = {}
# Querysets of classes: each is the same object in every request, so it says which SQL is meant.
shared: set[QuerySet[Any]] = set()


def statement(key: Hashable, build: Callable[[], QuerySet[Any]]) -> Statement:
    """Return the statement kept under ``key``, which must say all that its SQL depends on."""
    found = kept.get(key)
    if found is None:
        if len(kept) >= MAX_KEPT_STATEMENTS:
            kept.clear()
        found = kept[key] = Statement(build())
    return found


def share(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset that lives as long as the process: it is cloned, never evaluated."""
    shared.add(queryset)
    return queryset


def rows_from(
    queryset: QuerySet[Any],
    key: Hashable,
    columns: Sequence[str],
    values: Sequence[Any],
    build: Callable[[Sequence[Any]], QuerySet[Any]],
) -> list[Any]:
    """Return what ``build(values)`` finds; if ``queryset`` is a shared one, compiled once.

    ``values`` are values of ``columns``; more than one makes a comparison of rows, which takes no
    marks.
    """
    if queryset not in shared or len(values) > 1:
        return list(build(values))
    marks = [
        Mark(index, queryset.model._meta.get_field(column))
        for index, column in enumerate(columns[: len(values)])
    ]
    return statement((queryset, key), lambda: build(marks)).dicts(values)
