"""Pages by position: "the rows after this one", at the same cost on page 1 and page 10,000.

A position is the row's values in the ordering columns, ending in one that is unique. This module
knows no request; :mod:`core.api.pagination.paginator` puts it behind a URL.

The condition is a row comparison, ``(a, id) >= (x, y)``, where all directions agree, else
``a >= x AND (a > x OR (a = x AND id >= y))``. EXPLAIN on PostgreSQL 15 (200,000 rows, 200 values
of ``a``, an index on ``(a, id)``): the row comparison seeks to the row (55 pages read for 50 rows),
the second form reads the rows that share ``a`` (808), and without its leading ``a >= x`` it would
read half the table (101,000). SQLite searches the index with either.

For example, five people by last name, two a page: Ruiz (1), Diaz (2), Ruiz (3), Paz (4), Ruiz (5).
Their last names are not unique, so the key completes the order::

    >>> order = Keyset.of(people, ("last_name",))
    >>> order.order_by()
    ['last_name', 'id']
    >>> first = order.page(people, 2)
    >>> [row.pk for row in first.rows]
    [2, 4]
    >>> first.previous, first.next
    (None, Cursor(direction='n', position=('Paz', 4)))

The second page is ``WHERE (last_name, id) >= ('Paz', 4) ORDER BY last_name, id LIMIT 4``: 4, 1, 3
and 5. 4 is still there, so there is a page behind; 5 is one too many, so there is one ahead.
Whoever comes in as Abad meanwhile shifts nothing::

    >>> second = order.page(people, 2, first.next)
    >>> [row.pk for row in second.rows]
    [1, 3]
    >>> second.previous, second.next
    (Cursor(direction='p', position=('Ruiz', 1)), Cursor(direction='n', position=('Ruiz', 3)))
"""

import base64
import binascii
import datetime as dt
import decimal
import functools
import hmac
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import F, Field, ForeignKey, Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThanOrEqual,
    TupleLessThanOrEqual,
)
from django.utils.crypto import salted_hmac

from core.api.statements import rows_from

type_direction = Literal["n", "p"]
NEXT: type_direction = "n"
PREVIOUS: type_direction = "p"
TAG_BYTES = 16
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,3000}")
# Longer positions would not fit into a URL (4 bytes a character, 4/3 for base64).
MAX_POSITION_CHARACTERS = 500

# How a value travels where JSON has no such type: exactly, so microseconds and digits survive.
PACK: dict[type, tuple[str, Callable[[Any], str]]] = {
    dt.datetime: ("dt", dt.datetime.isoformat),
    dt.date: ("d", dt.date.isoformat),
    dt.time: ("t", dt.time.isoformat),
    decimal.Decimal: ("n", str),
    uuid.UUID: ("u", str),
}
UNPACK: dict[str, Callable[[str], Any]] = {
    "dt": dt.datetime.fromisoformat,
    "d": dt.date.fromisoformat,
    "t": dt.time.fromisoformat,
    "n": decimal.Decimal,
    "u": uuid.UUID,
}


class CursorError(ValueError):
    """The cursor is garbage, forged, or of another list or ordering."""


class Column(NamedTuple):
    """One ordering column: an ORM path or annotation, and its direction."""

    path: str
    descending: bool


class Cursor(NamedTuple):
    """Where a page starts; without a position at the list's very start or end."""

    direction: type_direction = NEXT
    position: tuple[Any, ...] = ()


START, END = Cursor(NEXT), Cursor(PREVIOUS)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the list's order, and where the neighbouring pages start."""

    rows: list[Any]
    next: Cursor | None
    previous: Cursor | None


