"""Filters of lists: declared, strict, and described in the OpenAPI file.

A value that a filter cannot read is a 400 that names the parameter; nothing is ignored and nothing
reaches the database that it could not compare (year 0, 2^64, a UUID in braces). FilterSets take
their filters from this module or derive them with ``Meta.fields``; a class of django-filter itself,
which is laxer, stops the process at start-up.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import django_filters
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.translation import gettext as _
from django_filters import rest_framework as drf_filters
from rest_framework import filters
from rest_framework.request import Request

from core.api.filters import fields
from core.api.query import refusal
from core.values import YEARS_PATTERN

MAX_SEARCH_CHARACTERS = 100
MAX_SEARCH_WORDS = 5
# No regex (ReDoS, bad patterns), no date parts (year 0), no ranges (two parameters say it better).
COMPARISONS = {"exact", "iexact", "lt", "lte", "gt", "gte", "in", "isnull", "date"}
LOOKUPS = COMPARISONS | {"contains", "icontains", "startswith", "istartswith"}


class Strict:
    """Mixin: the filter's form field is one of :mod:`core.api.filters.fields`."""

    extra: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if described := self.schema():
            text = self.extra.get("help_text")
            described |= {"description": str(text)} if text else {}
            self._spectacular_annotation = {"field": described}

    def schema(self) -> dict[str, Any]:
        """Return the OpenAPI schema, or nothing where drf-spectacular finds it by itself."""
        return {}


class CharFilter(Strict, django_filters.CharFilter):
    """Text of at most ``max_length`` (200) characters."""

    field_class = fields.TextField

    def schema(self) -> dict[str, Any]:
        """Return the schema of a text that is not blank."""
        limit = self.extra.get("max_length", fields.MAX_TEXT_CHARACTERS)
        return {"type": "string", "minLength": 1, "maxLength": limit, "pattern": r"\S"}


class BooleanFilter(Strict, django_filters.BooleanFilter):
    """``true``, ``false``, ``1`` or ``0``; django-filter's own takes any other text for "all"."""

    field_class = fields.BooleanField

    def schema(self) -> dict[str, Any]:
        """Return the schema of a flag."""
        return {"type": "boolean"}


class IntegerFilter(Strict, django_filters.NumberFilter):
    """A whole number from ``min_value`` to ``max_value``, 64 bit at most."""

    field_class = fields.IntegerField

    def schema(self) -> dict[str, Any]:
        """Return the OpenAPI schema, which drf-spectacular would call a double."""
        bounds = {
            "minimum": self.extra.get("min_value"),
            "maximum": self.extra.get("max_value"),
        }
        described = {key: value for key, value in bounds.items() if value is not None}
        return {"type": "integer", "format": "int64", **described}

    def get_max_validator(self) -> None:
        """Leave the bounds to the field."""


class DateFilter(Strict, django_filters.DateFilter):
    """A date, YYYY-MM-DD, of the years 1900 to 2200."""

    field_class = fields.DateField

    def schema(self) -> dict[str, Any]:
        """Return the schema of a day in the years that are taken."""
        return {"type": "string", "format": "date", "pattern": YEARS_PATTERN}


class DateTimeFilter(Strict, django_filters.IsoDateTimeFilter):
    """An ISO 8601 time of the years 1900 to 2200; without a zone it is TIME_ZONE's."""

    field_class = fields.DateTimeField


class UUIDFilter(Strict, django_filters.UUIDFilter):
    """A UUID in its usual spelling."""

    field_class = fields.UUIDField


class ChoiceFilter(Strict, django_filters.ChoiceFilter):
    """One of the choices, exactly."""

    field_class = fields.ChoiceField


class InFilter(Strict, django_filters.BaseInFilter):
    """Up to 50 values, separated by commas; mixed in before the filter of one value."""

    base_field_class = fields.ListField


