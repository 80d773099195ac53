"""The read path: from columns to JSON without a model instance and a field object per value.

From the serializer that a view declares a :class:`Plan` is derived, once: which columns to fetch,
under which name each is shown, and what is to be done to its value, which for most is nothing. Rows
come as ``.values()`` and leave as dicts; nested ones with one query more, as if prefetched.

A plan is made only of what is known to give the same answer as DRF: DRF's fields, and fields that
say ``by_value = True``: "my ``to_representation`` needs nothing but the value". Anything else (a
method field, a property, a ``to_representation`` or ``get_object`` of one's own) makes the view
take the plain path, as ``FAST_READS=false`` makes all. A test compares the bytes on every route.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.http import Http404
from django.utils import timezone
from rest_framework import fields, relations, serializers
from rest_framework.permissions import BasePermission
from rest_framework.settings import api_settings

from core.api.fast.nested import NO_SOURCE, Nested, Source
from core.api.fast.overrides import overrides, overrides_read
from core.api.newest import CountField, NewestListSerializer
from core.api.renderers import clock, local_time
from core.api.statements import Mark, share, statement

type_show = Callable[[Any], Any]

# What these fields make of the value of such a column is that value: nothing to be done. A date
# is one of them, because orjson writes dates as DRF does.
UNCHANGED: dict[Any, tuple[type, ...]] = {
    fields.BooleanField.to_representation: (models.BooleanField,),
    fields.IntegerField.to_representation: (models.IntegerField,),
    fields.BigIntegerField.to_representation: (models.IntegerField,),  # unless as text
    fields.FloatField.to_representation: (models.FloatField,),
    fields.CharField.to_representation: (models.CharField, models.TextField),
    fields.ChoiceField.to_representation: (models.CharField, models.TextField),
    fields.DateField.to_representation: (models.DateField,),
    fields.JSONField.to_representation: (models.JSONField,),
    relations.PrimaryKeyRelatedField.to_representation: (models.ForeignKey,),
}
# These need nothing but the value: the field of a serializer that belongs to no request does it.
BY_VALUE = {
    getattr(fields, name).to_representation
    for name in (
        *("BigIntegerField", "BooleanField", "CharField", "ChoiceField", "DateField"),
        *("DateTimeField", "DecimalField", "DurationField", "FloatField", "IntegerField"),
        *("IPAddressField", "TimeField", "UUIDField"),
    )
}
AS_THEY_ARE = (relations.PrimaryKeyRelatedField, serializers.ListSerializer, CountField)
INTEGER = (fields.IntegerField, type(None))


class NotPlainError(Exception):
    """A serializer does more than a plan can say."""


class Row(dict[str, Any]):
    """A resource as JSON has it, in the place of a model instance."""


class Rows(list[dict[str, Any]]):
    """A page of resources."""


class Column(NamedTuple):
    """A column and how it is shown; ``show`` is None where its value is shown as it is."""

    name: str
    path: str
    show: type_show | None
    field: fields.Field


class Plan:
    """How one serializer class shows the rows of one model."""

    def __init__(self, key: str, columns: Sequence[Column], nested: Sequence[Nested]) -> None:
        self.key = key
        self.columns, self.nested = columns, nested
        self.paths = {column.path for column in columns} | ({key} if nested else set())
        self.changed = [column for column in columns if column.show and column.show != local_time]
        self.times = [column.name for column in columns if column.show == local_time]

    def narrow(self, queryset: Any, also: Iterable[str] = ()) -> Any:
        """Return ``queryset`` with this plan's columns only, and those that its order needs."""
        return queryset.prefetch_related(None).values(*sorted(self.paths.union(also)))

    def listed(self, source: Source, also: Iterable[str]) -> Any:
        """Return :meth:`narrow`, the same object each time where the view's class declares it."""
        queryset, owner = source
        if owner is None:
            return self.narrow(queryset, also)
        return declared(self, owner, tuple(also))

    def get(self, source: Source, field: str, key: Any) -> Row:
        """Return one resource as JSON has it, or raise Http404."""
        queryset, owner = source
        try:
            if owner is not None and "__" not in field:
                name = self.key if field == "pk" else field
                wanted = {field: Mark(0, queryset.model._meta.get_field(name))}
                build = lambda: self.narrow(queryset).filter(**wanted)[:1]  # noqa: E731 - named at its use
                found = statement((self, owner, field), build).dicts([key])
            else:
                found = list(self.narrow(queryset).filter(**{field: key})[:1])
        except (TypeError, ValueError, ValidationError):
            found = []  # no row can have this key
        if not found:
            raise Http404
        return Row(self.rows(found, source)[0])

    def rows(self, found: Sequence[dict[str, Any]], source: Source = NO_SOURCE) -> Rows:
        """Return what :meth:`narrow` found as JSON has it."""
        pairs = [(column.name, column.path) for column in self.columns]
        shown = Rows([{name: row[path] for name, path in pairs} for row in found])
        zone = timezone.get_current_timezone() if self.times else None
        for row in shown:
            for name in self.times:
                if row[name] is not None:
                    row[name] = clock(row[name], zone)
            for name, _, show, _ in self.changed:
                if row[name] is not None:
                    row[name] = show(row[name])  # type: ignore[misc]  # `changed` are those that have one
        for nested in self.nested:
            nested.add(shown, [row[self.key] for row in found], source)
        return shown

    def of_object(self, obj: models.Model) -> dict[str, Any]:
        """Return a model instance as JSON has it: after a write, nothing is read again."""
        shown = dict.fromkeys(column.name for column in self.columns)
        for name, path, _, field in self.columns:
            value = getattr(obj, path)
            if value is not None and not isinstance(field, AS_THEY_ARE):
                value = field.to_representation(value)
            shown[name] = value
        for nested in self.nested:
            shown |= nested.of_object(obj)
        return shown


