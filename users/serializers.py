"""Users and tokens as JSON."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as InvalidValue
from rest_framework import serializers

from core.api.serializers import ModelSerializer, Serializer, StrictCharField, StrictEmailField
from core.text import email_key
from core.validators import plain_text
from users.constants import MAX_BEARER_BYTES, MAX_PASSWORD_CHARACTERS
from users.models import User


class PasswordField(StrictCharField):
    """A password: goes in, never comes out, keeps its spaces."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_PASSWORD_CHARACTERS)
        super().__init__(
            write_only=True, trim_whitespace=False, style={"input_type": "password"}, **kwargs
        )


class UserEmailField(StrictEmailField):
    """An e-mail address, in its one spelling."""

    def to_internal_value(self, data: Any) -> str:
        """Return the folded address."""
        return email_key(super().to_internal_value(data))


class UserSerializer(ModelSerializer):
    """A user. Whoever changes their own password sends ``current_password`` along."""

    name = StrictCharField(max_length=100, validators=[plain_text])
    last_name = StrictCharField(
        max_length=100, required=False, allow_blank=True, validators=[plain_text]
    )
    email = UserEmailField(max_length=254)
    password = PasswordField(required=False)
    current_password = PasswordField(required=False)

    class Meta:
        model = User
        fields = ("id", "name", "last_name", "email", "role", "password", "current_password")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold the password against Django's validators, with the user it is for."""
        attrs.pop("current_password", None)
        if "password" not in attrs:
            return attrs
        given = {name: attrs[name] for name in ("name", "last_name", "email") if name in attrs}
        known = self.instance
        about = User(
            **{
                name: given.get(name, getattr(known, name, ""))
                for name in ("name", "last_name", "email")
            }
        )
        try:
            validate_password(attrs["password"], user=about)
        except InvalidValue as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs


class SignInSerializer(Serializer):
    """What signing in takes. The address is any text: a malformed one is simply unknown."""

    email = StrictCharField(max_length=254)
    password = PasswordField()


class RefreshSerializer(Serializer):
    """What refreshing takes."""

    refresh = StrictCharField(max_length=MAX_BEARER_BYTES, write_only=True, trim_whitespace=False)


class SignOutSerializer(Serializer):
    """What signing out takes: the refresh token, or nothing beside the access token."""

    refresh = StrictCharField(
        max_length=MAX_BEARER_BYTES, write_only=True, required=False, trim_whitespace=False
    )


class PairSerializer(Serializer):
    """An access token for the next minutes and a refresh token for the next pair."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)