class FilterSet(drf_filters.FilterSet):
    """The filters of one list.

    Without a parameter of it in the query string a FilterSet is not even built.
    """

    FILTER_DEFAULTS = {
        models.CharField: {"filter_class": CharFilter},
        models.TextField: {"filter_class": CharFilter},
        models.BooleanField: {"filter_class": BooleanFilter},
        models.IntegerField: {"filter_class": IntegerFilter},
        models.DateField: {"filter_class": DateFilter},
        models.DateTimeField: {"filter_class": DateTimeFilter},
        models.UUIDField: {"filter_class": UUIDFilter},
    }

    @classmethod
    def filter_for_lookup(cls, field: Any, lookup_type: str) -> tuple[Any, dict[str, Any]]:
        """Return the filter class of one model field: related rows are named by their key."""
        if isinstance(field, models.ForeignKey) and lookup_type != "isnull":
            field = field.target_field
        filter_class, extra = super().filter_for_lookup(field, "exact")
        if filter_class is django_filters.ChoiceFilter:
            filter_class = ChoiceFilter
        if lookup_type == "isnull":
            return BooleanFilter, {}
        if lookup_type == "in" and filter_class is not None:
            return type(f"In{filter_class.__name__}", (InFilter, filter_class), {}), extra
        if filter_class is ChoiceFilter and lookup_type != "exact":
            return CharFilter, {}
        return filter_class, extra

    @classmethod
    def get_filters(cls) -> Any:
        """Return the filters by name, all of them strict, or raise ImproperlyConfigured."""
        found = super().get_filters()
        for name, item in found.items():
            lookups = set(str(item.lookup_expr).split(LOOKUP_SEP))
            if not isinstance(item, Strict) or not lookups <= LOOKUPS:
                message = (
                    f"{cls.__name__}.{name}: use a filter of core.api.filters, lookup {LOOKUPS}."
                )
                raise ImproperlyConfigured(message)
        return found


class FilterBackend(drf_filters.DjangoFilterBackend):
    """Applies ``view.filterset_class``."""

    filterset_base = FilterSet

    @staticmethod
    def query_params(view: Any) -> Iterable[str]:
        """Return the query parameters that the view's FilterSet takes."""
        filterset = getattr(view, "filterset_class", None)
        return () if filterset is None else filterset.base_filters

    @staticmethod
    def list_params(view: Any) -> Iterable[str]:
        """Return the parameters that may be sent once for each of their values."""
        filterset = getattr(view, "filterset_class", None)
        filters = {} if filterset is None else filterset.base_filters
        return [name for name, one in filters.items() if isinstance(one, InFilter)]

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Return the rows that pass, or raise a 400 that names the parameter."""
        filterset = getattr(view, "filterset_class", None)
        if filterset is None:
            return queryset
        if filterset.base_filters.keys().isdisjoint(request.GET):
            return queryset
        return super().filter_queryset(request, queryset, view)


class SearchFilter(filters.SearchFilter):
    """``?search=``: every word occurs in at least one of ``view.search_fields``, in any case.

    In a :class:`core.fields.SearchKeyField`, accents and apostrophes do not matter either.
    """

    search_param = "search"

    def query_params(self, view: Any) -> Iterable[str]:
        """Return the search parameter where the view can be searched."""
        return (self.search_param,) if getattr(view, "search_fields", None) else ()

    def get_search_terms(self, request: Request) -> list[str]:
        """Return the words to look for, or raise the 400 of a search that is too long."""
        value = request.GET.get(self.search_param, "")
        terms = value.split()
        if len(value) > MAX_SEARCH_CHARACTERS or len(terms) > MAX_SEARCH_WORDS:
            message = _("At most %(terms)d words and %(characters)d characters.") % {
                "terms": MAX_SEARCH_WORDS,
                "characters": MAX_SEARCH_CHARACTERS,
            }
            raise refusal(self.search_param, message, "too_long")
        return terms

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the OpenAPI parameter, where the view can be searched."""
        if not self.query_params(view):
            return []
        text = f"Words to look for, at most {MAX_SEARCH_WORDS}; each must occur."
        words = rf"^\s*(\S+(\s+\S+){{0,{MAX_SEARCH_WORDS - 1}}}\s*)?$"
        schema = {"type": "string", "maxLength": MAX_SEARCH_CHARACTERS, "pattern": words}
        return [_parameter(self.search_param, text, schema)]