@cache
def declared(plan: Plan, view: Any, also: tuple[str, ...]) -> Any:
    """Return the narrowed queryset of a view's class; it is cloned, never evaluated."""
    return share(plan.narrow(view.queryset.all(), also))


def plan_for(view: Any, queryset: Any) -> Plan | None:
    """Return the plan for what ``view`` is asked for, or None: the serializer does it."""
    if getattr(queryset, "_fields", ()) is not None or overrides_read(view.__class__, view.action):
        return None
    checks = BasePermission.has_object_permission
    if any(one.has_object_permission is not checks for one in view.permission_classes):
        return None
    return plan_of(view.get_serializer_class(), queryset.model)


@cache
def plan_of(serializer_class: Any, model: Any) -> Plan | None:
    """Return how ``serializer_class`` shows rows of ``model``, or None: only itself knows."""
    own = ("__init__", "get_fields", "fields", "_readable_fields", "to_representation", "data")
    if not hasattr(model, "_meta") or overrides(serializer_class, *own):
        return None
    columns, nested = [], []
    try:
        every = [field for field in serializer_class().fields.values() if not field.write_only]
        counted = {
            field.of: str(field.field_name) for field in every if isinstance(field, CountField)
        }
        for field in every:
            if isinstance(field, serializers.ListSerializer | CountField):
                if isinstance(field, serializers.ListSerializer):
                    name = counted.get(str(field.field_name), "")
                    nested.append(nested_of(field, model)._replace(counted=name))
                # Holds the place among the keys until the children are there.
                columns.append(Column(str(field.field_name), model._meta.pk.attname, None, field))
            else:
                columns.append(column_of(field, model))
    except NotPlainError:
        return None
    return Plan(model._meta.pk.attname, columns, nested)


def column_of(field: fields.Field, model: Any) -> Column:
    """Return the column that a serializer's field shows, or raise NotPlainError."""
    known = {fields.Field.get_attribute, relations.RelatedField.get_attribute}
    known.add(relations.PrimaryKeyRelatedField.get_attribute)
    if type(field).get_attribute not in known or len(field.source_attrs) != 1:
        raise NotPlainError
    try:
        column = model._meta.get_field(field.source_attrs[0])
    except FieldDoesNotExist:
        raise NotPlainError from None
    attribute = vars(column.model).get(getattr(column, "attname", ""))
    if type(attribute) not in {DeferredAttribute, ForeignKeyDeferredAttribute}:
        raise NotPlainError  # a file, a relation to many, a descriptor of somebody's own
    is_key = field.source_attrs[0] == column.attname
    if isinstance(column, models.ForeignKey) and (
        is_key == isinstance(field, relations.PrimaryKeyRelatedField)
    ):
        raise NotPlainError  # the object itself is shown
    return Column(str(field.field_name), column.attname, show_of(field, column), field)


def show_of(field: fields.Field, column: Any) -> type_show | None:
    """Return what is to be done to the column's values (None: nothing), or raise NotPlainError."""
    method: Any = type(field).to_representation
    is_relation = isinstance(field, relations.PrimaryKeyRelatedField)
    if isinstance(column, models.ForeignKey) and not is_relation:
        column = column.target_field
    if is_relation and not isinstance(getattr(field, "pk_field", None), INTEGER):
        raise NotPlainError
    is_time = isinstance(column, models.DateTimeField)
    is_drf_json = isinstance(column, models.JSONField) and not getattr(field, "binary", False)
    as_text = getattr(field, "coerce_to_string", api_settings.COERCE_BIGINT_TO_STRING)
    if not hasattr(field, "format") and not as_text:
        if is_time and method is fields.DateTimeField.to_representation:
            if not hasattr(field, "timezone"):
                return local_time
        elif (
            isinstance(column, UNCHANGED.get(method, ()))
            and not is_time
            and (is_drf_json or not hasattr(column, "from_db_value"))
        ):
            return None
    if method in BY_VALUE or getattr(field, "by_value", False):
        return field.to_representation
    raise NotPlainError


def nested_of(field: serializers.ListSerializer, model: Any) -> Nested:
    """Return the rows behind ``StudySerializer(many=True)`` that point here by a foreign key.

    Raises:
        NotPlainError: they are shown in another way than a plan can say.
    """
    known = (serializers.ListSerializer, NewestListSerializer)
    if type(field) not in known or len(field.source_attrs) != 1:
        raise NotPlainError
    accessor = field.source_attrs[0]
    relation = next(
        (one for one in model._meta.related_objects if one.get_accessor_name() == accessor), None
    )
    if relation is None or not relation.one_to_many:
        raise NotPlainError
    link: Any = relation.field
    child: Any = field.child
    plan = plan_of(child.__class__, relation.related_model)
    if plan is None or link.target_field is not model._meta.pk:
        raise NotPlainError
    limit = getattr(field, "limit", None)  # of the newest
    name = str(field.field_name)
    return Nested(name, accessor, relation.related_model, link.attname, plan, limit)
