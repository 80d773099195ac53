"""Cases as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.constants import (
    KEY_LENGTH,
    PREFIX,
    PRIORITIES,
    SUBJECT_LENGTH,
    TEXT_LENGTH,
    VERSION_LENGTH,
    State,
)
from cases.models import Case, CaseEvent
from cases.validators import readable_text
from core.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
)
from core.validators import plain_text

WAITS = {"seller": State.WAITING_SELLER, "vendor": State.WAITING_VENDOR}


class TextField(StrictCharField):
    """What somebody writes: several lines, which end in a line feed alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=TEXT_LENGTH, validators=[readable_text], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the text with the line ends of one system."""
        return super().to_internal_value(data).replace("\r\n", "\n")


class PriorityField(StrictIntegerField):
    """1 is the highest."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=min(PRIORITIES), max_value=max(PRIORITIES), **kwargs)


@extend_schema_field({"type": "string"})
class NumberField(serializers.ReadOnlyField):
    """What people call the case."""

    by_value = True

    def to_representation(self, value: int) -> str:
        """Return the number."""
        return f"{PREFIX}{value}"


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class LinksField(serializers.JSONField):
    """Ids by the labels of what they are of."""


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}}
)
class ValuesField(serializers.JSONField):
    """Plain values by name."""


class CaseSerializer(ModelSerializer):
    """A case on a list."""

    number = NumberField(source="id")

    class Meta:
        model = Case
        fields: tuple[str, ...] = (
            *("id", "number", "kind", "state", "priority", "subject", "occurrences"),
            *("reporter", "assignee", "duplicate_of", "object_label", "object_id"),
            *("first_response_due", "solution_due", "first_responded_at", "resolved_at"),
            *("resolution", "created_at", "updated_at"),
        )
        read_only_fields = fields


class CaseDetailSerializer(CaseSerializer):
    """A case, whole; ``answer`` is the latest text that support let its reporter read."""

    links = LinksField(read_only=True)
    resolution_values = ValuesField(read_only=True)

    class Meta(CaseSerializer.Meta):
        fields = (
            *CaseSerializer.Meta.fields,
            *("details", "answer", "links", "resolution_values", "paused_minutes"),
            *("waiting_since", "request_id", "app_version"),
        )
        read_only_fields = fields


@extend_schema_field({"type": "object"})
class EventValuesField(serializers.JSONField):
    """What else there is to say of an event."""


class CaseEventSerializer(ModelSerializer):
    """Something that happened to a case; ``actor`` is null for a task or a command."""

    values = EventValuesField(read_only=True)
    from_state = StrictCharField(read_only=True)  # both are empty where nothing moved
    to_state = StrictCharField(read_only=True)

    class Meta:
        model = CaseEvent
        fields = (
            *("id", "at", "kind", "actor", "actor_label", "from_state", "to_state", "minutes"),
            *("note", "visible_to_seller", "values"),
        )
        read_only_fields = fields


class NewCaseSerializer(Serializer):
    """What somebody reports; priority and reporter are support's to say."""

    kind = StrictCharField(max_length=40)
    subject = StrictCharField(max_length=SUBJECT_LENGTH, validators=[plain_text])
    details = TextField(required=False, allow_blank=True)
    request_id = StrictCharField(
        max_length=KEY_LENGTH, required=False, allow_blank=True, validators=[plain_text]
    )
    app_version = StrictCharField(
        max_length=VERSION_LENGTH, required=False, allow_blank=True, validators=[plain_text]
    )
    priority = PriorityField(required=False)
    reporter = StrictIntegerField(required=False, allow_null=True, min_value=1)


class ChangedCaseSerializer(Serializer):
    """What support corrects."""

    subject = StrictCharField(max_length=SUBJECT_LENGTH, required=False, validators=[plain_text])
    priority = PriorityField(required=False)


class AssignSerializer(Serializer):
    """Whose case it is from now on; null: nobody's."""

    assignee = StrictIntegerField(allow_null=True, min_value=1)


class ReplySerializer(Serializer):
    """What somebody writes; a seller's is always visible."""

    text = TextField()
    visible_to_seller = StrictBooleanField(default=True)


class WaitSerializer(Serializer):
    """For whom a case waits; a seller reads the note."""

    # `for` is a word of Python's.
    vars()["for"] = StrictChoiceField(source="party", choices=[*WAITS])
    note = TextField(required=False, allow_blank=True, default="")


class ResolveSerializer(Serializer):
    """How a case ends. What the resolution takes stands beside these fields, by its names."""

    resolution = StrictCharField(max_length=40)
    note = TextField(required=False, allow_blank=True, default="")
    visible = StrictBooleanField(default=True)


class ReopenSerializer(Serializer):
    """Why a case goes on."""

    note = TextField(required=False, allow_blank=True, default="")


class DuplicateSerializer(Serializer):
    """Of which case it is a duplicate."""

    of = StrictIntegerField(min_value=1)
    note = TextField(required=False, allow_blank=True, default="")
    visible = StrictBooleanField(default=True)


class CaseFiguresSerializer(Serializer):
    """What became of cases in a period."""

    opened = serializers.IntegerField(help_text="Cases that were opened.")
    reopened = serializers.IntegerField(help_text="Cases that were opened again.")
    ended = serializers.IntegerField(help_text="Cases that were resolved, or are duplicates.")
    open = serializers.IntegerField(help_text="Cases that were not over when the last day ended.")
    answered = serializers.IntegerField(help_text="Cases that had their first response.")
    response_p50 = serializers.FloatField(
        allow_null=True, help_text="Within how many minutes of working time half of them had it."
    )
    response_p90 = serializers.FloatField(
        allow_null=True, help_text="Within how many minutes of working time nine in ten had it."
    )
    breached = serializers.IntegerField(
        help_text="Due times, of a first response or of a solution, that passed in vain."
    )


class CaseDaySerializer(CaseFiguresSerializer):
    """What became of cases on a day."""

    day = serializers.DateField(help_text="The day.")


class CaseFiguresAnswerSerializer(Serializer):
    """What became of cases, by day and in all."""

    total = CaseFiguresSerializer(help_text="All days together.")
    rows = CaseDaySerializer(many=True, help_text="Each day until today, in order.")