class Keyset:
    """One ordering of one list."""

    def __init__(self, columns: Sequence[Column], *, pk: str = "pk") -> None:
        self.columns = tuple(columns)
        self.pk = pk
        self.uniform = len({column.descending for column in self.columns}) == 1
        self.key = ",".join(f"{'-' if c.descending else ''}{c.path}" for c in self.columns)
        # Values of other tables ride along, so that reading a position costs no query.
        self.related = {
            column.path: f"keyset_{index}"
            for index, column in enumerate(self.columns)
            if LOOKUP_SEP in column.path
        }

    @classmethod
    def of(cls, queryset: QuerySet[Any], ordering: str | Iterable[str] = ()) -> "Keyset":
        """Return the keyset of ``queryset``'s own ordering, else of ``ordering``, else by key.

        Raises:
            ImproperlyConfigured: the ordering has what no page can begin at.
        """
        default = (ordering,) if isinstance(ordering, str) else tuple(ordering)
        terms = tuple(queryset.query.order_by) or default
        if not all(isinstance(term, str) for term in terms):
            message = f"Keyset pages order by names, not by expressions: {terms}. Annotate first."
            raise ImproperlyConfigured(message)
        model: type[Model] = queryset.model
        return _keyset(model, terms, frozenset(queryset.query.annotations))

    def order_by(self, *, reverse: bool = False) -> list[str]:
        """Return the arguments of ``QuerySet.order_by``."""
        return [f"{'-' if c.descending != reverse else ''}{c.path}" for c in self.columns]

    def condition(self, position: Sequence[Any], *, reverse: bool = False) -> Any:
        """Return the filter of the rows at and after ``position`` (at and before, in reverse)."""
        first = self.columns[0]
        if len(self.columns) > 1 and self.uniform:
            lookup = (
                TupleLessThanOrEqual if first.descending != reverse else TupleGreaterThanOrEqual
            )
            return lookup(Tuple(*(F(column.path) for column in self.columns)), tuple(position))
        condition = Q()
        for column, value in reversed(list(zip(self.columns, position, strict=True))):
            sign = "lt" if column.descending != reverse else "gt"
            if not condition:
                condition = Q((f"{column.path}__{sign}e", value))
            else:
                beyond = Q((f"{column.path}__{sign}", value))
                bound = Q((f"{column.path}__{sign}e", value))
                condition = bound & (beyond | (Q((column.path, value)) & condition))
        return condition

    def position(self, row: Any) -> tuple[Any, ...]:
        """Return the position of ``row``, an object or a dict of ``.values()``."""
        return tuple(self._read(row, column.path) for column in self.columns)

    def _read(self, row: Any, path: str) -> Any:
        if isinstance(row, dict):
            name = "pk" if path == self.pk and "pk" in row else path
            if name not in row:
                raise ImproperlyConfigured(f"Pages of .values() in this order need {path!r}, too.")
            return row[name]
        return getattr(row, self.related.get(path, path))

    def page(self, queryset: QuerySet[Any], limit: int, cursor: Cursor = START) -> Page:
        """Return ``limit`` rows of ``queryset`` from ``cursor`` on, in one query.

        The row that the cursor points at is read again: when it is still there, so is the page
        behind us. Only when it is gone does a second query look for that page.
        """
        back = cursor.direction == PREVIOUS
        if self.related and getattr(queryset, "_fields", None) is None:  # not of .values()
            queryset = queryset.annotate(**{name: F(path) for path, name in self.related.items()})
        take = limit + (2 if cursor.position else 1)

        def build(position: Sequence[Any]) -> QuerySet[Any]:
            found = queryset.order_by(*self.order_by(reverse=back))
            if position:
                found = found.filter(self.condition(position, reverse=back))
            return found[:take]

        shape = (self.key, back, bool(cursor.position), take)
        paths = [column.path for column in self.columns]
        rows = rows_from(queryset, shape, paths, cursor.position, build)
        behind = False
        if cursor.position:
            if rows and self.position(rows[0]) == cursor.position:
                del rows[0]
                behind = True
            else:
                opposite = self.condition(cursor.position, reverse=not back)
                behind = queryset.order_by().filter(opposite).exists()
        ahead = len(rows) > limit
        rows = rows[:limit]
        if back:
            rows.reverse()
            return Page(rows, *self._links(rows, before=ahead, after=behind))
        return Page(rows, *self._links(rows, before=behind, after=ahead))

    def _links(
        self, rows: list[Any], *, before: bool, after: bool
    ) -> tuple[Cursor | None, Cursor | None]:
        """Return the next and the previous page's cursor.

        On an empty page (its rows were deleted) they are the list's start and its end.
        """
        following = Cursor(NEXT, self.position(rows[-1])) if rows and after else START
        preceding = Cursor(PREVIOUS, self.position(rows[0])) if rows and before else END
        return (following if after else None), (preceding if before else None)

    def encode(self, cursor: Cursor, scope: str) -> str:
        """Return ``cursor`` as an opaque text that only :meth:`decode` of ``scope`` takes.

        Raises:
            ImproperlyConfigured: its values are too long, or of a type that does not travel.
        """
        body = orjson.dumps([cursor.direction, *map(_pack, cursor.position)])
        token = _text(self._tag(body, scope) + body)
        if not TOKEN.fullmatch(token):
            raise ImproperlyConfigured(f"The values of {self.key} are too long for a cursor.")
        return token

    def decode(self, token: str, scope: str) -> Cursor:
        """Return the cursor in ``token``, or raise CursorError."""
        if not TOKEN.fullmatch(token):
            raise CursorError
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except binascii.Error:
            raise CursorError from None
        tag, body = raw[:TAG_BYTES], raw[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body, scope)) or _text(raw) != token:
            raise CursorError
        direction, *position = orjson.loads(body)
        return Cursor(direction, tuple(map(_unpack, position)))

    def _tag(self, body: bytes, scope: str) -> bytes:
        value = b"\n".join((scope.encode(), self.key.encode(), body))
        return salted_hmac("core.api.keyset", value, algorithm="sha256").digest()[:TAG_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _pack(value: Any) -> Any:
    if value is None:
        raise ImproperlyConfigured("An ordering column of keyset pages is NULL; Coalesce() it.")
    if isinstance(value, str | int | float):
        return value
    for kind, (mark, pack) in PACK.items():
        if isinstance(value, kind):
            return [mark, pack(value)]
    raise ImproperlyConfigured(f"Keyset pages cannot order by values like {value!r}.")


def _unpack(value: Any) -> Any:
    return UNPACK[value[0]](value[1]) if isinstance(value, list) else value


@functools.lru_cache(maxsize=512)
def _keyset(model: type[Model], terms: tuple[str, ...], annotations: frozenset[str]) -> Keyset:
    """Return the keyset of ``terms``, cut after a unique column or completed by the key."""
    columns: list[Column] = []
    text = 0
    unique = False
    for term in terms:
        descending, path = term.startswith("-"), term.lstrip("-+")
        if path not in annotations:
            path, field = _resolve(model, path)
            unique = LOOKUP_SEP not in path and field.unique
            text += _text_length(field)
        columns.append(Column(path, descending))
        if unique:
            break  # what follows a unique column decides nothing
    if text > MAX_POSITION_CHARACTERS:
        raise ImproperlyConfigured(f"The ordering {terms} has texts that no cursor can hold.")
    pk = model._meta.pk.attname
    if not unique:
        columns.append(Column(pk, bool(columns) and columns[-1].descending))
    return Keyset(columns, pk=pk)


def _resolve(model: type[Model], path: str) -> tuple[str, "Field[Any, Any]"]:
    """Return ``path`` down to a column, and the column's field; refuse what has no order."""
    names: list[str] = []
    owner: type[Model] | None = model
    field: Any = None
    for name in path.split(LOOKUP_SEP):
        if owner is None:
            raise ImproperlyConfigured(f"{path!r} of {model.__name__} is no column.")
        try:
            field = owner._meta.pk if name == "pk" else owner._meta.get_field(name)
        except FieldDoesNotExist:
            raise ImproperlyConfigured(f"{path!r} of {model.__name__} is no column.") from None
        if not getattr(field, "concrete", False) or field.many_to_many:
            raise ImproperlyConfigured(f"{path!r} of {model.__name__} leads to many rows.")
        if field.null:
            message = f"{path!r} of {model.__name__} may be NULL: order by a Coalesce() annotation."
            raise ImproperlyConfigured(message)
        names.append(name)
        owner = field.related_model if isinstance(field, ForeignKey) else None
    names[-1] = field.attname
    return LOOKUP_SEP.join(names), field


def _text_length(field: "Field[Any, Any]") -> int:
    """Return how many characters a value may have; an unbounded text has too many."""
    if field.get_internal_type() in {"CharField", "SlugField", "TextField", "EmailField"}:
        return getattr(field, "max_length", None) or MAX_POSITION_CHARACTERS + 1
    return 0
