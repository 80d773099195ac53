"""Places and typologies as JSON, and fields that name a row by its code."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import ModelSerializer, StrictPrimaryKeyRelatedField
from stores.models import City, Region, Typology


class ReferenceField(StrictPrimaryKeyRelatedField):
    """The key of a stored row.

    Who validates many rows looks all keys up before and says in the serializer's context what it
    found: ``{"known": {City: {"05001": city}}}``. Otherwise each look-up is a query.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Return the row that has this key.

        Raises:
            ValidationError: no row has it.
        """
        known = self.context.get("known")
        if known is None:
            return super().to_internal_value(data)
        key = self.pk_field.to_internal_value(data)  # type: ignore[union-attr]  # each has one
        rows = known[self.queryset.model]  # type: ignore[union-attr, arg-type]  # each has one
        if key not in rows:
            self.fail("does_not_exist", pk_value=key)
        return rows[key]


class RegionSerializer(ModelSerializer):
    """A commercial region."""

    class Meta:
        model = Region
        fields = ("code", "name")
        read_only_fields = fields


class TypologySerializer(ModelSerializer):
    """A kind of establishment."""

    class Meta:
        model = Typology
        fields = ("code", "name", "visits_per_month")
        read_only_fields = fields


class CitySerializer(ModelSerializer):
    """A municipality: where it belongs, and where its seat is in degrees (WGS 84)."""

    department = serializers.CharField(source="department_id", read_only=True)
    region = serializers.CharField(source="department.region_id", read_only=True)

    class Meta:
        model = City
        fields = ("code", "name", "department", "region", "lat", "lon")
        read_only_fields = fields
