"""What phones could not name, for support."""

from rest_framework import serializers

from core.api.serializers import ModelSerializer, Serializer
from stores.models import UnrecognisedGroup


class UnrecognisedGroupSerializer(ModelSerializer):
    """Equal items of all sellers, and what was decided about them."""

    resolution = serializers.CharField(read_only=True)  # empty while nobody has decided

    class Meta:
        model = UnrecognisedGroup
        fields: tuple[str, ...] = (
            *("id", "kind", "value", "text", "state", "resolution", "product"),
            *("occurrences", "sellers", "cities", "case_id", "first_seen_at", "resolved_at"),
        )
        read_only_fields = fields


class PreviewSerializer(Serializer):
    """What it would change if the items were a product."""

    items = serializers.IntegerField()
    visits = serializers.IntegerField()
    changed_visits = serializers.IntegerField()
    changed_days = serializers.IntegerField()
