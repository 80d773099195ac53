"""Users and tokens as JSON."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as InvalidValue
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from core.api.serializers import ModelSerializer, Serializer, StrictCharField, StrictEmailField
from core.text import email_key
from core.validators import plain_text, visible_email
from core.values import parse_time
from users.constants import (
    MAX_API_TOKEN_DAYS,
    MAX_BEARER_BYTES,
    MAX_LINK_TOKEN_CHARACTERS,
    MAX_OTP_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
)
from users.models import ApiToken, Session, User
from users.password_validators import PasswordLengthValidator


class PasswordField(StrictCharField):
    """A password: goes in, never comes out, keeps its spaces, is measured in its one form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            write_only=True, trim_whitespace=False, style={"input_type": "password"}, **kwargs
        )
        self.validators.append(PasswordLengthValidator(MAX_PASSWORD_CHARACTERS))


class NewPasswordField(PasswordField):
    """A password to be: :meth:`UserSerializer.validate` holds it against Django's validators."""

    shortest = 8  # MinimumLengthValidator's default, for the contract


class UserEmailField(StrictEmailField):
    """An e-mail address, in its one spelling; what is stored may be sent again as it is."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the folded address."""
        email = super().run_validation(data)
        return email if email == self.stored() else email_key(email)


class UserSerializer(ModelSerializer):
    """A user. ``current_password`` goes along with one's own new password or e-mail address."""

    name = StrictCharField(max_length=100, validators=[plain_text])
    last_name = StrictCharField(
        max_length=100, required=False, allow_blank=True, validators=[plain_text]
    )
    email = UserEmailField(max_length=254)
    password = NewPasswordField(required=False)
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


class CurrentPasswordSerializer(Serializer):
    """What removing oneself takes. ADMIN, who removes somebody else, sends nothing."""

    current_password = PasswordField(required=False)


class SignInSerializer(Serializer):
    """What signing in takes. A malformed address is simply unknown, unless nobody could see why."""

    email = StrictCharField(max_length=254, validators=[visible_email])
    password = PasswordField()
    otp = StrictCharField(
        max_length=MAX_OTP_CHARACTERS,
        required=False,
        allow_blank=True,
        write_only=True,
        help_text="After `second_factor_required`: a code of the app, or a recovery code.",
    )


class PasswordResetSerializer(Serializer):
    """What asking for a link to set a new password takes."""

    email = UserEmailField(max_length=254)


class PasswordResetConfirmSerializer(Serializer):
    """What using the link takes: ``token`` is what stands behind the ``#`` of its address."""

    token = StrictCharField(
        max_length=MAX_LINK_TOKEN_CHARACTERS, write_only=True, trim_whitespace=False
    )
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


class SignedInSerializer(PairSerializer):
    """The two tokens, and ``device``: keep it, and send it as ``X-Device`` to sign in again."""

    device = serializers.CharField(read_only=True)


class OwnSessionSerializer(ModelSerializer):
    """One sign-in. ``last_used_at`` is the last refresh, or the last page of the admin."""

    last_used_at = serializers.DateTimeField(source="rotated_at", read_only=True)
    current = serializers.SerializerMethodField(help_text="Whether it is the one that asks.")

    class Meta:
        model = Session
        fields = (
            "id",
            "kind",
            "created_at",
            "last_used_at",
            "expires_at",
            "user_agent",
            "address",
            "current",
        )
        read_only_fields = fields

    def get_current(self, session: Session) -> bool:
        """Tell whether the session is the one that asks."""
        asking = self.context["request"].auth
        return isinstance(asking, Session) and asking.pk == session.pk


class MomentField(serializers.DateTimeField):
    """An ISO 8601 time in one spelling; without a zone it is TIME_ZONE's."""

    def to_internal_value(self, value: Any) -> datetime:
        """Return the time; refuse the other spellings that Python takes."""
        try:
            return parse_time(value)
        except (TypeError, ValueError):
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss][+hh:mm]")


class OwnTokenSerializer(ModelSerializer):
    """An API token without its text. It ends after 90 days unless ``expires_at`` says when."""

    name = StrictCharField(max_length=100, validators=[plain_text])
    expires_at = MomentField(required=False)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "read_only",
            "hint",
            "created_at",
            "expires_at",
            "last_used_at",
        )
        read_only_fields = ("id", "hint", "created_at", "last_used_at")

    def validate_expires_at(self, value: datetime) -> datetime:
        """Refuse a time that is over, or more than a year away."""
        now = timezone.now()
        if value <= now:
            raise serializers.ValidationError(_("This time is over."), code="min_value")
        if value > now + timedelta(days=MAX_API_TOKEN_DAYS):
            text = _("A token lives %(days)d days at most.") % {"days": MAX_API_TOKEN_DAYS}
            raise serializers.ValidationError(text, code="max_value")
        return value


class OwnTokenMadeSerializer(OwnTokenSerializer):
    """An API token with its text, once: as a Bearer token it acts for its owner."""

    token = serializers.CharField(source="plaintext", read_only=True)

    class Meta(OwnTokenSerializer.Meta):
        fields: tuple[str, ...] = (*OwnTokenSerializer.Meta.fields, "token")
