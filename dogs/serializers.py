"""Dogs and files as JSON."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import FormSerializer, ModelSerializer, StrictPrimaryKeyRelatedField
from dogs.constants import EndReason
from dogs.errors import AdoptionContradictory
from dogs.models import Adoption, Dog, RelayedFile


def possible_owners() -> QuerySet:
    """Return the accounts that may own a dog.

    Locked: an account that is being removed releases its dogs, and must not get one afterwards.
    """
    users = get_user_model()._default_manager
    return users.filter(is_active=True).select_for_update(no_key=True)


class DogSerializer(ModelSerializer):
    """A dog, as the brief's record. The name of a new dog comes from the address."""

    picture = serializers.CharField(
        read_only=True, help_text="An https URL once `picture_status` is `ready`; empty before."
    )
    id_user = StrictPrimaryKeyRelatedField(
        source="owner",
        queryset=possible_owners(),
        allow_null=True,
        required=False,
        help_text="Who adopted the dog. Null beside `is_adopted: true`: somebody without account.",
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

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a dog that has an owner and is not adopted."""
        if attrs.get("is_adopted") is False and attrs.get("owner") is not None:
            error = AdoptionContradictory
            raise serializers.ValidationError(
                {"id_user": error.default_detail}, code=error.default_code
            )
        return attrs


@extend_schema_field({"type": "string", "enum": ["", *EndReason.values]})
class EndReasonField(serializers.CharField):
    """Why an adoption ended, or nothing while it lasts."""


class AdoptionSerializer(ModelSerializer):
    """One time that a dog found a home."""

    id_user = StrictPrimaryKeyRelatedField(source="owner", read_only=True)
    end_reason = EndReasonField(read_only=True)

    class Meta:
        model = Adoption
        fields = ("id", "id_user", "adopted_at", "ended_at", "end_reason")
        read_only_fields = fields


class NewOwnerSerializer(FormSerializer):
    """Who adopts a dog."""

    id_user = StrictPrimaryKeyRelatedField(source="owner", queryset=possible_owners())

    def create(self, validated_data: Any) -> Adoption:
        """Refuse: adoptions.adopt_dog stores adoptions."""
        raise TypeError


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
