"""Django's checks of a new password, made of the form that is hashed."""

from typing import Any

from django.contrib.auth import password_validation as django_validators
from django.core import validators
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from users.constants import MAX_PASSWORD_CHARACTERS
from users.values import normal_password


class Normal:
    """Mixin: the check is made of the password's one form, whoever asks: page, command, API."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse the password (ValidationError)."""
        super().validate(normal_password(password), user)  # type: ignore[misc]  # of what it is mixed into


class UserAttributeSimilarityValidator(Normal, django_validators.UserAttributeSimilarityValidator):
    """Not the user's name or address."""


class MinimumLengthValidator(Normal, django_validators.MinimumLengthValidator):
    """Not too short."""


class CommonPasswordValidator(Normal, django_validators.CommonPasswordValidator):
    """Not one of the most common ones."""


class PasswordLengthValidator(validators.MaxLengthValidator):
    """The longest password that a field takes, as the contract has it."""

    def clean(self, x: Any) -> int:
        """Return how long the password is."""
        return len(normal_password(x))


class MaximumLengthValidator:
    """Not so long that to hash it is work."""

    def validate(self, password: str, _user: Any = None) -> None:
        """Refuse the password (ValidationError)."""
        if len(normal_password(password)) > MAX_PASSWORD_CHARACTERS:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """Return the rule, as pages show it."""
        limit = {"limit": MAX_PASSWORD_CHARACTERS}
        return str(_("A password has at most %(limit)d characters.") % limit)
