"""Allies and credentials as JSON."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from allies.constants import (
    MAX_ORIGINS,
    MAX_TAGS,
    ORIGIN_LENGTH,
    PASSWORD_LENGTH,
    TAG_LENGTH,
    USER_LENGTH,
)
from allies.models import Ally
from allies.values import read_origins, read_tags
from core.api.serializers import ModelSerializer, Serializer, StrictCharField
from core.validators import plain_text

PER_CENT = r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"
TAG = {"type": "string", "minLength": 1, "maxLength": TAG_LENGTH, "pattern": r"\S"}
TAGS = {"type": "array", "items": TAG, "maxItems": MAX_TAGS}
ORIGIN = {
    "type": "string",
    "maxLength": ORIGIN_LENGTH,
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+$",
}
ORIGINS = {"type": "array", "items": ORIGIN, "maxItems": MAX_ORIGINS}


class ReadField(serializers.Field):
    """A JSON value that one function of ``allies.values`` reads."""

    by_value = True  # core.api.fast.plan: nothing but the stored value is needed to show it
    read: Callable[[Any], Any]

    def to_internal_value(self, data: Any) -> Any:
        """Return what the value spells."""
        try:
            return type(self).read(data)
        except DjangoValidationError as error:
            raise serializers.ValidationError(get_error_detail(error)) from None

    def to_representation(self, value: Any) -> Any:
        """Return the stored list."""
        return value


class TagsField(ReadField):
    """Tags, each once, in their one spelling."""

    read = staticmethod(read_tags)


class TagsFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its registration is untyped
    """Describes tags: several shapes come in, one goes out."""

    target_class = TagsField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the list; for requests, a list or an object of tag1, tag2 and so on."""
        if direction == "response":
            return TAGS
        return {
            **TAGS,
            "type": ["array", "object"],
            "propertyNames": {"pattern": "^tag[1-9][0-9]{0,3}$"},
            "additionalProperties": TAG,
            "maxProperties": MAX_TAGS,
        }


@extend_schema_field(ORIGINS)
class OriginsField(ReadField):
    """Origins such as https://shop.example.com."""

    read = staticmethod(read_origins)


@extend_schema_field({"type": "string", "format": "decimal", "pattern": PER_CENT})
class DiscountField(serializers.DecimalField):
    """A percentage with two decimals, as a JSON number or a string of one."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the number; true is none."""
        if isinstance(data, bool) or not isinstance(data, int | float | str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AllySerializer(ModelSerializer):
    """An ally. A new one may bring its id; the id of a known one stays."""

    tags = TagsField(required=False)
    allowed_origins = OriginsField(required=False)
    discount = DiscountField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False
    )

    class Meta:
        model = Ally
        fields = (
            "id",
            "name",
            "brand_owner",
            "tags",
            "discount",
            "min_amount",
            "max_amount",
            "allowed_origins",
            "is_active",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold the fields against each other and against what is stored."""
        known = self.instance
        if known is not None and attrs.pop("id", known.pk) != known.pk:
            message = _("The id of an ally cannot be changed.")
            raise serializers.ValidationError({"id": [message]}, code="id_fixed")
        smallest = attrs.get("min_amount", known.min_amount if known else 0)
        largest = attrs.get("max_amount", known.max_amount if known else None)
        if largest is not None and largest < smallest:
            message = _("The largest amount must not be below the smallest.")
            raise serializers.ValidationError({"max_amount": [message]}, code="amounts_crossed")
        return attrs


class TagCountSerializer(Serializer):
    """One tag and how many allies carry it."""

    tag = serializers.CharField()
    allies = serializers.IntegerField()


class CredentialsSerializer(Serializer):
    """The user name, under either of its two names, and the password. Write-only."""

    user = StrictCharField(
        max_length=USER_LENGTH,
        trim_whitespace=False,
        required=False,
        write_only=True,
        validators=[plain_text],
    )
    username = StrictCharField(
        max_length=USER_LENGTH,
        trim_whitespace=False,
        required=False,
        write_only=True,
        validators=[plain_text],
    )
    password = StrictCharField(max_length=PASSWORD_LENGTH, trim_whitespace=False, write_only=True)

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        """Return user and password; two different user names are none."""
        names = {attrs[key] for key in ("user", "username") if key in attrs}
        if len(names) != 1:
            raise serializers.ValidationError(_("Send the user name once."), code="user_name")
        return {"user": names.pop(), "password": attrs["password"]}


class CredentialsAddedSerializer(Serializer):
    """The brief's answer."""

    message = serializers.CharField()
    allyId = serializers.CharField()  # noqa: N815 - the brief's key
    allyName = serializers.CharField()  # noqa: N815 - the brief's key


class MessageSerializer(Serializer):
    """The brief's other answers."""

    message = serializers.CharField()
