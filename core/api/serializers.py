"""Serializer bases that take JSON at its word: true is no number and 1 is no text."""

import copy
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.db import models
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.validators import UniqueValidator

from core.api.fast.plan import plan_of
from core.api.multipart import shown
from core.validators import plain_email
from core.values import INT64_MAX, INT64_MIN


class StrictCharField(serializers.CharField):
    """Text is a JSON string."""

    default_error_messages = {"not_text": _("Not a string.")}

    def to_internal_value(self, data: Any) -> str:
        """Return the text; refuse numbers, which DRF would convert."""
        if not isinstance(data, str):
            self.fail("not_text")
        return super().to_internal_value(data)


class StrictEmailField(serializers.EmailField, StrictCharField):
    """An e-mail address is a JSON string that looks like what it is (core.validators)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if plain_email not in self.validators:
            self.validators.append(plain_email)

    def stored(self) -> Any:
        """Return the address of the row that is changed, or None."""
        return getattr(getattr(self.parent, "instance", None), self.source or "", None)

    def run_validators(self, value: Any) -> None:
        """Check the address, unless it is the one that is stored: it may be of former times."""
        if value != self.stored():
            super().run_validators(value)


class StrictIntegerField(serializers.IntegerField):
    """A whole number is a JSON number without a fraction, within 64 bits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", INT64_MIN)
        kwargs.setdefault("max_value", INT64_MAX)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number; refuse true, "3" and 2.0."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class StrictBooleanField(serializers.BooleanField):
    """A truth value is JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the value; refuse "yes", 1 and null."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictChoiceField(serializers.ChoiceField):
    """One of the choices, as a string."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the choice; refuse other types, which DRF would convert."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class StrictPrimaryKeyRelatedField(serializers.PrimaryKeyRelatedField):
    """A whole number that is the id of a row the caller may name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("pk_field", StrictIntegerField())
        super().__init__(**kwargs)


class Serializer(serializers.Serializer):
    """A plain serializer; declare its fields from this module."""


class FormSerializer(serializers.Serializer):
    """The body of a multipart route: each part is one that the route knows, and comes once.

    Whoever is answered 201 believes that all that was sent is there.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Return the parts; refuse unknown and repeated ones, by their names."""
        errors: dict[str, Any] = {}
        parts = None
        try:
            parts = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors.update(cast("dict[str, Any]", error.detail))
        for name, values in data.lists() if hasattr(data, "lists") else ():
            if name not in self.fields:
                text, code = _("This part is not known here."), "unknown_part"
            elif len(values) > 1:
                is_file = isinstance(self.fields[name], serializers.FileField)
                text, code = _("Send this part once."), f"repeated_{'file' if is_file else 'part'}"
            else:
                continue
            errors[shown(name)] = [ErrorDetail(force_str(text), code=code)]
        if errors:
            raise serializers.ValidationError(errors)
        return parts


class ModelSerializer(serializers.ModelSerializer):
    """A ModelSerializer whose fields are strict.

    Uniqueness is the database's business, answered 409: no look-up before the write, no race.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: StrictCharField,
        models.TextField: StrictCharField,
        models.EmailField: StrictEmailField,
        models.BooleanField: StrictBooleanField,
        models.IntegerField: StrictIntegerField,
        models.SmallIntegerField: StrictIntegerField,
        models.BigIntegerField: StrictIntegerField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveSmallIntegerField: StrictIntegerField,
    }
    serializer_choice_field = StrictChoiceField
    serializer_related_field = StrictPrimaryKeyRelatedField

    def get_fields(self) -> dict[str, Any]:
        """Return the fields: made from the model once, copied for each serializer."""
        return {name: unbound(field) for name, field in _fields_of(type(self)).items()}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return a row as JSON has it, without making fields when that is possible."""
        if settings.FAST_READS and (plan := plan_of(self.__class__, instance.__class__)):
            return plan.of_object(instance)
        return super().to_representation(instance)

    def get_unique_together_validators(self) -> list[Any]:
        """Leave unique constraints to the database."""
        return []

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[Any, dict]:
        """Drop DRF's unique validator (a query per field and no help against a race)."""
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        kwargs["validators"] = [
            validator
            for validator in kwargs.get("validators", [])
            if not isinstance(validator, UniqueValidator)
        ]
        if not kwargs["validators"]:
            del kwargs["validators"]
        return field_class, kwargs


def unbound(field: serializers.Field) -> serializers.Field:
    """Return a field like this one that belongs to no serializer yet.

    DRF's own copy calls ``__init__`` with copied arguments, ten times the work; it is needed only
    where a field holds others, which belong to it. Nothing else in a field changes with use.
    """
    if hasattr(field, "child") or hasattr(field, "child_relation") or hasattr(field, "_fields"):
        return copy.deepcopy(field)
    twin: serializers.Field = object.__new__(field.__class__)
    vars(twin).update(vars(field))
    return twin


@cache
def _fields_of(serializer_class: type[ModelSerializer]) -> dict[str, Any]:
    """Return the unbound fields of a class."""
    return serializers.ModelSerializer.get_fields(serializer_class())
