"""What was found on a photo, as JSON."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import ModelSerializer, Serializer
from stores.constants import FoundKind
from stores.models import Recognition


class FoundSerializer(Serializer):
    """One thing on a photo, for the contract: :class:`stores.recognition.port.Found` says it."""

    product = serializers.IntegerField(allow_null=True)
    kind = serializers.ChoiceField(choices=FoundKind.choices)
    value = serializers.CharField()
    box = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    confidence = serializers.FloatField(allow_null=True)


@extend_schema_field(FoundSerializer(many=True))
class FoundField(serializers.JSONField):
    """A column of JSON that is a list of what was found."""


class SuggestionSerializer(ModelSerializer):
    """An adapter's look at a photo, and what it found."""

    found = FoundField(read_only=True)

    class Meta:
        model = Recognition
        fields = ("adapter", "status", "found", "problem", "asked_at", "done_at")
        read_only_fields = fields
