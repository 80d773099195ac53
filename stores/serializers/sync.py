"""What phones pull, as the contract describes it; the answers are bytes already."""

from rest_framework import serializers

from core.api.serializers import Serializer


class CheckpointSerializer(Serializer):
    """How far a phone is."""

    epoch = serializers.UUIDField()
    seq = serializers.IntegerField(min_value=0)


class PageSerializer(Serializer):
    """A page of one collection; the documents of each are in stores/README.md."""

    documents = serializers.ListField(child=serializers.DictField())
    checkpoint = CheckpointSerializer()


class HeadsSerializer(Serializer):
    """The latest version of each collection."""

    products = serializers.IntegerField()
    portfolios = serializers.IntegerField()
    establishments = serializers.IntegerField()
    visits = serializers.IntegerField()
    cases = serializers.IntegerField(required=False)


class HeadSerializer(Serializer):
    """Whether there is anything new."""

    epoch = serializers.UUIDField()
    heads = HeadsSerializer()
    poll_after = serializers.IntegerField(help_text="Seconds.")
    schema = serializers.IntegerField()
    schemas = serializers.ListField(child=serializers.IntegerField())
    upload_chunk = serializers.IntegerField(help_text="Bytes of a photo to send at once, at most.")
