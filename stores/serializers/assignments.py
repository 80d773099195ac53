"""Who visits which establishment, as JSON."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.serializers import ModelSerializer, Serializer, StrictIntegerField
from core.values import business_day
from stores.models import Assignment
from stores.serializers.fields import FixedFields, StrictDateField


class AssignmentSerializer(FixedFields, ModelSerializer):
    """A seller's establishment, from one day to another, both included."""

    seller = StrictIntegerField(source="seller_id", min_value=1)
    establishment = StrictIntegerField(source="establishment_id", min_value=1)
    valid_from = StrictDateField(required=False, help_text="Today unless given.")
    valid_until = StrictDateField(
        required=False, allow_null=True, help_text="The last day; null while there is no end."
    )

    class Meta:
        model = Assignment
        fields = ("id", "seller", "establishment", "valid_from", "valid_until", "state")
        read_only_fields = ("state",)
        fixed_fields = ("seller", "establishment")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        attrs = super().validate(attrs)
        known = self.instance or Assignment(valid_from=business_day())
        start = attrs.get("valid_from", known.valid_from)
        until = attrs.get("valid_until", known.valid_until)
        if until is not None and until < start:
            text = _("It would end before it begins.")
            raise serializers.ValidationError({"valid_until": [text]}, "before_start")
        return attrs


class ReassignSerializer(Serializer):
    """From whom an establishment goes to whom, and when."""

    # `from` is a word of Python's.
    vars()["from"] = StrictIntegerField(source="from_seller", min_value=1)
    to = StrictIntegerField(source="to_seller", min_value=1)
    on = StrictDateField(
        required=False, help_text="The first day of the new seller; today unless given."
    )


class ReassignedSerializer(Serializer):
    """What became of both assignments."""

    ended = AssignmentSerializer(help_text="Still `active` until its last day is over.")
    started = AssignmentSerializer()
