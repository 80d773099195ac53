"""Establishments as JSON."""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from core.api.serializers import ModelSerializer, Serializer, StrictCharField
from stores.models import City, Establishment, Portfolio, Typology
from stores.serializers.places import ReferenceField


class DegreesField(serializers.FloatField):
    """Degrees are a finite JSON number: no text, and true is no number."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number."""
        if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data):
            self.fail("invalid")
        return float(data)


class LocationSerializer(Serializer):
    """A point (WGS 84), both numbers or none: null. A change brings both, too."""

    lat = DegreesField(min_value=-90, max_value=90)
    lon = DegreesField(min_value=-180, max_value=180)

    def run_validation(self, data: Any = empty) -> Any:
        """Return both columns; null empties them."""
        if data is None:
            return {"lat": None, "lon": None}
        if data is not empty and not isinstance(data, Mapping):
            self.fail("invalid", datatype=type(data).__name__)
        return super().run_validation(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for both also where other fields may be left out."""
        missing = [name for name in ("lat", "lon") if name not in attrs]
        if missing:
            text = _("Latitude and longitude come together.")
            raise ValidationError(dict.fromkeys(missing, text), code="required")
        return attrs

    def to_representation(self, instance: Any) -> Any:
        """Return the point, or null where there is none."""
        if instance.lat is None:
            return None
        return {"lat": instance.lat, "lon": instance.lon}


class EstablishmentSerializer(ModelSerializer):
    """A point of sale, with the region of its city.

    ``portfolio`` is, in an answer, the list that holds here: the establishment's own one, else that
    of its typology and region. In a request it is the own one, which answers have as
    ``own_portfolio``; null is none.
    """

    city = ReferenceField(
        queryset=City.objects.select_related("department"), pk_field=StrictCharField()
    )
    region = serializers.CharField(source="city.department.region_id", read_only=True)
    typology = ReferenceField(queryset=Typology.objects.all(), pk_field=StrictCharField())
    portfolio = ReferenceField(queryset=Portfolio.objects.all(), allow_null=True, required=False)
    own_portfolio = serializers.IntegerField(source="portfolio_id", read_only=True, allow_null=True)
    location = LocationSerializer(source="*", allow_null=True, required=False)

    class Meta:
        model = Establishment
        fields = (
            "id",
            "code",
            "name",
            "address",
            "city",
            "region",
            "typology",
            "portfolio",
            "own_portfolio",
            "location",
            "geofence_m",
            "state",
        )

    def to_representation(self, instance: Establishment) -> dict[str, Any]:
        """Return the row; ``instance`` comes from ``selectors.resolved_establishments``."""
        shown: Mapping[str, Any] = super().to_representation(instance)
        return {**shown, "portfolio": instance.resolved_portfolio}  # type: ignore[attr-defined]  # annotated
