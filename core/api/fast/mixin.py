"""The fast path as a base class of views: take :class:`FastReads` away, and DRF does it all."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework import viewsets
from rest_framework.permissions import SAFE_METHODS

from core.api.fast.nested import Source
from core.api.fast.overrides import overrides
from core.api.fast.plan import Plan, Row, Rows, plan_for
from core.api.pagination.keyset import Keyset
from core.api.statements import Mark, is_whole, statement


@cache
def locks_whole_rows(view: Any) -> bool:
    """Tell whether a write of this view takes a whole row, and locks it as the kernel does."""
    field = view.lookup_field
    if overrides(view, "lock", "find", "get_object_from") or "__" in field:
        return False
    return is_whole(view.queryset)


class SerializedData(NamedTuple):
    """Stands in for a serializer whose work is done."""

    data: Row | Rows


class FastReads(viewsets.GenericViewSet):
    """Lets ``list`` and ``retrieve`` take their rows as JSON already, with the same bytes.

    Where there is no :class:`Plan` for a request, because something is overridden or a serializer
    does more than show columns, each method hands on to the next class. So they do throughout under
    ``fast_reads = False``, which a view whose reads have no plan says of itself, with the reason.
    """

    fast_reads: ClassVar[bool] = True

    # The view that this is mixed into has these.
    ordering: ClassVar[tuple[str, ...]]
    lookup_value: Callable[[Any], Any]
    get_object_from: Callable[[Any], Any]
    lock: Callable[[Any], Any]

    _declared: Any = None

    def get_queryset(self) -> Any:
        """Return the view's queryset, and remember it when nothing of the request is in it.

        Whatever narrows a queryset makes a new one, so :meth:`source` knows whether it is this one.
        """
        queryset = super().get_queryset()
        self._declared = None if "queryset" in vars(self) else queryset
        return queryset

    def source(self, queryset: Any) -> Source:
        """Return where rows come from: of this class's own queryset the SQL is always the same."""
        return Source(queryset, self.__class__ if queryset is self._declared else None)

    def plan(self, queryset: Any) -> Plan | None:
        """Return how rows become JSON without a serializer's work, where that is possible."""
        if not (self.fast_reads and settings.FAST_READS and self.request.method in SAFE_METHODS):
            return None
        return plan_for(self, queryset)

    def get_object(self) -> Any:
        """Return the object at this address; where ``retrieve`` only shows it, as a :class:`Row`.

        Raises Http404 where there is none.
        """
        queryset = self.get_queryset()
        plan = self.plan(queryset)
        if plan is None:
            return self.get_object_from(queryset)
        key = self.lookup_value(self.kwargs[self.lookup_url_kwarg or self.lookup_field])
        return plan.get(self.source(queryset), self.lookup_field, key)

    def find_locked(self, queryset: Any) -> Any:
        """Return the object that a write locks, by a statement that is compiled once.

        Only of a class's own queryset of whole rows, and where ``lock`` does no more than lock.
        """
        owner = self.source(queryset).owner
        if owner is None or not (settings.FAST_READS and locks_whole_rows(owner)):
            return super().find_locked(queryset)  # type: ignore[misc]  # BaseViewSet has it
        key = self.lookup_value(self.kwargs[self.lookup_url_kwarg or self.lookup_field])
        field, model = self.lookup_field, queryset.model
        column = model._meta.pk if field == "pk" else model._meta.get_field(field)
        kept = statement(
            (owner, "lock", field),
            lambda: self.lock(queryset).filter(**{field: Mark(0, column)}),
        )
        try:
            found = kept.objects([key])
        except (TypeError, ValueError, ValidationError):
            found = []  # no row can have this key
        if not found:
            raise Http404
        return found[0]

    def paginate_queryset(self, queryset: Any) -> Any:
        """Return the rows of a page; for a plain ``list`` they are :class:`Rows`."""
        plan = None if self.paginator is None else self.plan(queryset)
        if plan is None:
            return super().paginate_queryset(queryset)
        source = self.source(queryset)
        order = Keyset.of(queryset, self.ordering).columns
        rows = super().paginate_queryset(plan.listed(source, [path for path, _ in order]))
        return plan.rows(rows or [], source)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the serializer, or what stands in for one whose work is done."""
        if args and isinstance(args[0], Row | Rows):
            return SerializedData(args[0])
        return super().get_serializer(*args, **kwargs)
