"""Dogs and files as JSON."""

from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers

from core.api.serializers import FormSerializer, ModelSerializer, StrictPrimaryKeyRelatedField
from dogs.models import Dog, RelayedFile


class DogSerializer(ModelSerializer):
    """A dog, as the brief's record. The name of a new dog comes from the address."""

    picture = serializers.CharField(
        read_only=True, help_text="An https URL once `picture_status` is `ready`; empty before."
    )
    # Locked: an account that is being removed releases its dogs, and must not get one afterwards.
    id_user = StrictPrimaryKeyRelatedField(
        source="owner",
        queryset=get_user_model()
        ._default_manager.filter(is_active=True)
        .select_for_update(no_key=True),
        allow_null=True,
        required=False,
    )

    class Meta:
        model = Dog
        fields = (
            "id",
            "name",
            "picture",
            "picture_status",
            "create_date",
            "is_adopted",
            "id_user",
        )
        read_only_fields = ("picture_status", "create_date")
        extra_kwargs = {"name": {"required": False}}


class RelayedFileSerializer(ModelSerializer):
    """A file's way to the relay."""

    class Meta:
        model = RelayedFile
        fields = (
            "id",
            "name",
            "size",
            "sha256",
            "status",
            "attempts",
            "remote_name",
            "created_at",
        )
        read_only_fields = fields


class UploadSerializer(FormSerializer):
    """The multipart body of an upload."""

    file = serializers.FileField(max_length=255, allow_empty_file=True)

    def create(self, validated_data: Any) -> RelayedFile:
        """Refuse: services.receive_file stores uploads."""
        raise TypeError
