"""The kernel's own resources as JSON."""

from rest_framework import serializers

from core.models import JournalEntry


class JournalEntrySerializer(serializers.ModelSerializer):
    """One line of an object's story."""

    class Meta:
        model = JournalEntry
        fields = (
            "id",
            "at",
            "actor_kind",
            "actor_id",
            "actor_label",
            "request_id",
            "action",
            "model",
            "object_id",
            "object_label",
            "changes",
            "reason",
            "count",
        )
        read_only_fields = fields
