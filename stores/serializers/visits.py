"""Visits as JSON: for people who look into them, and what phones send."""

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictCharField,
    StrictIntegerField,
)
from core.validators import plain_text
from core.values import INT32_MAX
from stores.constants import REASON_LENGTH
from stores.models import Visit, VisitRevision


@extend_schema_field(OpenApiTypes.OBJECT)
class DocumentField(serializers.ReadOnlyField):
    """What the phone sent, kept as text."""

    by_value = True

    def to_representation(self, value: str) -> object:
        """Return the document as JSON; one that no reader would take, as text."""
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TextsField(serializers.JSONField):
    """A column of JSON that is a list of words."""


@extend_schema_field({"type": "array", "items": {"type": "integer"}})
class NumbersField(serializers.JSONField):
    """A column of JSON that is a list of keys."""


class VisitSerializer(ModelSerializer):
    """A visit on a list: what was made of it."""

    flags = TextsField(read_only=True)

    class Meta:
        model = Visit
        fields: tuple[str, ...] = (
            *("id", "seller", "establishment", "day", "state", "flags", "outcome"),
            *("captured_at", "occurred_at", "received_at", "seconds"),
            *("portfolio_version", "must_have", "present", "compliance", "photos_missing"),
            *("city", "region", "typology", "distance_m"),
        )
        read_only_fields = fields


class VisitDetailSerializer(VisitSerializer):
    """A visit, whole: with what was seen and missing, and the phone's document."""

    seen = NumbersField(read_only=True)
    missing = NumbersField(read_only=True)
    document = DocumentField(source="doc")

    class Meta(VisitSerializer.Meta):
        fields = (*VisitSerializer.Meta.fields, "seen", "missing", "document")
        read_only_fields = fields


class RevisionSerializer(ModelSerializer):
    """Other content that came under a visit's id."""

    document = DocumentField(source="doc")

    class Meta:
        model = VisitRevision
        fields = ("number", "received_at", "applied_at", "document")
        read_only_fields = fields


class ApplyRevisionSerializer(Serializer):
    """Which revision is the right one."""

    number = StrictIntegerField(min_value=1, max_value=INT32_MAX)


class VoidSerializer(Serializer):
    """Why a visit does not count."""

    reason = StrictCharField(max_length=REASON_LENGTH, validators=[plain_text])


PLAIN = {"type": ["string", "number", "boolean", "object", "null"]}


@extend_schema_field({"type": [*PLAIN["type"], "array"], "items": PLAIN})
class AnyIdField(serializers.JSONField):
    """What a phone sent for an id."""


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyDocumentField(serializers.JSONField):
    """A document of a phone: its own fields, and those of its app that nobody here knows."""


class PushRowSerializer(Serializer):
    """A row of a push, for the contract: ``stores.sync.batch`` reads it."""

    newDocumentState = AnyDocumentField()  # noqa: N815 - RxDB's word
    assumedMasterState = AnyDocumentField(required=False, allow_null=True)  # noqa: N815 - RxDB's word


class VisitDocumentSerializer(Serializer):
    """A visit's document, for the contract: what the phone sent, and these fields."""

    id = AnyIdField(help_text="The phone's own; of a rejected row, whatever it was.")
    state = serializers.CharField(help_text="accepted, flagged, void or rejected")
    flags = serializers.ListField(child=serializers.CharField())
    problems = serializers.ListField(child=serializers.DictField(), required=False)
    received_at = serializers.DateTimeField(required=False)
    occurred_at = serializers.DateTimeField(required=False)
    day = serializers.DateField(required=False)
    portfolio_version = serializers.IntegerField(required=False, allow_null=True)
    must_have = serializers.IntegerField(required=False, allow_null=True)
    present = serializers.IntegerField(required=False, allow_null=True)
    compliance = serializers.DecimalField(
        max_digits=5, decimal_places=4, required=False, allow_null=True
    )
    missing = serializers.ListField(child=serializers.IntegerField(), required=False)
    photos_missing = serializers.IntegerField(required=False)


class CaseDocumentSerializer(Serializer):
    """A case's document, for the contract."""

    id = AnyIdField(help_text="The phone's own; of a rejected row, whatever it was.")
    kind = serializers.CharField(required=False)
    state = serializers.CharField(help_text="As support has it, or rejected.")
    flags = serializers.ListField(child=serializers.CharField(), required=False)
    problems = serializers.ListField(child=serializers.DictField(), required=False)
    number = serializers.CharField(required=False)
    subject = serializers.CharField(required=False)
    details = serializers.CharField(required=False)
    answer = serializers.CharField(required=False)
    visit_id = serializers.UUIDField(required=False, allow_null=True)
    request_id = serializers.CharField(required=False, allow_null=True)
    updated_at = serializers.DateTimeField(required=False)