class OrderingFilter(filters.BaseFilterBackend):
    """``?ordering=name,-date`` of ``view.ordering_fields``.

    These are names, or a mapping of public names to ORM paths: ``{"newest": "-created_at"}``.
    Without the parameter the queryset keeps its order, else the paginator takes ``view.ordering``.
    """

    param = "ordering"

    def list_params(self, view: Any) -> Iterable[str]:
        """Return the parameter that may be sent once for each of its values."""
        return self.query_params(view)

    def query_params(self, view: Any) -> Iterable[str]:
        """Return the ordering parameter where the view lets the caller choose."""
        return (self.param,) if getattr(view, "ordering_fields", None) else ()

    def paths(self, view: Any) -> dict[str, str]:
        """Return the ORM path of each name that may be ordered by."""
        allowed = getattr(view, "ordering_fields", None) or ()
        return dict(allowed) if isinstance(allowed, Mapping) else {name: name for name in allowed}

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Return the rows in the order that the caller asks for, or raise a 400."""
        asked = ",".join(request.GET.getlist(self.param)) if self.param in request.GET else None
        return queryset if asked is None else queryset.order_by(*self.terms(asked, view))

    def terms(self, asked: str, view: Any) -> list[str]:
        """Return the arguments of ``order_by`` for the names in ``asked``, or raise a 400."""
        paths = self.paths(view)
        names = [name.strip() for name in asked.split(",")]
        plain = [name.removeprefix("-") for name in names]
        if not set(plain) <= paths.keys() or len(set(plain)) != len(plain):
            message = _("One or more of: %(names)s; each once, “-” before it for descending.")
            raise refusal(self.param, message % {"names": ", ".join(paths)}, "invalid_ordering")
        return [
            self.flipped(paths[name[1:]]) if name.startswith("-") else paths[name] for name in names
        ]

    @staticmethod
    def flipped(path: str) -> str:
        """Return the opposite direction."""
        return path[1:] if path.startswith("-") else f"-{path}"

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the OpenAPI parameter, where the view lets the caller choose."""
        paths = self.paths(view)
        if not paths:
            return []
        values = [value for name in paths for value in (name, f"-{name}")]
        words = (word for name in paths for word in (name, f"{name}_descending"))
        constants = [word.upper() for word in words]  # generators make none of "-name"
        schema = {
            "type": "array",
            "items": {"type": "string", "enum": values, "x-enum-varnames": constants},
            "minItems": 1,
            "uniqueItems": True,
        }
        text = "Names to order by, “-” before one for descending."
        parameter = _parameter(self.param, text, schema)
        return [{**parameter, "explode": False, "style": "form"}]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


def view_list_params(view: Any) -> frozenset[str]:
    """Return those of the view's query parameters that hold several values.

    Both spellings of OpenAPI's style "form" are taken: ``a=1,2`` and ``a=1&a=2``.
    """
    backends = (backend() for backend in getattr(view, "filter_backends", ()))
    found = (getattr(one, "list_params", lambda _view: ())(view) for one in backends)
    return frozenset(chain.from_iterable(found))


def view_query_params(view: Any) -> frozenset[str]:
    """Return the query parameters that the view's current action understands.

    ``view.query_params`` are names, or names by action. The action ``list`` adds those of its
    paginator and filter backends.
    """
    action = getattr(view, "action", None)
    own = getattr(view, "query_params", ())
    names = set(own.get(action, ()) if isinstance(own, Mapping) else own)
    if action == "list":
        if paginator := getattr(view, "paginator", None):
            names.update(paginator.query_params(view))
        for backend in getattr(view, "filter_backends", ()):
            names.update(backend().query_params(view))
    return frozenset(names)
