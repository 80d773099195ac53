"""Fields that several of the app's serializers have."""

import datetime as dt
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.serializers import StrictCharField
from core.text import name_key
from core.values import YEARS_PATTERN, parse_date
from stores.constants import MAX_PORTFOLIO_PRODUCTS, SKU_LENGTH


class StrictDateField(serializers.DateField):
    """A day, YYYY-MM-DD and nothing else, of the years 1900 to 2200."""

    pattern = YEARS_PATTERN

    def to_internal_value(self, value: Any) -> dt.date:
        """Return the day."""
        try:
            return parse_date(value)
        except (TypeError, ValueError):
            self.fail("invalid", format="YYYY-MM-DD")


class SkusField(serializers.ListField):
    """SKUs of products, each once, in an order that stays."""

    default_error_messages = {"repeated_product": _("This product is in the list already.")}

    def __init__(self, **kwargs: Any) -> None:
        child = StrictCharField(max_length=SKU_LENGTH)
        super().__init__(child=child, max_length=MAX_PORTFOLIO_PRODUCTS, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the SKUs as they were sent; refuse a second spelling of one."""
        skus: list[str] = super().to_internal_value(data)
        seen: set[str] = set()
        repeated = []
        for place, key in enumerate(map(name_key, skus)):
            if key in seen:
                repeated.append(place)
            seen.add(key)
        if repeated:
            text = self.error_messages["repeated_product"]
            errors = {place: [text] for place in repeated}
            raise serializers.ValidationError(errors, "repeated_product")  # type: ignore[arg-type]  # as ListField itself
        return skus


class FixedFields(serializers.Serializer):
    """Mixin: a change may repeat the fields in ``Meta.fixed_fields``, but not give them a value."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "fixed": _("This does not change; make a new one.")
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse another value of a fixed field."""
        names: tuple[str, ...] = self.Meta.fixed_fields  # type: ignore[attr-defined]  # the class mixed in has it
        if self.instance is not None:
            shown, sent = self.to_representation(self.instance), self.initial_data
            moved = [name for name in names if name in sent and sent[name] != shown[name]]
            if moved:
                text = self.error_messages["fixed"]
                raise serializers.ValidationError({name: [text] for name in moved}, "fixed")
        return super().validate(attrs)
