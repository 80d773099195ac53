"""A photo as its phone asks for it."""

from rest_framework import serializers

from core.api.serializers import ModelSerializer
from stores.models import Photo


class PhotoSerializer(ModelSerializer):
    """Where a photo stands."""

    fault = serializers.CharField(read_only=True)  # empty, unless it is one of PhotoFault

    class Meta:
        model = Photo
        fields = (
            *("id", "visit_id", "sha256", "bytes", "offset", "type", "kind", "state", "fault"),
            *("created_at", "received_at", "expires_at"),
        )
        read_only_fields = fields
